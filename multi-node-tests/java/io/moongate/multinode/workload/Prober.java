package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestLun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A host that writes a block of a unit without end, to see when writes are acknowledged. */
public final class Prober implements AutoCloseable {
  private static final int BLOCKS = 64;

  /** So that many probers leave the machine something. */
  private static final Duration THINK = Duration.ofMillis(2);

  private final MultipathClient client;
  private final Thread thread;
  private final List<Operation> operations = new ArrayList<>();
  private volatile boolean stopping;
  private volatile Throwable failure;

  private record Operation(boolean write, long sent, long acknowledged) {}

  /**
   * Logs in and begins.
   *
   * @param name of the host
   * @param history gets what is written and read
   */
  public Prober(
      String name, List<? extends Portal> portals, TestLun lun, History history, Random random) {
    this.client = new MultipathClient(name, portals, lun, history, HostSettings.LINUX, random);
    this.thread = new Thread(() -> probe(random), name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler((failed, thrown) -> failure = thrown);
    thread.start();
  }

  private void probe(Random random) {
    while (!stopping) {
      long block = random.nextInt(BLOCKS);
      measured(true, () -> client.write(block, 1));
      if (random.nextInt(8) == 0) {
        measured(false, () -> client.read(block, 1));
      }
      MultipathClient.pause(THINK);
    }
  }

  private void measured(boolean write, Runnable operation) {
    long sent = System.nanoTime();
    operation.run();
    synchronized (operations) {
      operations.add(new Operation(write, sent, System.nanoTime()));
    }
  }

  /** Waits for a write to be acknowledged that was sent after a moment. */
  public Duration awaitWriteAfter(long moment) {
    return Await.value(
        "a write of " + thread.getName(),
        HostSettings.LINUX.operation().multipliedBy(2),
        () -> {
          if (failure != null) {
            throw new AssertionError("an error reached an application", failure);
          }
          return firstAfter(moment).orElseThrow(() -> new Await.Unready("none"));
        });
  }

  private Optional<Duration> firstAfter(long moment) {
    synchronized (operations) {
      return operations.stream()
          .filter(each -> each.write() && each.sent() - moment > 0)
          .findFirst()
          .map(write -> Duration.ofNanos(write.acknowledged() - moment));
    }
  }

  /** The longest that an operation took that was under way at some time between two moments. */
  public Duration longestBetween(long from, long to) {
    synchronized (operations) {
      return operations.stream()
          .filter(each -> each.acknowledged() - from > 0 && each.sent() - to < 0)
          .map(each -> Duration.ofNanos(each.acknowledged() - each.sent()))
          .max(Duration::compareTo)
          .orElse(Duration.ZERO);
    }
  }

  /** Ends it; fails when an error had reached it. */
  @Override
  public void close() {
    stopping = true;
    try {
      thread.join(HostSettings.LINUX.operation().multipliedBy(2).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    client.close();
    if (failure != null) {
      throw new AssertionError("an error reached an application", failure);
    }
  }
}
