package io.moongate.cluster.ownership;

import io.moongate.cluster.Answer;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/**
 * Sees to it that every logical unit has an owner, and the one that it is to have: carries out what
 * the {@link Stewardship} of this gateway wants done. Whatever comes between, it looks again at the
 * next tick: no unit stays without an owner while somebody can own it, and nobody has to remember
 * that something was under way.
 */
public final class Steward extends AbstractBehavior<Steward.Command> {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration COALESCE = Duration.ofMillis(5);
  private static final String LOOK_SOON = "look-soon";
  private static final Duration MOVE_ANSWER = Duration.ofSeconds(3);

  /**
   * After which a proposal to take over is sent again. It is repeated often and means the same each
   * time: the first ones are lost when the unit's entity lived on the gateway that failed, and
   * every wait for nothing is a wait of the hosts.
   */
  private static final Duration TAKE_OVER_ANSWER = Duration.ofMillis(300);

  /**
   * So often at that pace, which is for longer than an entity may take to be re-homed; then the
   * wait doubles, up to that for a move: what keeps it silent is not mended by asking it more.
   */
  private static final int TAKE_OVERS_IN_HASTE = 12;

  /** A message to the steward. */
  public sealed interface Command {}

  /** What stands against gateways has changed. */
  public record Observed(List<Observation> observations) implements Command {}

  /** The view has changed. */
  public enum ViewChanged implements Command {
    NOW
  }

  /** The view is complete: from now on a unit without an owner really has none. */
  public enum Begin implements Command {
    NOW
  }

  /** Units are moved by this from now on. */
  public record MoveBy(Movements.Policy policy) implements Command {}

  /** Somebody waits for the record of a unit: if this gateway has taken it over, it goes first. */
  public record RecordWanted(String unitId) implements Command {}

  private record Answered(String unitId, Answer answer, Throwable failure) implements Command {}

  /** The row of a unit has been asked, whatever it said: now its entity is. */
  private record RowAsked(Stewardship.TakeOver takeOver) implements Command {}

  private enum Look implements Command {
    TICK
  }

  private final View view;
  private final String self;
  private final String incarnation;
  private final Stewardship stewardship;
  private final Claimant claimant;
  private final Consumer<Others> onLook;
  private final Clock clock;
  private final TimerScheduler<Command> timers;
  private final ClusterSharding sharding;
  private final Set<String> underWay = new HashSet<>();
  private final Map<String, String> reported = new HashMap<>();

  /** How often in a row a unit's entity has not answered. */
  private final Map<String, Integer> unanswered = new HashMap<>();

  private List<Observation> observations = List.of();
  private boolean begun;

  private final RecordPause pause = new RecordPause();

  /** How many rows had been granted when the pause was last told. */
  private int granted;

  /** Whether other gateways were to take units over, at the last look. */
  private boolean othersToo;

  /** Units of which a record is waited for. */
  private final Set<String> wanted = new HashSet<>();

  private Duration lookTook = Duration.ZERO;

  /** Whether rows were asked for that have not all answered, or what they granted is not open. */
  private boolean busy;

  private long busySinceNanos;

  /** Entities that have not answered yet. */
  private int entitiesAsked;

  private Steward(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      View view,
      String self,
      String incarnation,
      Movements.Policy policy,
      Loads loads,
      Claimant claimant,
      Consumer<Others> onLook,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.view = view;
    this.self = self;
    this.incarnation = incarnation;
    this.stewardship = new Stewardship(self, incarnation, policy, loads);
    this.claimant = claimant;
    this.onLook = onLook;
    this.clock = clock;
    this.sharding = ClusterSharding.get(context.getSystem());
  }

  /**
   * Makes the steward of this gateway; it does nothing before {@link Begin}.
   *
   * @param loads what is asked of the units
   * @param onLook told to whom units may go, each time that it has looked
   */
  public static Behavior<Command> create(
      View view,
      String self,
      String incarnation,
      Movements.Policy policy,
      Loads loads,
      Claimant claimant,
      Consumer<Others> onLook,
      Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Look.TICK, LOOK);
                  return new Steward(
                      context,
                      timers,
                      view,
                      self,
                      incarnation,
                      policy,
                      loads,
                      claimant,
                      onLook,
                      clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Observed.class, this::onObserved)
        .onMessage(
            ViewChanged.class,
            changed -> {
              if (!timers.isTimerActive(LOOK_SOON) && !isTakingOver()) {
                timers.startSingleTimer(LOOK_SOON, Look.TICK, soon());
              }
              return this;
            })
        .onMessage(
            Begin.class,
            begin -> {
              begun = true;
              claimant.rehearse();
              return look();
            })
        .onMessage(
            MoveBy.class,
            by -> {
              stewardship.policy(by.policy());
              return this;
            })
        .onMessage(RecordWanted.class, this::onRecordWanted)
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(RowAsked.class, this::onRowAsked)
        .onMessage(Look.class, tick -> look())
        .build();
  }

  private Behavior<Command> onObserved(Observed observed) {
    observations = observed.observations();
    return look();
  }

  private Behavior<Command> onRecordWanted(RecordWanted first) {
    if (claimant.hasClaimed(first.unitId(), view) && wanted.add(first.unitId())) {
      return look();
    }
    return this;
  }

  private Behavior<Command> onAnswered(Answered answered) {
    entitiesAsked--;
    underWay.remove(answered.unitId());
    if (answered.failure() == null) {
      unanswered.remove(answered.unitId());
    } else {
      unanswered.merge(answered.unitId(), 1, Integer::sum);
    }
    if (answered.answer() instanceof Answer.Refused refused) {
      getContext()
          .getLog()
          .info(
              "event=ownership-refused unit={} reason=\"{}\"", answered.unitId(), refused.reason());
    } else if (answered.failure() != null) {
      getContext()
          .getLog()
          .warn(
              "event=ownership-unanswered unit={} reason=\"{}\"",
              answered.unitId(),
              answered.failure().toString());
    }
    return this;
  }

  /**
   * While units are taken over hosts wait for the same processors, and there is nothing to be
   * planned anew for what the view says: the next tick will do. What stands against gateways is
   * looked at when it comes. Not for ever: where units take long to open others wait for the rest.
   */
  private boolean isTakingOver() {
    return busy && System.nanoTime() - busySinceNanos < RecordPause.LONGEST_NANOS;
  }

  /**
   * A look takes a fifth of this thread at most: while many units are recorded each is a change.
   */
  private Duration soon() {
    Duration rest = lookTook.multipliedBy(4);
    return rest.compareTo(COALESCE) < 0 ? COALESCE : rest;
  }

  private Behavior<Command> look() {
    if (!begun) {
      return this;
    }
    long began = System.nanoTime();
    lookNow();
    lookTook = Duration.ofNanos(System.nanoTime() - began);
    return this;
  }

  private void lookNow() {
    Set<String> claimed = claimant.claimed(view);
    wanted.retainAll(claimed);
    Stewardship.Claims claims =
        new Stewardship.Claims(
            claimed,
            wanted,
            claimant.elsewhere(
                view, claim -> Claimant.isLiving(claim, view, observations), System.nanoTime()));
    Stewardship.Plan plan = stewardship.look(view, observations, underWay, claims, clock.instant());
    othersToo = plan.othersToo();
    onLook.accept(plan.others());
    if (!unanswered.isEmpty()) {
      unanswered.keySet().retainAll(concerned(plan));
    }
    plan.failures().forEach(this::report);
    boolean hold = holdsRecords();
    plan.takeOvers().stream()
        .filter(takeOver -> !hold || !claims.isLast(takeOver.unit().id()))
        .forEach(this::propose);
    claimant.send();
    boolean wasBusy = busy;
    busy = claimant.isBusy(view);
    if (busy && !wasBusy) {
      busySinceNanos = System.nanoTime();
    }
    plan.moves().forEach(this::move);
    if (plan.emptied() && plan.takeOvers().isEmpty() && !claimant.isAheadOf(view)) {
      sharding.entityRefFor(Gateway.KEY, self).tell(new Gateway.Emptied(incarnation));
    }
  }

  private boolean holdsRecords() {
    long now = System.nanoTime();
    if (granted != claimant.granted()) {
      granted = claimant.granted();
      pause.granted(now);
    }
    return pause.holds(claimant.isBusy(view), othersToo, now);
  }

  /** Units that something is to be done about, or is being done. */
  private Set<String> concerned(Stewardship.Plan plan) {
    Set<String> units = new HashSet<>(underWay);
    plan.takeOvers().forEach(takeOver -> units.add(takeOver.unit().id()));
    return units;
  }

  private void report(Stewardship.Failure failure) {
    GatewayEntry gateway = failure.gateway();
    if (!gateway.incarnation().equals(reported.put(gateway.name(), gateway.incarnation()))) {
      getContext()
          .getLog()
          .warn(
              "event=gateway-failed gateway={} incarnation={} evidence={}",
              gateway.name(),
              gateway.incarnation(),
              failure.evidence());
    }
    sharding
        .entityRefFor(Gateway.KEY, gateway.name())
        .tell(new Gateway.Report(gateway.incarnation(), failure.evidence()));
  }

  /**
   * The row first: the entity may not be there to be asked. And not both at once, for two
   * transactions on one row hinder one another.
   */
  private void propose(Stewardship.TakeOver takeOver) {
    underWay.add(takeOver.unit().id());
    getContext()
        .pipeToSelf(
            claimant.claim(takeOver.unit(), takeOver.evidence(), takeOver.cause()),
            (asked, failure) -> new RowAsked(takeOver));
  }

  private Behavior<Command> onRowAsked(RowAsked asked) {
    Stewardship.TakeOver takeOver = asked.takeOver();
    UnitEntry unit = takeOver.unit();
    if (claimant.hasClaimed(unit.id(), view) && !wanted.contains(unit.id()) && holdsRecords()) {
      // Hosts wait for the rows and the stores of others, and nobody for the record of this one: it
      // would take time from them. A later look sends it.
      underWay.remove(unit.id());
      return this;
    }
    if (entitiesAsked >= Stewardship.PROPOSALS) {
      underWay.remove(unit.id()); // It is its turn at a later look.
      return this;
    }
    boolean waitedFor = !claimant.hasClaimed(unit.id(), view) || wanted.contains(unit.id());
    ask(
        unit.id(),
        waitedFor ? patience(unanswered.getOrDefault(unit.id(), 0)) : MOVE_ANSWER,
        replyTo ->
            new LogicalUnit.TakeOver(
                self,
                incarnation,
                unit.ownership().epoch(),
                takeOver.cause(),
                takeOver.evidence(),
                replyTo));
    return this;
  }

  /** How long a proposal is waited for that comes after so many without an answer. */
  static Duration patience(int before) {
    Duration patience = TAKE_OVER_ANSWER;
    for (int more = TAKE_OVERS_IN_HASTE; more <= before; more++) {
      patience = patience.multipliedBy(2);
      if (patience.compareTo(MOVE_ANSWER) >= 0) {
        return MOVE_ANSWER;
      }
    }
    return patience;
  }

  private void move(Stewardship.Move move) {
    ask(
        move.unit().id(),
        MOVE_ANSWER,
        replyTo ->
            new LogicalUnit.Move(
                move.to().name(), move.to().incarnation(), move.cause(), move.evidence(), replyTo));
  }

  private void ask(
      String unitId, Duration bound, Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    entitiesAsked++;
    underWay.add(unitId);
    getContext()
        .pipeToSelf(
            sharding.entityRefFor(LogicalUnit.KEY, unitId).<Answer>ask(command::apply, bound),
            (answer, failure) -> new Answered(unitId, answer, failure));
  }
}
