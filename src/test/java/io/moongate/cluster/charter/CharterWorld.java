package io.moongate.cluster.charter;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;

/**
 * Gateways, their network and the row, on one thread and from one seed. Each process has a clock of
 * its own that drifts; messages are lost, late and out of order; a process may stand still, with
 * what was sent to it waiting; the row may be slow, away, or not say what became of a proposal.
 * After every step the promises are looked at.
 */
final class CharterWorld {
  static final long MS = 1_000_000L;
  static final LeaseProtocol.Settings SETTINGS =
      new LeaseProtocol.Settings(
          Duration.ofSeconds(3),
          Duration.ofSeconds(1),
          Duration.ofMillis(500),
          Duration.ofSeconds(1));
  private static final long BEAT = 250 * MS;
  private static final long GIVEN_UP = 1_500 * MS;

  /** By what part of it a clock runs faster or slower than true time at most. */
  private static final double CORRECTED = 1.0 / 12;

  /** A process; {@code seat} is where it is, and one at a time lives there. */
  final class Process {
    final int seat;
    final String incarnation;
    final double rate;
    final long born;
    final LeaseProtocol protocol;
    final Duration length = leaseLength;
    final Map<String, Long> heard = new HashMap<>();
    final Set<String> downed = new HashSet<>();
    final Deque<Runnable> waiting = new ArrayDeque<>();
    boolean alive = true;
    boolean ended;
    long pausedUntil;

    Process(int seat) {
      this.seat = seat;
      this.incarnation = "p" + seat + "-" + ++incarnations;
      this.rate = 1 + clocksOff.applyAsDouble(seat) * CORRECTED;
      this.born = now;
      this.protocol =
          new LeaseProtocol(
              new LeaseProtocol.Settings(
                  length, SETTINGS.stableAfter(), SETTINGS.takeover(), SETTINGS.retry()),
              incarnation,
              clock());
    }

    /** Its monotonic clock; it overflows soon after it was born. */
    long clock() {
      return Long.MAX_VALUE - 5_000 * MS + (long) ((now - born) * rate);
    }

    boolean serves() {
      return alive && protocol.lease().covers(clock());
    }

    void run(Runnable step) {
      if (!alive) {
        return;
      }
      if (pausedUntil > now) {
        waiting.add(step);
      } else {
        step.run();
        check();
      }
    }

    void beat() {
      if (!alive) {
        return;
      }
      run(
          () -> {
            act(protocol.membership(membership(), clock()));
            act(protocol.beat(clock()));
          });
      after(BEAT, this::beat);
    }

    private Membership membership() {
      List<Membership.Peer> peers = new ArrayList<>();
      Set<String> gone = new HashSet<>(downed);
      for (Process other : processes) {
        if (other == this) {
          peers.add(new Membership.Peer(incarnation, seatOf(seat), true, true));
        } else if (!downed.contains(other.incarnation) && heard.containsKey(other.incarnation)) {
          boolean reachable = now - heard.get(other.incarnation) < GIVEN_UP;
          peers.add(new Membership.Peer(other.incarnation, seatOf(other.seat), true, reachable));
        }
      }
      peers.sort((a, b) -> a.seat().toString().compareTo(b.seat().toString()));
      return new Membership(peers, gone);
    }

    void act(List<Effect> effects) {
      for (Effect effect : effects) {
        if (effect instanceof Effect.Send send) {
          processes.stream()
              .filter(other -> other.incarnation.equals(send.to()))
              .forEach(other -> send(this, other, send.message()));
        } else if (effect instanceof Effect.Broadcast broadcast) {
          processes.stream()
              .filter(other -> other != this)
              .forEach(other -> send(this, other, broadcast.message()));
        } else if (effect instanceof Effect.Read) {
          row(this, () -> {});
        } else if (effect instanceof Effect.Propose propose) {
          row(this, () -> compareAndSet(propose.charter()));
        } else if (effect instanceof Effect.Confirm confirm) {
          row(this, () -> confirm(confirm.version()));
        } else if (effect instanceof Effect.Adopted adopted) {
          Charter same = charters.putIfAbsent(adopted.charter().version(), adopted.charter());
          require(same == null || same.equals(adopted.charter()), "two charters of one version");
        } else if (effect instanceof Effect.LeftOut out) {
          downed.add(out.incarnation());
          Duration longer = Duration.ofNanos(Math.max(length.toNanos(), out.leaseNanos()));
          long due = out.lastPingNanos() + ClockRates.longest(longer).toNanos() - clock();
          after((long) (Math.max(0, due) / rate) + 1, () -> leaseOut(this, out));
        } else if (effect instanceof Effect.End) {
          ended = true;
          crash(this);
        }
      }
    }
  }

  private record Event(long at, long order, Runnable action) {}

  final Random random;
  final List<Process> processes = new ArrayList<>();
  final Map<Long, Charter> charters = new TreeMap<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.at() != b.at() ? Long.compare(a.at(), b.at()) : Long.compare(a.order(), b.order()));
  private final Set<String> out = new HashSet<>();
  private final Set<Long> cuts = new HashSet<>();
  private final long seed;
  private Optional<Charter> row = Optional.empty();
  private long rowInForce;
  private long order;
  private int incarnations;
  boolean rowAway;

  /** Of the leases of processes that are started from here on. */
  Duration leaseLength = SETTINGS.length();

  /** The seat from where alone the row is out of reach; 0 for none. */
  int withoutRow;

  /** From -1, the slowest clock that there may be at a seat, to 1, the fastest. */
  IntToDoubleFunction clocksOff = seat -> 2 * random().nextDouble() - 1;

  double loss;
  long slowest = 5 * MS;
  long now;
  int leaseOuts;

  CharterWorld(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  private Random random() {
    return random;
  }

  static Seat seatOf(int seat) {
    return new Seat("gw" + seat, "10.0.0." + seat + ":2552");
  }

  Process start(int seat) {
    Process process = new Process(seat);
    processes.add(process);
    after(random.nextInt(250) * MS, process::beat);
    return process;
  }

  void after(long delay, Runnable action) {
    events.add(new Event(now + delay, order++, action));
  }

  void runFor(Duration time) {
    long end = now + time.toNanos();
    while (!events.isEmpty() && events.peek().at() <= end) {
      Event next = events.poll();
      now = next.at();
      next.action().run();
    }
    now = end;
  }

  /** Cuts one direction between two seats, or heals it. */
  void cut(int from, int to, boolean severed) {
    long link = from * 1_000L + to;
    if (severed) {
      cuts.add(link);
    } else {
      cuts.remove(link);
    }
  }

  void cutBoth(int one, int other) {
    cut(one, other, true);
    cut(other, one, true);
  }

  void heal() {
    cuts.clear();
  }

  void pause(Process process, long nanos) {
    process.pausedUntil = now + nanos;
    after(
        nanos,
        () -> {
          while (process.pausedUntil <= now && !process.waiting.isEmpty()) {
            process.run(process.waiting.poll());
          }
        });
  }

  void crash(Process process) {
    process.alive = false;
  }

  /**
   * A process stops in good order: it says so where all can read it once it acknowledges nobody any
   * more, and ends a while later. Who reads it may do so late.
   */
  void stop(Process process) {
    process.run(() -> process.protocol.leave());
    after(random.nextInt(2_000) * MS, () -> process.run(() -> stopped(process)));
  }

  private void stopped(Process process) {
    process.protocol.cease();
    for (Process other : processes) {
      if (other != process) {
        after(
            random.nextInt(300) * MS,
            () ->
                other.run(
                    () -> other.act(other.protocol.gone(process.incarnation, other.clock()))));
      }
    }
    after(random.nextInt(8_000) * MS, () -> crash(process));
  }

  /** The survivors that see its host learn that it is gone. */
  void prove(Process dead) {
    for (Process process : processes) {
      if (process.alive && !cuts.contains(process.seat * 1_000L + dead.seat)) {
        after(
            random.nextInt(50) * MS,
            () ->
                process.run(
                    () -> {
                      process.downed.add(dead.incarnation);
                      process.act(process.protocol.gone(dead.incarnation, process.clock()));
                    }));
      }
    }
  }

  private void send(Process from, Process to, LeaseMessage message) {
    // Whose leases are of another length may not join.
    boolean strangers = !from.length.equals(to.length);
    if (strangers || cuts.contains(from.seat * 1_000L + to.seat) || random.nextDouble() < loss) {
      return;
    }
    int copies = random.nextInt(50) == 0 ? 2 : 1;
    for (int copy = 0; copy < copies; copy++) {
      after(
          MS / 10 + (long) (random.nextDouble() * slowest),
          () ->
              to.run(
                  () -> {
                    to.heard.put(from.incarnation, now);
                    to.act(to.protocol.received(message, to.clock()));
                  }));
    }
  }

  private void row(Process asker, Runnable change) {
    // It may be decided late, and the answer lost: then the asker knows nothing.
    long decided = 2 * MS + (long) (random.nextDouble() * slowest);
    boolean unknown = random.nextDouble() < loss;
    after(
        decided,
        () -> {
          boolean failed = rowAway || asker.seat == withoutRow;
          if (!failed) {
            change.run();
          }
          Optional<Charter> found = row;
          long force = rowInForce;
          after(
              MS + (long) (random.nextDouble() * slowest),
              () ->
                  asker.run(
                      () ->
                          asker.act(
                              failed || unknown
                                  ? asker.protocol.rowFailed(asker.clock())
                                  : asker.protocol.row(found, force, asker.clock()))));
        });
  }

  private void compareAndSet(Charter proposed) {
    if (row.map(Charter::version).orElse(0L) == proposed.version() - 1) {
      row = Optional.of(proposed);
    }
  }

  private void confirm(long version) {
    if (row.isPresent() && row.get().version() == version) {
      rowInForce = version;
    }
  }

  private void leaseOut(Process observer, Effect.LeftOut left) {
    if (!observer.alive) {
      return;
    }
    leaseOuts++;
    out.add(left.incarnation());
    check();
  }

  /** Whoever was said to have no lease any more has none, now and ever. */
  void check() {
    for (Process process : processes) {
      require(
          !process.serves() || !out.contains(process.incarnation),
          process.incarnation + " serves though its lease was said to be out");
      if (process.serves()) {
        Charter charter = process.protocol.lease().charter();
        require(
            charter.version() == 0 || charter.names(process.incarnation),
            process.incarnation + " serves and is no guardian");
      }
    }
  }

  void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("seed %d at %.3f s: %s".formatted(seed, now / 1e9, what));
    }
  }

  List<Process> alive() {
    return processes.stream().filter(process -> process.alive).toList();
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    for (Process process : alive()) {
      text.append(
          "%s %s charter %d in force %s%n"
              .formatted(
                  process.incarnation,
                  process.serves() ? "serves" : "waits",
                  process.protocol.charter().version(),
                  process.protocol.inForce()));
    }
    return text.append("row ").append(row).append(" in force ").append(rowInForce).toString();
  }
}
