package io.moongate.management;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often something may be done, for each of many: a bucket of tokens each, which fills at a
 * steady rate. So many of them are kept at most; the one that was not used for longest goes first.
 */
final class TokenBuckets {
  private final double capacity;
  private final double perNano;
  private final LongSupplier nanoTime;
  private final Map<String, Bucket> buckets;

  private static final class Bucket {
    private double tokens;
    private long at;
  }

  /**
   * @param capacity how often at once; a bucket that is new is full
   * @param fill in which an empty bucket fills
   * @param most buckets that are kept
   * @param nanoTime the monotonic clock
   */
  TokenBuckets(int capacity, Duration fill, int most, LongSupplier nanoTime) {
    this.capacity = capacity;
    this.perNano = capacity / (double) fill.toNanos();
    this.nanoTime = nanoTime;
    this.buckets =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > most;
          }
        };
  }

  /**
   * Takes a token.
   *
   * @return zero when there was one, else how long until there is
   */
  synchronized Duration take(String of) {
    long now = nanoTime.getAsLong();
    Bucket bucket = buckets.get(of);
    if (bucket == null) {
      bucket = new Bucket();
      bucket.tokens = capacity;
      buckets.put(of, bucket);
    } else {
      bucket.tokens = Math.min(capacity, bucket.tokens + (now - bucket.at) * perNano);
    }
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return Duration.ZERO;
    }
    return Duration.ofNanos((long) Math.ceil((1 - bucket.tokens) / perNano));
  }

  synchronized int size() {
    return buckets.size();
  }
}
