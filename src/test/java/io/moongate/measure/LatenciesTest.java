package io.moongate.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  @Test
  void everyDurationFallsIntoTheFirstBucketThatIsLargeEnough() {
    for (int bucket = 0; bucket < Latencies.buckets() - 1; bucket++) {
      long bound = Math.round(Latencies.upperBound(bucket) * 1e9);
      assertEquals(bucket, Latencies.bucket(bound));
      assertEquals(bucket + 1, Latencies.bucket(bound + 1));
    }
    assertEquals(0, Latencies.bucket(-1));
    assertEquals(Latencies.buckets() - 1, Latencies.bucket(Long.MAX_VALUE));
    assertEquals(Double.POSITIVE_INFINITY, Latencies.upperBound(Latencies.buckets() - 1));
    assertTrue(Latencies.upperBound(0) < Latencies.upperBound(1));
  }

  @Test
  void sumsAreOfBoth() {
    Latencies one = new Latencies();
    one.record(50_000);
    one.record(2_000_000_000);
    Latencies other = one.copy();
    other.record(-5);
    one.add(other);
    assertEquals(5, one.count());
    assertEquals(3, one.count(0));
    assertEquals(2, one.count(Latencies.bucket(2_000_000_000)));
    assertEquals(4.0001, one.seconds(), 1e-9);
  }

  @Test
  void nothingIsLostWhenManyThreadsRecord() throws InterruptedException {
    SharedLatencies shared = new SharedLatencies();
    Counts counts = new Counts();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int j = 0; j < 10_000; j++) {
                  shared.record(1_000);
                  counts.add("a");
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(40_000, shared.read().count());
    assertEquals(0.04, shared.read().seconds(), 1e-9);
    assertEquals(40_000, counts.read().get("a"));
  }
}
