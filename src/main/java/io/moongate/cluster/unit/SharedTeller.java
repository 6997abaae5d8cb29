package io.moongate.cluster.unit;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.charter.ClockRates;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Tells the other gateways what one gateway has to tell them about a unit, and does here what
 * others tell. One of these per gateway, at the same path everywhere: membership says where, so
 * that nothing depends on a listing that may be late.
 *
 * <p>Whoever tells repeats it until each has answered that it is done. Of a reset, and where a task
 * set is cleared, it is over for whoever waits when each member has answered, and each that was one
 * has been none for as long as a lease can last: until then a gateway may execute what was to end,
 * whoever sees it or not. When that does not come within the bound, what was asked has not been
 * done everywhere.
 *
 * <p>Everything else is over when each live gateway has answered or was silent for as long as a
 * lease lasts: it only shows its hosts late what has been decided. It goes on being told for a
 * while beside that, for it may only be slow. A gateway that says that it is still at it, because a
 * command that it aborts has not ended, is waited for longer.
 *
 * <p>Nothing of this needs Cassandra.
 */
public final class SharedTeller extends AbstractBehavior<SharedTeller.Command> {
  /** The actor's name on every gateway. */
  public static final String NAME = "shared-teller";

  /** Between two repetitions; the bounds below are counted in these. */
  static final Duration REPEAT = Duration.ofMillis(200);

  /** Deliveries that are remembered, so that each is done once. */
  private static final int REMEMBERED = 10_000;

  /** What is told at a time. Beyond it, what nobody waits for any more is given up. */
  private static final int MOST_TELLINGS = 10_000;

  /**
   * Bounds.
   *
   * @param silence without an answer after which a gateway is not waited for any more where no
   *     tasks end; at least the length of a lease
   * @param work in which a gateway must have done what it is told
   * @param persistence how long it is repeated to those that don't answer
   */
  public record Settings(Duration silence, Duration work, Duration persistence) {}

  /**
   * Another gateway that is a member.
   *
   * @param incarnation of its process
   * @param address of the member
   * @param reachable whether it is seen to be alive
   */
  public record Peer(String incarnation, Address address, boolean reachable) {}

  /** A message to the teller. */
  public sealed interface Command extends CborSerializable {}

  /**
   * What the device server of a unit is to know and to do.
   *
   * @param id of this delivery: what comes again under it is not done again
   */
  public record Tell(
      String id, String unitId, SharedState state, List<Notice> notices, ActorRef<Command> replyTo)
      implements Command {}

  /**
   * The answer of one gateway.
   *
   * @param done false when it has been understood, and something in it has not ended yet
   */
  public record Told(String id, String incarnation, boolean done) implements Command {}

  /** Asks this gateway's teller to tell the others. */
  record Begin(String unitId, SharedState state, List<Notice> notices, CompletableFuture<Void> told)
      implements Command {}

  private record Taken(String id, ActorRef<Command> replyTo, Throwable failure)
      implements Command {}

  private enum Repeat implements Command {
    TICK
  }

  /** Something that is being told. */
  private static final class Telling {
    final CompletableFuture<Void> told;
    final Set<String> done = new HashSet<>();

    /** The round in which a gateway last said that it is at it. */
    final Map<String, Integer> heard = new HashMap<>();

    Tell tell;
    int round;

    /**
     * Whether it has to be known of every gateway that may serve. Not where nexuses lost their
     * reservation: the owner refuses what they have sent.
     */
    final boolean everywhere;

    Telling(Tell tell, CompletableFuture<Void> told) {
      this.tell = tell;
      this.told = told;
      this.everywhere =
          tell.notices().stream()
              .anyMatch(
                  notice ->
                      notice.kind() == Notice.Kind.RESET
                          || notice.kind() == Notice.Kind.CLEAR_TASK_SET);
    }
  }

  private final String selfIncarnation;
  private final Supplier<List<Peer>> peers;
  private final Function<String, Optional<LogicalUnit>> units;
  private final BiConsumer<Peer, Tell> send;
  private final int silentRounds;
  private final int workRounds;
  private final int lastRound;
  private final long silenceNanos;
  private final LongSupplier clock;
  private long lastTickNanos;
  private final Map<String, Telling> tellings = new LinkedHashMap<>();

  /** For which a gateway may still have a lease that is no member any more. */
  private final long leaseNanos;

  private final long startedNanos;

  /** Incarnations that are members, or were that lately: when each was first found to be none. */
  private final Map<String, Optional<Long>> known = new HashMap<>();

  /** Deliveries that came here: whether they are done. */
  private final Map<String, Boolean> deliveries =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  private SharedTeller(
      ActorContext<Command> context,
      String selfIncarnation,
      Settings settings,
      Supplier<List<Peer>> peers,
      Function<String, Optional<LogicalUnit>> units,
      BiConsumer<Peer, Tell> send,
      LongSupplier clock) {
    super(context);
    this.selfIncarnation = selfIncarnation;
    this.peers = peers;
    this.units = units;
    this.send = send == null ? this::sendByPath : send;
    this.silentRounds = rounds(settings.silence());
    // It is left out only by a charter in force (decision 12).
    this.leaseNanos = ClockRates.longest(settings.silence()).toNanos();
    this.workRounds = rounds(settings.work());
    this.silenceNanos = settings.silence().toNanos();
    this.clock = clock;
    this.lastTickNanos = clock.getAsLong();
    this.startedNanos = lastTickNanos;
    this.lastRound = Math.max(workRounds, rounds(settings.persistence()));
  }

  /**
   * Makes the teller of this gateway.
   *
   * @param selfIncarnation this process
   * @param peers the other gateways that are members now; asked at each repetition
   * @param units what this gateway exports
   */
  public static Behavior<Command> create(
      String selfIncarnation,
      Settings settings,
      Supplier<List<Peer>> peers,
      Function<String, Optional<LogicalUnit>> units) {
    return create(selfIncarnation, settings, peers, units, null, System::nanoTime);
  }

  /** The same with another way to the others, and another monotonic clock. */
  static Behavior<Command> create(
      String selfIncarnation,
      Settings settings,
      Supplier<List<Peer>> peers,
      Function<String, Optional<LogicalUnit>> units,
      BiConsumer<Peer, Tell> send,
      LongSupplier clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Repeat.TICK, REPEAT);
                  return new SharedTeller(
                      context, selfIncarnation, settings, peers, units, send, clock);
                }));
  }

  private static int rounds(Duration bound) {
    return (int) Math.max(1, (bound.toMillis() + REPEAT.toMillis() - 1) / REPEAT.toMillis());
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Begin.class, this::onBegin)
        .onMessage(Told.class, this::onTold)
        .onMessage(Repeat.class, this::onRepeat)
        .onMessage(Tell.class, this::onTell)
        .onMessage(Taken.class, this::onTaken)
        .build();
  }

  // -- telling

  private Behavior<Command> onBegin(Begin begin) {
    Tell tell =
        new Tell(
            UUID.randomUUID().toString(),
            begin.unitId(),
            begin.state(),
            begin.notices(),
            getContext().getSelf());
    Telling telling = new Telling(tell, begin.told());
    List<Peer> now = members();
    now.forEach(peer -> send.accept(peer, tell));
    if (!isOver(telling, now)) {
      makeRoom();
      tellings.put(tell.id(), telling);
    }
    return this;
  }

  private Behavior<Command> onTold(Told answer) {
    Telling telling = tellings.get(answer.id());
    if (telling != null) {
      if (answer.done()) {
        telling.done.add(answer.incarnation());
      } else {
        telling.heard.put(answer.incarnation(), telling.round);
      }
      if (isOver(telling, members())) {
        tellings.remove(answer.id());
      }
    }
    return this;
  }

  private Behavior<Command> onRepeat(Repeat tick) {
    long time = clock.getAsLong();
    if (time - lastTickNanos > silenceNanos) {
      tellings.values().forEach(SharedTeller::takeBack);
    }
    lastTickNanos = time;
    List<Peer> now = members();
    for (Iterator<Telling> all = tellings.values().iterator(); all.hasNext(); ) {
      Telling telling = all.next();
      telling.round++;
      now.stream()
          .filter(peer -> !telling.done.contains(peer.incarnation()))
          .forEach(peer -> send.accept(peer, telling.tell));
      if (isOver(telling, now)) {
        all.remove();
      }
    }
    return this;
  }

  /**
   * This gateway was stopped for longer than its lease. A reset from before that would end, and
   * release, what others have done since: what is still to be told is the state and attentions.
   */
  private static void takeBack(Telling telling) {
    Tell before = telling.tell;
    List<Notice> left = before.notices().stream().filter(notice -> !notice.endsTasks()).toList();
    if (left.size() < before.notices().size()) {
      telling.tell = new Tell(before.id(), before.unitId(), before.state(), left, before.replyTo());
      telling.told.completeExceptionally(
          new TimeoutException("this gateway was stopped while it told others about a unit"));
    }
  }

  private List<Peer> members() {
    List<Peer> now = peers.get();
    long time = clock.getAsLong();
    known.replaceAll((peer, absent) -> Optional.of(absent.orElse(time)));
    now.forEach(peer -> known.put(peer.incarnation(), Optional.empty()));
    known
        .values()
        .removeIf(absent -> absent.filter(since -> time - since > leaseNanos).isPresent());
    return now;
  }

  /** Lets go whoever waits, as soon as there is nobody to wait for; whether all of it is over. */
  private boolean isOver(Telling telling, List<Peer> now) {
    List<Peer> open =
        now.stream().filter(peer -> !telling.done.contains(peer.incarnation())).toList();
    boolean awaited =
        telling.everywhere
            ? isYoung() || !telling.done.containsAll(known.keySet())
            : open.stream().anyMatch(peer -> isAwaited(telling, peer));
    if (!awaited) {
      open.stream()
          .filter(peer -> telling.round >= silentRounds && !telling.told.isDone())
          .forEach(
              peer ->
                  getContext()
                      .getLog()
                      .warn(
                          "event=gateway-not-told unit={} peer={}",
                          telling.tell.unitId(),
                          peer.address()));
      telling.told.complete(null);
    } else if (telling.round >= workRounds) {
      telling.told.completeExceptionally(
          new TimeoutException(
              "of gateways that may serve, these have not done what they were told about a unit: "
                  + known.keySet().stream()
                      .filter(each -> !telling.done.contains(each))
                      .sorted()
                      .toList()));
    }
    return (open.isEmpty() && telling.told.isDone()) || telling.round >= lastRound;
  }

  /** Whether somebody may have a lease who was put out before this began to look. */
  private boolean isYoung() {
    return clock.getAsLong() - startedNanos <= leaseNanos;
  }

  private boolean isAwaited(Telling telling, Peer peer) {
    return peer.reachable()
        && telling.round - telling.heard.getOrDefault(peer.incarnation(), 0) < silentRounds;
  }

  /** What is awaited is bounded by the commands that wait for it; the rest is bounded here. */
  private void makeRoom() {
    if (tellings.size() >= MOST_TELLINGS) {
      Iterator<Telling> all = tellings.values().iterator();
      while (all.hasNext()) {
        if (all.next().told.isDone()) {
          all.remove();
          return;
        }
      }
    }
  }

  private void sendByPath(Peer peer, Tell tell) {
    Adapter.toClassic(getContext().getSystem())
        .actorSelection(peer.address() + getContext().getSelf().path().toStringWithoutAddress())
        .tell(tell, org.apache.pekko.actor.ActorRef.noSender());
  }

  // -- being told

  private Behavior<Command> onTell(Tell tell) {
    Boolean known = deliveries.putIfAbsent(tell.id(), false);
    if (known != null) {
      return answer(tell.id(), tell.replyTo(), known);
    }
    CompletableFuture<Void> taken = take(tell);
    if (taken.isDone() && !taken.isCompletedExceptionally()) {
      deliveries.put(tell.id(), true);
      return answer(tell.id(), tell.replyTo(), true);
    }
    getContext()
        .pipeToSelf(taken, (done, failure) -> new Taken(tell.id(), tell.replyTo(), failure));
    return answer(tell.id(), tell.replyTo(), false);
  }

  /** A unit that is not exported here has no nexus that anything could be done for. */
  private CompletableFuture<Void> take(Tell tell) {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    try {
      units
          .apply(tell.unitId())
          .ifPresent(
              unit -> {
                unit.share(tell.state());
                tell.notices().forEach(notice -> all.add(unit.take(notice).toCompletableFuture()));
              });
    } catch (RuntimeException failure) {
      all.add(CompletableFuture.failedFuture(failure));
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
  }

  /** What failed may not have ended what it was to end: it is not done, and tried when repeated. */
  private Behavior<Command> onTaken(Taken taken) {
    if (taken.failure() != null) {
      getContext().getLog().error("event=notice-not-taken", taken.failure());
      deliveries.remove(taken.id());
      return this;
    }
    deliveries.replace(taken.id(), true);
    return answer(taken.id(), taken.replyTo(), true);
  }

  private Behavior<Command> answer(String id, ActorRef<Command> replyTo, boolean done) {
    replyTo.tell(new Told(id, selfIncarnation, done));
    return this;
  }
}
