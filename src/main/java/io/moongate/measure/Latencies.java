package io.moongate.measure;

/**
 * How long things took: how many of them fell into each of {@link #buckets}, and their sum. Not
 * thread-safe: guarded by its owner's monitor, or confined. For what has no monitor of its own
 * there is {@link SharedLatencies}.
 */
public final class Latencies {
  /** Upper bounds of the buckets, in nanoseconds; what is longer falls into one more. */
  private static final long[] BOUNDS = {
    50_000L,
    100_000L,
    250_000L,
    500_000L,
    1_000_000L,
    2_500_000L,
    5_000_000L,
    10_000_000L,
    25_000_000L,
    50_000_000L,
    100_000_000L,
    250_000_000L,
    500_000_000L,
    1_000_000_000L,
    2_500_000_000L,
    5_000_000_000L,
    10_000_000_000L
  };

  private static final double SECOND_NANOS = 1e9;

  private final long[] counts = new long[BOUNDS.length + 1];
  private long nanos;

  /** Number of buckets, the last one without an upper bound. */
  public static int buckets() {
    return BOUNDS.length + 1;
  }

  /** Upper bound of a bucket in seconds; infinite for the last. */
  public static double upperBound(int bucket) {
    return bucket == BOUNDS.length ? Double.POSITIVE_INFINITY : BOUNDS[bucket] / SECOND_NANOS;
  }

  /** The bucket of a duration; of a negative one, the first. */
  static int bucket(long nanos) {
    int low = 0;
    int high = BOUNDS.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (nanos <= BOUNDS[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** Something took so long. */
  public void record(long tookNanos) {
    counts[bucket(tookNanos)]++;
    nanos += Math.max(0, tookNanos);
  }

  /** Adds what another has. */
  public void add(Latencies other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    nanos += other.nanos;
  }

  void add(int bucket, long count) {
    counts[bucket] += count;
  }

  void addNanos(long more) {
    nanos += more;
  }

  /** The same now, for somebody else. */
  public Latencies copy() {
    Latencies copy = new Latencies();
    copy.add(this);
    return copy;
  }

  /** How many fell into a bucket, not into those below it. */
  public long count(int bucket) {
    return counts[bucket];
  }

  /** How many there were. */
  public long count() {
    long sum = 0;
    for (long each : counts) {
      sum += each;
    }
    return sum;
  }

  /** How long all of them took together, in seconds. */
  public double seconds() {
    return nanos / SECOND_NANOS;
  }
}
