package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** Hosts that write without end through random paths, also when a reservation keeps them away. */
public final class StubbornHosts implements AutoCloseable {
  private static final Duration THINK = Duration.ofMillis(3);
  private static final String NAME = "stubborn-";

  private final int blocks;
  private final List<MultipathClient> clients = new ArrayList<>();
  private final List<Random> randoms = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stopping;

  /**
   * Logs them in; they don't write yet.
   *
   * @param blocks that they write, from 0 on
   * @param seed of all that is random
   */
  public StubbornHosts(
      List<TestGateway> gateways, TestLun lun, int hosts, int blocks, History history, long seed) {
    this.blocks = blocks;
    for (int i = 0; i < hosts; i++) {
      Random random = new Random(seed * 1_000 + i);
      randoms.add(random);
      clients.add(
          new MultipathClient(NAME + i, gateways, lun, history, HostSettings.LINUX, random));
    }
  }

  /** Whether an attempt in the history was made by one of them. */
  public static boolean made(History.Attempt attempt) {
    return attempt.client().startsWith(NAME);
  }

  /** Registers all of them under one key; the first reserves. */
  public void reserve(Type type, long key) {
    clients.forEach(client -> client.register(key));
    clients.get(0).reserve(type, key);
  }

  /** Lets them write. */
  public void start() {
    stopping = false;
    for (int i = 0; i < clients.size(); i++) {
      MultipathClient client = clients.get(i);
      Random random = randoms.get(i);
      Thread thread = new Thread(() -> write(client, random), NAME + i);
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((failed, thrown) -> failure.compareAndSet(null, thrown));
      threads.add(thread);
    }
    threads.forEach(Thread::start);
  }

  private void write(MultipathClient client, Random random) {
    while (!stopping) {
      try {
        client.write(random.nextInt(blocks), 1);
      } catch (ReservationConflict away) {
        // As it should be once it is shut out; when it was is the test's to judge.
        MultipathClient.pause(THINK);
      }
      MultipathClient.pause(THINK);
    }
  }

  /** Fails with another error than a reservation conflict that reached one of them. */
  public void requireNoFailure() {
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError("an error reached a host: " + thrown.getMessage(), thrown);
    }
  }

  /** Ends their writing; they stay logged in. */
  public void stop() {
    stopping = true;
    for (Thread thread : threads) {
      try {
        thread.join(HostSettings.LINUX.operation().multipliedBy(2).toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted", e);
      }
      if (thread.isAlive()) {
        throw new AssertionError(thread.getName() + " does not end");
      }
    }
    threads.clear();
    requireNoFailure();
  }

  /** Drops their connections. */
  @Override
  public void close() {
    stopping = true;
    threads.forEach(Thread::interrupt);
    clients.forEach(MultipathClient::abandon);
  }
}
