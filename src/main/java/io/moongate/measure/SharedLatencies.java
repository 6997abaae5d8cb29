package io.moongate.measure;

import java.util.concurrent.atomic.LongAdder;

/** {@link Latencies} that any thread may add to. */
public final class SharedLatencies {
  private final LongAdder[] counts = new LongAdder[Latencies.buckets()];
  private final LongAdder nanos = new LongAdder();

  public SharedLatencies() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  /** Something took so long. */
  public void record(long tookNanos) {
    counts[Latencies.bucket(tookNanos)].increment();
    nanos.add(Math.max(0, tookNanos));
  }

  /** What there is now. */
  public Latencies read() {
    Latencies latencies = new Latencies();
    for (int i = 0; i < counts.length; i++) {
      latencies.add(i, counts[i].sum());
    }
    latencies.addNanos(nanos.sum());
    return latencies;
  }
}
