package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Kind;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** Clients that write and read at random, each on a thread, until they are told to stop. */
public final class Workload implements AutoCloseable {
  /** Blocks that the clients fight over: few, so that they meet. */
  public static final int BLOCKS = 256;

  private static final int LARGE = 16;

  /**
   * Between operations of a client, so that the machine has something left for the cluster that it
   * runs.
   */
  private static final Duration THINK = Duration.ofMillis(3);

  private static final Duration AFTER_ERROR = Duration.ofMillis(100);

  private final History history;
  private final List<MultipathClient> clients = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong operations = new AtomicLong();
  private final Map<String, AtomicLong> done = new ConcurrentHashMap<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
  private final int blocks;
  private final Errors onError;
  private volatile boolean stopping;

  /** What an error that reaches an application does to a workload. */
  public enum Errors {
    /** It ends, and the test fails. */
    FAIL,
    /** It is counted, and the client goes on as a stubborn application would. */
    COUNT
  }

  private Workload(History history, int blocks, Errors onError) {
    this.history = history;
    this.blocks = blocks;
    this.onError = onError;
  }

  /**
   * Starts clients on random blocks of a LUN through random paths: half of the operations are
   * writes, half of 4 KiB and half of 64 KiB.
   *
   * @param seed of all that is random
   */
  public static Workload start(
      TestCluster cluster, TestLun lun, int clients, long seed, History history) {
    return start(cluster.gateways(), lun, clients, seed, history, BLOCKS, Errors.FAIL);
  }

  /** The same through these portals, on so many blocks, and with a choice of what an error does. */
  public static Workload start(
      List<? extends Portal> portals,
      TestLun lun,
      int clients,
      long seed,
      History history,
      int blocks,
      Errors onError) {
    Workload workload = new Workload(history, blocks, onError);
    try {
      for (int i = 0; i < clients; i++) {
        Random random = new Random(seed * 1_000 + i);
        String name = "host-%d-%s".formatted(i, Long.toHexString(seed));
        workload.clients.add(
            new MultipathClient(name, portals, lun, history, HostSettings.LINUX, random));
        workload.addThread(workload.clients.get(i), name, random);
      }
    } catch (RuntimeException | Error e) {
      workload.close();
      throw e;
    }
    workload.threads.forEach(Thread::start);
    return workload;
  }

  /** A seed, printed; the system property {@code moongate.seed} sets it. */
  public static long seed() {
    long seed = Long.getLong("moongate.seed", System.nanoTime() & 0xFF_FFFFL);
    System.out.println("seed " + seed + " (repeat with -Dmoongate.seed=" + seed + ")");
    return seed;
  }

  private void addThread(MultipathClient client, String name, Random random) {
    AtomicLong mine = new AtomicLong();
    done.put(name, mine);
    Thread thread =
        new Thread(
            () -> {
              while (!stopping) {
                if (!tryToOperate(client, random)) {
                  continue;
                }
                operations.incrementAndGet();
                mine.incrementAndGet();
                MultipathClient.pause(THINK);
              }
            },
            name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler(
        (failed, thrown) -> {
          failure.compareAndSet(null, thrown);
          stopping = true;
        });
    threads.add(thread);
  }

  private boolean tryToOperate(MultipathClient client, Random random) {
    try {
      operate(client, random);
      return true;
    } catch (IoError e) {
      if (onError == Errors.FAIL || stopping) {
        throw e;
      }
      errors.add(e.getMessage());
      MultipathClient.pause(AFTER_ERROR);
      return false;
    }
  }

  private void operate(MultipathClient client, Random random) {
    int count = random.nextBoolean() ? 1 : LARGE;
    long block = random.nextInt(blocks / count) * (long) count;
    if (random.nextBoolean()) {
      client.write(block, count);
    } else {
      client.read(block, count);
    }
  }

  /** Errors that reached an application, where they are counted. */
  public List<String> errors() {
    synchronized (errors) {
      return List.copyOf(errors);
    }
  }

  /** Operations that were acknowledged so far. */
  public long operations() {
    return operations.get();
  }

  /** Waits until so many more operations are done, and every client has done one more at least. */
  public void awaitProgress(long more) {
    long total = operations.get() + more;
    Map<String, Long> before = new ConcurrentHashMap<>();
    done.forEach((name, count) -> before.put(name, count.get()));
    Await.until(
        more + " more operations, by every client",
        HostSettings.LINUX.operation().multipliedBy(2),
        () -> {
          requireNoFailure();
          return operations.get() >= total
              && done.entrySet().stream()
                  .allMatch(entry -> entry.getValue().get() > before.get(entry.getKey()));
        },
        () -> operations.get() + " of " + total + " are done; by client " + done);
  }

  /** Waits until a gateway has acknowledged so many writes that were sent after a moment. */
  public void awaitWritesThrough(TestGateway gateway, long after, int count) {
    Await.until(
        count + " writes through " + gateway,
        HostSettings.LINUX.operation().multipliedBy(2),
        () -> {
          requireNoFailure();
          return writesSince(after)
                  .filter(a -> a.path().equals(gateway.name()))
                  .limit(count)
                  .count()
              == count;
        },
        () -> operations.get() + " operations in all");
  }

  private Stream<Attempt> writesSince(long after) {
    return history.attempts().stream()
        .filter(
            a -> a.kind() == Kind.WRITE && a.outcome() == Outcome.OK && a.invoked() - after > 0);
  }

  /**
   * Time from a moment to the first acknowledgement of a write that was sent after it; empty while
   * there is none.
   */
  public Optional<Duration> firstWriteAfter(long moment) {
    return writesSince(moment)
        .map(Attempt::completed)
        .min(Long::compare)
        .map(completed -> Duration.ofNanos(completed - moment));
  }

  /** The longest that an operation took at any client. Only after the end. */
  public Duration longest() {
    return clients.stream().map(MultipathClient::longest).max(Duration::compareTo).orElseThrow();
  }

  /** How often sessions were lost. */
  public int losses() {
    return clients.stream().mapToInt(MultipathClient::losses).sum();
  }

  private void requireNoFailure() {
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError("an error reached an application: " + thrown.getMessage(), thrown);
    }
  }

  /** Ends the clients; fails when an error had reached one of them. */
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
    clients.forEach(MultipathClient::close);
    requireNoFailure();
  }

  /** For a test that failed before it stopped the clients. */
  @Override
  public void close() {
    stopping = true;
    threads.forEach(Thread::interrupt);
    clients.forEach(MultipathClient::abandon);
  }
}
