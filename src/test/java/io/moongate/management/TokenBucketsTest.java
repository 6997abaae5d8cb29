package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Buckets fill at their rate, hold no more than they do, and are bounded in number. */
class TokenBucketsTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final TokenBuckets buckets = new TokenBuckets(4, Duration.ofSeconds(8), 100, now::get);

  @Test
  void fillsAtItsRateAndNoFurther() {
    for (int i = 0; i < 4; i++) {
      assertEquals(Duration.ZERO, buckets.take("a"));
    }
    assertEquals(Duration.ofSeconds(2), buckets.take("a"));
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertEquals(Duration.ofSeconds(1), buckets.take("a"));
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertEquals(Duration.ZERO, buckets.take("a"));
    now.addAndGet(Duration.ofHours(1).toNanos());
    for (int i = 0; i < 4; i++) {
      assertEquals(Duration.ZERO, buckets.take("a"));
    }
    assertTrue(buckets.take("a").toNanos() > 0);
    assertEquals(Duration.ZERO, buckets.take("b"));
  }

  @Test
  void keepsSoManyAndForgetsTheLongestUnused() {
    for (int i = 0; i < 4; i++) {
      buckets.take("used");
    }
    for (int i = 0; i < 10_000; i++) {
      buckets.take("other" + i);
      assertTrue(buckets.take("used").toNanos() > 0);
    }
    assertEquals(100, buckets.size());
  }
}
