package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestLun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Some {@link Prober}s, which end together. */
public final class Probers implements AutoCloseable {
  private final Random random;
  private final List<Prober> all = new ArrayList<>();

  public Probers(Random random) {
    this.random = random;
  }

  /** One more logs in and begins. */
  public void begin(List<? extends Portal> paths, TestLun unit, History history) {
    all.add(
        new Prober("prober-" + all.size(), paths, unit, history, new Random(random.nextLong())));
  }

  /** Waits until each has a write acknowledged that it sent after a moment. */
  public List<Duration> awaitWritesAfter(long moment) {
    return all.stream().map(prober -> prober.awaitWriteAfter(moment)).toList();
  }

  /** The longest operation of each while something is done, and for some time after it. */
  public List<Duration> longestWhile(Runnable what, Duration after) {
    awaitWritesAfter(System.nanoTime());
    long from = System.nanoTime();
    what.run();
    long to = System.nanoTime() + after.toNanos();
    awaitWritesAfter(to);
    return all.stream().map(prober -> prober.longestBetween(from, to)).toList();
  }

  /** Ends all, also when one of them fails. */
  @Override
  public void close() {
    Throwable failure = null;
    for (Prober prober : all) {
      try {
        prober.close();
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw new AssertionError("a prober has failed", failure);
    }
  }
}
