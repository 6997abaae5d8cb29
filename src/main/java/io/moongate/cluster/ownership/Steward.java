package io.moongate.cluster.ownership;

import io.moongate.cluster.Answer;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.Placement;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
 * Sees to it that every logical unit has an owner: looks for units without a living one, computes
 * the same {@linkplain Placement plan} as every other gateway, and proposes this gateway for its
 * own part of it. Whatever comes between, it looks again at the next tick: no unit stays without an
 * owner while somebody can own it, and nobody has to remember that something was under way.
 */
public final class Steward extends AbstractBehavior<Steward.Command> {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration COALESCE = Duration.ofMillis(5);
  private static final Duration MOVE_ANSWER = Duration.ofSeconds(3);

  /**
   * After which a proposal to take over is sent again. It is repeated often and means the same each
   * time: the first ones are lost when the unit's entity lived on the gateway that failed, and
   * every wait for nothing is a wait of the hosts.
   */
  private static final Duration TAKE_OVER_ANSWER = Duration.ofMillis(300);

  /** Proposals under way at the same time; the rest follows as they are answered. */
  private static final int PROPOSALS = 256;

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

  private record Answered(String unitId, Answer answer, Throwable failure) implements Command {}

  private enum Look implements Command {
    TICK
  }

  /**
   * Whether ownership goes back to the preferred gateway by itself.
   *
   * @param automatic whether at all
   * @param stableFor how long the preferred gateway must have been up
   */
  public record Failback(boolean automatic, Duration stableFor) {}

  private final View view;
  private final String self;
  private final String incarnation;
  private final Failback failback;
  private final Clock clock;
  private final TimerScheduler<Command> timers;
  private final ClusterSharding sharding;
  private final Set<String> proposals = new HashSet<>();
  private final Map<String, String> reported = new HashMap<>();
  private List<Observation> observations = List.of();
  private boolean begun;

  private Steward(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      View view,
      String self,
      String incarnation,
      Failback failback,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.view = view;
    this.self = self;
    this.incarnation = incarnation;
    this.failback = failback;
    this.clock = clock;
    this.sharding = ClusterSharding.get(context.getSystem());
  }

  /** Makes the steward of this gateway; it does nothing before {@link Begin}. */
  public static Behavior<Command> create(
      View view, String self, String incarnation, Failback failback, Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(Look.TICK, LOOK);
                  return new Steward(context, timers, view, self, incarnation, failback, clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Observed.class, this::onObserved)
        .onMessage(
            ViewChanged.class,
            changed -> {
              timers.startSingleTimer("look-soon", Look.TICK, COALESCE);
              return this;
            })
        .onMessage(
            Begin.class,
            begin -> {
              begun = true;
              return look();
            })
        .onMessage(Answered.class, this::onAnswered)
        .onMessage(Look.class, tick -> look())
        .build();
  }

  private Behavior<Command> onObserved(Observed observed) {
    observations = observed.observations();
    return look();
  }

  private Behavior<Command> onAnswered(Answered answered) {
    proposals.remove(answered.unitId());
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

  private Behavior<Command> look() {
    if (!begun || !registered()) {
      return this;
    }
    Map<String, FailureDecision.Decision> decisions = new HashMap<>();
    Set<String> alive = new TreeSet<>();
    for (GatewayEntry gateway : view.gateways()) {
      FailureDecision.Decision decision = decide(gateway.name(), gateway.incarnation());
      decisions.put(gateway.name(), decision);
      if (gateway.state() == GatewayEntry.State.UP
          && !decision.failed()
          && decision.verdict() != FailureDecision.Verdict.EXPELLED) {
        alive.add(gateway.name());
      }
      reportFailure(gateway, decision);
    }
    alive.add(self);

    List<UnitEntry> needy = new ArrayList<>();
    Map<String, List<Observation>> evidence = new HashMap<>();
    Map<String, FailureDecision.Decision> owners = new HashMap<>();
    for (UnitEntry unit : view.units()) {
      Ownership now = unit.ownership();
      if (now.phase() == Phase.UNOWNED) {
        needy.add(unit);
        evidence.put(unit.id(), List.of());
        continue;
      }
      if (now.ownedBy(self, incarnation)) {
        failBack(unit, decisions, alive);
        continue;
      }
      FailureDecision.Decision decision =
          owners.computeIfAbsent(
              now.incarnation(), owner -> decide(now.owner(), now.incarnation()));
      if (decision.failed()) {
        needy.add(unit);
        evidence.put(unit.id(), decision.evidence());
      }
    }
    if (needy.isEmpty()) {
      return this;
    }
    Map<String, String> plan = Placement.plan(needy, view, alive);
    for (UnitEntry unit : needy) {
      if (self.equals(plan.get(unit.id())) && proposals.size() < PROPOSALS) {
        propose(unit, evidence.get(unit.id()));
      }
    }
    return this;
  }

  private boolean registered() {
    return view.gateway(self)
        .filter(
            entry ->
                entry.incarnation().equals(incarnation) && entry.state() == GatewayEntry.State.UP)
        .isPresent();
  }

  /** The observations that stand, and what the view itself says of the incarnation. */
  private FailureDecision.Decision decide(String gateway, String ofIncarnation) {
    List<Observation> known = new ArrayList<>();
    for (Observation observation : observations) {
      if (observation.subject().equals(gateway)
          && observation.incarnation().equals(ofIncarnation)) {
        known.add(observation);
      }
    }
    view.gateway(gateway)
        .ifPresent(
            entry -> {
              if (!entry.incarnation().equals(ofIncarnation)) {
                known.add(
                    byView(gateway, ofIncarnation, Kind.SUPERSEDED, "by " + entry.incarnation()));
              } else if (entry.state() == GatewayEntry.State.FAILED) {
                known.add(byView(gateway, ofIncarnation, Kind.RECORDED_FAILED, entry.cause()));
              } else if (entry.state() == GatewayEntry.State.STOPPED) {
                known.add(byView(gateway, ofIncarnation, Kind.STOPPED, entry.cause()));
              }
            });
    Set<String> electors = new HashSet<>();
    view.gateways().stream()
        .filter(entry -> entry.state() == GatewayEntry.State.UP && !entry.name().equals(gateway))
        .forEach(entry -> electors.add(entry.name()));
    return FailureDecision.decide(gateway, ofIncarnation, known, electors);
  }

  private Observation byView(String gateway, String ofIncarnation, Kind kind, String detail) {
    return new Observation(self, gateway, ofIncarnation, kind, clock.instant(), detail);
  }

  private void reportFailure(GatewayEntry gateway, FailureDecision.Decision decision) {
    if (gateway.state() == GatewayEntry.State.UP && decision.failed()) {
      if (!gateway.incarnation().equals(reported.put(gateway.name(), gateway.incarnation()))) {
        getContext()
            .getLog()
            .warn(
                "event=gateway-failed gateway={} incarnation={} evidence={}",
                gateway.name(),
                gateway.incarnation(),
                decision.evidence());
      }
      sharding
          .entityRefFor(Gateway.KEY, gateway.name())
          .tell(new Gateway.Report(gateway.incarnation(), decision.evidence()));
    }
  }

  private void propose(UnitEntry unit, List<Observation> evidence) {
    if (!proposals.add(unit.id())) {
      return;
    }
    Ownership now = unit.ownership();
    String cause =
        now.phase() == Phase.UNOWNED
            ? (now.epoch() == 0 ? "first owner" : "no owner: " + now.cause())
            : "failover from " + now.owner();
    ask(
        unit.id(),
        TAKE_OVER_ANSWER,
        replyTo ->
            new LogicalUnit.TakeOver(self, incarnation, now.epoch(), cause, evidence, replyTo));
  }

  private void failBack(
      UnitEntry unit, Map<String, FailureDecision.Decision> decisions, Set<String> alive) {
    if (!failback.automatic()
        || unit.ownership().phase() != Phase.SERVING
        || unit.preferred().isEmpty()) {
      return;
    }
    String preferred = unit.preferred().get(0);
    if (preferred.equals(self) || !alive.contains(preferred)) {
      return;
    }
    boolean healthy =
        decisions.get(preferred).verdict() == FailureDecision.Verdict.HEALTHY
            && !unit.ownership().refusedBy().contains(preferred);
    view.gateway(preferred)
        .filter(
            entry ->
                healthy
                    && entry.since().plus(failback.stableFor()).isBefore(clock.instant())
                    && unit.ownership()
                        .since()
                        .plus(failback.stableFor())
                        .isBefore(clock.instant()))
        .ifPresent(
            entry -> {
              if (proposals.size() < PROPOSALS && proposals.add(unit.id())) {
                ask(
                    unit.id(),
                    MOVE_ANSWER,
                    replyTo ->
                        new LogicalUnit.Move(
                            preferred, entry.incarnation(), "failback to " + preferred, replyTo));
              }
            });
  }

  private void ask(
      String unitId, Duration bound, Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    getContext()
        .pipeToSelf(
            sharding.entityRefFor(LogicalUnit.KEY, unitId).<Answer>ask(command::apply, bound),
            (answer, failure) -> new Answered(unitId, answer, failure));
  }
}
