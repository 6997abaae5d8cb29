package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Hosts that add to one {@link SharedCounter}, each through random paths. */
public final class Counting implements AutoCloseable {
  private final AtomicInteger done = new AtomicInteger();
  private final List<MultipathClient> clients = new ArrayList<>();
  private final List<CompletableFuture<Void>> runs = new ArrayList<>();

  private Counting() {}

  /** Starts them; each adds {@code times} times to the block at LBA 0. */
  public static Counting start(
      List<TestGateway> gateways, TestLun lun, int hosts, int times, long seed) {
    Counting counting = new Counting();
    Random random = new Random(seed);
    for (int slot = 0; slot < hosts; slot++) {
      MultipathClient client =
          new MultipathClient(
              "counting-" + slot,
              gateways,
              lun,
              new History(),
              HostSettings.LINUX,
              new Random(random.nextLong()));
      counting.clients.add(client);
      counting.runs.add(counting.run(client, slot, times));
    }
    return counting;
  }

  private CompletableFuture<Void> run(MultipathClient client, int slot, int times) {
    CompletableFuture<Void> run = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < times; i++) {
                  client.increment(0, slot);
                  done.incrementAndGet();
                }
                run.complete(null);
              } catch (RuntimeException | Error failure) {
                run.completeExceptionally(failure);
              }
            },
            "counting-" + slot);
    thread.setDaemon(true);
    thread.start();
    return run;
  }

  /** Increments that were acknowledged; fails with what a host has failed with. */
  public int done() {
    runs.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(Counting::get);
    return done.get();
  }

  /** Waits until all have ended. */
  public void await(Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    for (CompletableFuture<Void> run : runs) {
      try {
        run.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        throw new AssertionError("not done within " + bound + ": " + this, e);
      } catch (ExecutionException e) {
        throw new AssertionError("a host saw an error", e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
    }
  }

  private static void get(CompletableFuture<Void> run) {
    try {
      run.join();
    } catch (RuntimeException e) {
      throw new AssertionError("a host saw an error", e.getCause());
    }
  }

  @Override
  public String toString() {
    return "%d increments, %d attempts repeated, longest %s"
        .formatted(
            done.get(),
            clients.stream().mapToInt(MultipathClient::repeated).sum(),
            clients.stream().map(MultipathClient::longest).max(Duration::compareTo).orElseThrow());
  }

  /** Drops the hosts' connections. */
  @Override
  public void close() {
    clients.forEach(MultipathClient::abandon);
  }
}
