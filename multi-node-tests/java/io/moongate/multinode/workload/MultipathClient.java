package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Kind;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.BlockPattern.Content;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A host in miniature: it knows a LUN through every gateway, sends each operation through one path,
 * and does what a Linux multipath host does when that fails. Everything that it tries goes into a
 * history. Used by one thread.
 *
 * <p>A connection that is lost keeps its command until it is back, or has been away for the
 * replacement timeout; only then the command goes through another path. BUSY, TASK SET FULL, unit
 * attentions and "transition in progress" are repeated. Everything else is an error that an
 * application would see.
 */
public final class MultipathClient implements AutoCloseable {
  private static final int MISCOMPARE_DURING_VERIFY = 0x0E1D00;
  private static final Duration REPEAT_PAUSE = Duration.ofMillis(50);
  private static final Duration NO_PATH_PAUSE = Duration.ofMillis(20);

  /** Values are unique within a run, over all clients and attempts. */
  private static final AtomicLong VALUES = new AtomicLong();

  private final String name;
  private final HostSettings settings;
  private final History history;
  private final Random random;
  private final List<HostPath> paths;
  private long longestNanos;
  private int repeated;

  /** Logs in through each gateway. */
  public MultipathClient(
      String name,
      List<? extends Portal> gateways,
      TestLun lun,
      History history,
      HostSettings settings,
      Random random) {
    this.name = name;
    this.settings = settings;
    this.history = history;
    this.random = random;
    String initiator = "iqn.2026-11.io.moongate:" + name;
    long isid = 0x8000_0000_0000L | random.nextLong() & 0xFF_FFFF_FFFFL;
    this.paths =
        gateways.stream()
            .map(gateway -> new HostPath(gateway, lun, initiator, isid, settings))
            .toList();
    paths.forEach(HostPath::connect);
    for (HostPath path : paths) {
      if (!path.awaitUp(Duration.ofSeconds(30))) {
        throw new AssertionError(name + " can't log in through " + path.name());
      }
    }
  }

  /**
   * Writes through any path.
   *
   * @return the value that the blocks have now
   */
  public long write(long block, int blocks) {
    return write(anyPath(), block, blocks);
  }

  /** Writes, through the named gateway if its path is up. */
  public void write(TestGateway gateway, long block, int blocks) {
    write(path(gateway), block, blocks);
  }

  /** Reads through any path. */
  public void read(long block, int blocks) {
    read(anyPath(), block, blocks);
  }

  /**
   * Reads, through the named gateway if its path is up.
   *
   * @return the value of each block
   */
  public List<Long> read(TestGateway gateway, long block, int blocks) {
    return read(path(gateway), block, blocks);
  }

  /** Registers with every gateway under a key, whatever was registered before; 0 unregisters. */
  public void register(long key) {
    for (HostPath path : paths) {
      if (!path.awaitUp(settings.operation())) {
        throw new IoError(name + " can't register through " + path.name() + ": it is not up");
      }
      operate(
          path,
          used -> {
            if (used != path) {
              throw new IoError(name + " lost its path through " + path.name());
            }
            byte[] cdb = PersistentReservations.cdb(Action.REGISTER_AND_IGNORE_EXISTING_KEY, null);
            return step(used, used.execute(cdb, PersistentReservations.list(0, key, true), 0));
          });
    }
  }

  /** Reserves through any path, registered as it is. */
  public void reserve(Type type, long key) {
    operate(
        anyPath(),
        path -> {
          byte[] cdb = PersistentReservations.cdb(Action.RESERVE, type);
          return step(path, path.execute(cdb, PersistentReservations.list(key, 0, true), 0));
        });
  }

  /**
   * Shuts out whoever is registered under another key, by PREEMPT AND ABORT through any path; as
   * those do who fence hosts, it looks whether an attempt was done whose answer was lost.
   *
   * @param type of the reservation that this host takes over
   */
  public void preemptAndAbort(Type type, long key, long other) {
    operate(
        anyPath(),
        path -> {
          byte[] cdb = PersistentReservations.cdb(Action.PREEMPT_AND_ABORT, type);
          TestInitiator.Result result =
              path.execute(cdb, PersistentReservations.list(key, other, true), 0);
          if (result.status() != Step.RESERVATION_CONFLICT) {
            return step(path, result);
          }
          TestInitiator.Result told =
              path.execute(
                  PersistentReservations.readKeys(),
                  new byte[0],
                  PersistentReservations.allocationLength());
          Step step = step(path, told);
          if (step != Step.DONE) {
            return step;
          }
          List<Long> keys = PersistentReservations.keys(told.dataIn());
          return keys.contains(key) && !keys.contains(other) ? Step.DONE : Step.CONFLICT;
        });
  }

  /**
   * Adds one to a {@link SharedCounter}, by READ and COMPARE AND WRITE through any paths: once and
   * only once, also when an answer was lost, because the block says how often each client has
   * added.
   *
   * @param slot this client's in the counter
   */
  public void increment(long lba, int slot) {
    long[] goal = {-1};
    operate(
        anyPath(),
        path -> {
          TestInitiator.Result read =
              path.execute(Cdb.read16(lba, 1), new byte[0], SharedCounter.BYTES);
          Step step = step(path, read);
          if (step != Step.DONE) {
            return step;
          }
          SharedCounter present = SharedCounter.parse(read.dataIn());
          if (goal[0] < 0) {
            goal[0] = present.of(slot) + 1;
          }
          if (present.of(slot) == goal[0]) {
            return Step.DONE; // An attempt whose answer was lost had been executed.
          }
          if (present.of(slot) != goal[0] - 1) {
            throw new IoError(
                "%s had added %d times, and now %d through %s"
                    .formatted(name, goal[0] - 1, present.of(slot), path.name()));
          }
          byte[] pair = present.beforeAndAfter(slot);
          TestInitiator.Result swap = path.execute(Cdb.compareAndWrite(lba, 1), pair, 0);
          boolean differs =
              swap.status() == Step.CHECK_CONDITION && swap.senseCode() == MISCOMPARE_DURING_VERIFY;
          return differs ? Step.AGAIN : step(path, swap);
        });
  }

  /** The longest that an operation took, be it to its acknowledgement or to an error. */
  public Duration longest() {
    return Duration.ofNanos(longestNanos);
  }

  /** How often something was sent again. */
  public int repeated() {
    return repeated;
  }

  /** How often a session was lost. */
  public int losses() {
    return paths.stream().mapToInt(HostPath::losses).sum();
  }

  private record Sent(long value, long invoked, String path, Outcome outcome) {}

  private long write(HostPath first, long block, int blocks) {
    List<Sent> sent = new ArrayList<>();
    long acknowledged = History.NEVER;
    try {
      operate(
          first,
          path -> {
            // Each attempt has a value of its own, so that one that takes effect late is known by
            // it.
            long value = VALUES.incrementAndGet();
            byte[] data = BlockPattern.fill(block, blocks, value);
            byte[] cdb = Cdb.write16(lba(block), blocks * BlockPattern.SECTORS);
            long invoked = System.nanoTime();
            Step step = Step.LOST;
            try {
              step = step(path, path.execute(cdb, data, 0));
            } finally {
              sent.add(new Sent(value, invoked, path.name(), step.outcome()));
            }
            return step;
          });
      acknowledged = System.nanoTime();
    } finally {
      for (Sent attempt : sent) {
        history.add(
            Attempt.write(
                name,
                block,
                blocks,
                attempt.value(),
                attempt.invoked(),
                acknowledged,
                attempt.path(),
                attempt.outcome()));
      }
    }
    return sent.get(sent.size() - 1).value();
  }

  private List<Long> read(HostPath first, long block, int blocks) {
    List<Long> values = new ArrayList<>();
    operate(
        first,
        path -> {
          byte[] cdb = Cdb.read16(lba(block), blocks * BlockPattern.SECTORS);
          long invoked = System.nanoTime();
          TestInitiator.Result result = path.execute(cdb, new byte[0], blocks * BlockPattern.BLOCK);
          long completed = System.nanoTime();
          Step step = step(path, result);
          if (step == Step.DONE) {
            if (result.dataIn().length != blocks * BlockPattern.BLOCK) {
              throw new IoError(
                  "READ of %d blocks returned %d bytes".formatted(blocks, result.dataIn().length));
            }
            List<Content> contents = BlockPattern.read(block, result.dataIn());
            values.addAll(note(path, block, contents, invoked, completed));
          }
          return step;
        });
    return values;
  }

  private List<Long> note(
      HostPath path, long block, List<Content> contents, long invoked, long completed) {
    List<Long> values = new ArrayList<>();
    for (Content content : contents) {
      content
          .damage()
          .ifPresent(
              damage -> history.anomaly(damage + ", read by " + name + " through " + path.name()));
      values.add(content.value());
    }
    history.add(
        new Attempt(name, Kind.READ, block, values, invoked, completed, path.name(), Outcome.OK));
    return values;
  }

  private interface Try {
    Step on(HostPath path) throws IOException;
  }

  private void operate(HostPath first, Try attempt) {
    long begin = System.nanoTime();
    try {
      operate(first, attempt, begin);
    } finally {
      longestNanos = Math.max(longestNanos, System.nanoTime() - begin);
    }
  }

  private void operate(HostPath first, Try attempt, long begin) {
    long deadline = begin + settings.operation().toNanos();
    HostPath path = first;
    Step last = Step.LOST;
    while (System.nanoTime() - deadline < 0) {
      if (!path.up()) {
        path = anyPath();
        if (!path.up()) {
          pause(NO_PATH_PAUSE);
          continue;
        }
      }
      last = attemptOn(path, attempt);
      switch (last) {
        case DONE -> {
          return;
        }
        case AGAIN -> repeated++;
        case LATER, BUSY_LATER -> {
          repeated++;
          pause(REPEAT_PAUSE);
        }
        case ELSEWHERE -> {
          repeated++;
          pause(REPEAT_PAUSE);
          path = anyPath();
        }
        case CONFLICT ->
            throw new ReservationConflict(name + " is kept away through " + path.name());
        case LOST -> {
          repeated++;
          if (!path.awaitUp(settings.replacement())) {
            path = anyPath();
          }
        }
      }
    }
    throw new IoError(
        "%s: not acknowledged after %d s; the last attempt, through %s, ended %s"
            .formatted(name, settings.operation().toSeconds(), path.name(), last));
  }

  private static Step attemptOn(HostPath path, Try attempt) {
    try {
      return attempt.on(path);
    } catch (IOException e) {
      return Step.LOST;
    }
  }

  private Step step(HostPath path, TestInitiator.Result result) {
    return Step.after(name, path, result);
  }

  /** A path that is up, by chance; any, when none is. */
  private HostPath anyPath() {
    List<HostPath> up = paths.stream().filter(HostPath::up).toList();
    List<HostPath> choice = up.isEmpty() ? paths : up;
    return choice.get(random.nextInt(choice.size()));
  }

  private HostPath path(TestGateway gateway) {
    return paths.stream()
        .filter(path -> path.name().equals(gateway.name()))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no path through " + gateway));
  }

  private static long lba(long block) {
    return block * BlockPattern.SECTORS;
  }

  static void pause(Duration time) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IoError("interrupted");
    }
  }

  /** Drops every connection under the thread that uses this. */
  void abandon() {
    paths.forEach(HostPath::abandon);
  }

  /** Logs out. */
  @Override
  public void close() {
    paths.forEach(HostPath::close);
  }
}
