package io.moongate.cluster.unit;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;

/** The LUN actors of this gateway: takes the view's changes to those that they concern. */
public final class Luns extends AbstractBehavior<Luns.Command> {

  private static final Duration TELL_AGAIN = Duration.ofMillis(200);

  /** Between two messages about what has been opened: much may have been by the second. */
  private static final Duration COALESCE = Duration.ofMillis(5);

  /** Claims in one message: of some 250 bytes each, far below any frame. */
  private static final int CLAIMS_AT_ONCE = 200;

  /** A message to the LUNs. */
  public sealed interface Command {}

  /** The replica has applied an entry. */
  public record EntryChanged(ViewEntry entry) implements Command {}

  /**
   * A gateway's process is gone, or out and its lease over. Commands to the units that it owned are
   * held from now on, before the view says so: its entity may have to be re-homed first.
   */
  public record OwnerGone(String incarnation) implements Command {}

  /**
   * A unit was given an owner by the ownership row, who serves it once it is open.
   *
   * @param sharedVersion the version of the shared state that the owner must have at least, before
   *     it serves; 0 for one that has named its own to the row
   * @param handedOver whether it was given by the owner before, as planned; else its owner has
   *     taken it over from one that has failed
   */
  public record Claim(
      String unitId,
      long epoch,
      String owner,
      String incarnation,
      String cause,
      Instant at,
      long sharedVersion,
      boolean handedOver)
      implements Command, CborSerializable {
    /** Of a unit that this gateway has taken over from a failed owner. */
    public Claim(
        String unitId, long epoch, String owner, String incarnation, String cause, Instant at) {
      this(unitId, epoch, owner, incarnation, cause, at, 0, false);
    }
  }

  /** The store refuses what is open of a unit; said again as long as that is open. */
  public record Fenced(String unitId) implements Command {}

  /** This gateway has handed a unit over by the ownership row: its next owner is to know. */
  public record Given(Claim claim) implements Command {}

  /**
   * Another gateway has taken units over by their ownership rows, and opened their stores; repeated
   * until its view shows it. Or it has handed over one to this gateway.
   */
  public record Claimed(List<Claim> claims) implements Command, CborSerializable {
    public Claimed {
      claims = List.copyOf(claims);
    }
  }

  /** The other gateways. */
  interface Others {
    /** Tells all of them. */
    void tellAll(Claimed claimed);

    /** Tells the one whose process this is, if it is a member. */
    void tell(String incarnation, Claimed claimed);
  }

  /** Is told of claims, on any thread. */
  public interface ClaimListener {
    /** A claim of this gateway has been opened, or won't be. */
    void ended(String unitId, long epoch);

    /**
     * Another gateway has taken a unit over by its row, and serves it; or it has given one to this
     * gateway.
     */
    void heard(Claim claim);
  }

  private record ClaimEnded(LunActor.ClaimOutcome outcome) implements Command {}

  private enum TellClaims implements Command {
    /** What has been opened since. */
    NEW,
    /** All that the view does not show. */
    AGAIN
  }

  private record ActorEnded(String unitId) implements Command {}

  private final View view;
  private final LunActor.Surroundings surroundings;
  private final Map<String, ActorRef<LunActor.Command>> actors = new HashMap<>();

  /** Targets as they were when their units were last told. */
  private final Map<String, TargetEntry> targets = new HashMap<>();

  private final Set<String> gone = new HashSet<>();
  private final Claims claims = new Claims();
  private final List<Claim> untold = new ArrayList<>();
  private final Others others;
  private final Consumer<Claim> heard;
  private final TimerScheduler<Command> timers;

  private Luns(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      View view,
      LunActor.Surroundings surroundings,
      Others others,
      Consumer<Claim> heard) {
    super(context);
    this.heard = heard;
    this.timers = timers;
    this.view = view;
    this.surroundings = surroundings;
    this.others = others;
    tellAll();
  }

  /**
   * Makes them. From now on each applied entry must be told.
   *
   * @param portGroup of this gateway
   * @param implicitTransitionSeconds IMPLICIT TRANSITION TIME of REPORT TARGET PORT GROUPS
   * @param openBound within which a store is open
   * @param handOver by which units are given to their next owners
   * @param peers the other gateways that are members now
   * @param listener told of claims
   */
  public static Behavior<Command> create(
      View view,
      String gateway,
      String incarnation,
      int portGroup,
      int implicitTransitionSeconds,
      Duration openBound,
      DataPath dataPath,
      HandOver handOver,
      Supplier<List<SharedTeller.Peer>> peers,
      ClaimListener listener) {
    return Behaviors.setup(
        context -> {
          rehearse(context.getSystem());
          ClusterSharding sharding = ClusterSharding.get(context.getSystem());
          ActorRef<Command> self = context.getSelf();
          Consumer<LunActor.Report> reports =
              report ->
                  sharding.entityRefFor(LogicalUnit.KEY, report.unitId()).tell(report.command());
          return create(
              view,
              new LunActor.Surroundings(
                  gateway,
                  incarnation,
                  portGroup,
                  implicitTransitionSeconds,
                  dataPath,
                  handOver,
                  reports,
                  outcome -> {
                    self.tell(ended(outcome));
                    listener.ended(outcome.unitId(), outcome.epoch());
                  },
                  openBound,
                  new AtomicLong()::incrementAndGet,
                  new ConcurrentHashMap<>()),
              new MemberGateways(context, peers),
              listener::heard);
        });
  }

  /** Serialization gets to know what is told of claims before hosts wait for it. */
  private static void rehearse(ActorSystem<?> system) {
    Serialization serialization = SerializationExtension.get(Adapter.toClassic(system));
    Claimed sample = new Claimed(List.of(new Claim("", 0, "", "", "", Instant.EPOCH)));
    // Should it fail, it will when it matters, and be told of then.
    var unused =
        serialization.serialize(sample).flatMap(b -> serialization.deserialize(b, Claimed.class));
  }

  /** The same with other ways to the entities and to the other gateways. */
  static Behavior<Command> create(
      View view, LunActor.Surroundings surroundings, Others others, Consumer<Claim> heard) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startTimerWithFixedDelay(TellClaims.AGAIN, TELL_AGAIN);
                  return new Luns(context, timers, view, surroundings, others, heard);
                }));
  }

  /** What a LUN actor says of a claim, as these take it. */
  static Command ended(LunActor.ClaimOutcome outcome) {
    return new ClaimEnded(outcome);
  }

  private record MemberGateways(
      ActorContext<Command> context, Supplier<List<SharedTeller.Peer>> peers) implements Others {
    @Override
    public void tellAll(Claimed claimed) {
      peers.get().forEach(peer -> send(peer, claimed));
    }

    @Override
    public void tell(String incarnation, Claimed claimed) {
      peers.get().stream()
          .filter(peer -> peer.incarnation().equals(incarnation))
          .forEach(peer -> send(peer, claimed));
    }

    private void send(SharedTeller.Peer peer, Claimed claimed) {
      Adapter.toClassic(context.getSystem())
          .actorSelection(peer.address() + context.getSelf().path().toStringWithoutAddress())
          .tell(claimed, org.apache.pekko.actor.ActorRef.noSender());
    }
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(EntryChanged.class, this::onEntryChanged)
        .onMessage(OwnerGone.class, this::onOwnerGone)
        .onMessage(Claim.class, this::onClaim)
        .onMessage(Claimed.class, this::onClaimed)
        .onMessage(Given.class, this::onGiven)
        .onMessage(Fenced.class, this::onFenced)
        .onMessage(ClaimEnded.class, this::onClaimEnded)
        .onMessage(TellClaims.class, this::onTellClaims)
        .onMessage(ActorEnded.class, this::onActorEnded)
        .build();
  }

  private Behavior<Command> onEntryChanged(EntryChanged changed) {
    ViewEntry entry = changed.entry();
    if (entry instanceof UnitEntry unit) {
      tell(unit.id());
    } else if (entry instanceof TargetEntry target) {
      concernedBy(targets.put(target.name(), target), target).forEach(this::tell);
    } else {
      tellAll();
    }
    return this;
  }

  /** Units whose paths a change of a target may change: with many LUNs, few of them. */
  private static Set<String> concernedBy(TargetEntry before, TargetEntry now) {
    Set<String> concerned = new HashSet<>();
    if (before == null
        || before.deleted() != now.deleted()
        || !before.gateways().equals(now.gateways())) {
      concerned.addAll(now.luns().values());
      if (before != null) {
        concerned.addAll(before.luns().values());
      }
      return concerned;
    }
    now.luns()
        .forEach(
            (lun, unit) -> {
              if (!unit.equals(before.luns().get(lun))) {
                concerned.add(unit);
              }
            });
    before
        .luns()
        .forEach(
            (lun, unit) -> {
              if (!unit.equals(now.luns().get(lun))) {
                concerned.add(unit);
              }
            });
    return concerned;
  }

  private Behavior<Command> onOwnerGone(OwnerGone proven) {
    // Who joins is told of all that were ever left out: they are in nobody's way.
    boolean changes =
        gone.add(proven.incarnation()) && view.gateways().stream().anyMatch(this::isOver);
    if (changes) {
      tellAll();
    }
    return this;
  }

  private Behavior<Command> onClaim(Claim claim) {
    view.unit(claim.unitId())
        .filter(unit -> mayServeBy(claim, unit))
        .filter(unit -> claims.add(claim, unit))
        .ifPresent(unit -> tell(unit.id()));
    return this;
  }

  /**
   * This gateway serves by the shared state of its view's entry. When that is behind what the owner
   * before had, the entity's record is waited for, which comes with it.
   */
  private boolean mayServeBy(Claim claim, UnitEntry unit) {
    return !claim.owner().equals(surroundings.gateway())
        || unit.shared().version() >= claim.sharedVersion();
  }

  private Behavior<Command> onGiven(Given given) {
    others.tell(given.claim().incarnation(), new Claimed(List.of(given.claim())));
    return this;
  }

  private Behavior<Command> onFenced(Fenced fenced) {
    ActorRef<LunActor.Command> actor = actors.get(fenced.unitId());
    if (actor != null) {
      actor.tell(LunActor.Fenced.NOW);
    }
    return this;
  }

  private Behavior<Command> onClaimed(Claimed claimed) {
    claimed.claims().forEach(heard);
    claimed.claims().forEach(this::onClaim);
    return this;
  }

  private Behavior<Command> onClaimEnded(ClaimEnded ended) {
    LunActor.ClaimOutcome outcome = ended.outcome();
    if (outcome.open()) {
      claims.served(outcome.unitId(), outcome.epoch()).ifPresent(this::tellSoon);
    } else if (claims.drop(outcome.unitId(), outcome.epoch())) {
      tell(outcome.unitId());
    }
    return this;
  }

  /**
   * The first at once; what is opened within {@link #COALESCE} after it goes together: after a
   * failure there may be hundreds.
   */
  private void tellSoon(Claim claim) {
    untold.add(claim);
    if (!timers.isTimerActive(TellClaims.NEW)) {
      tellUntold();
    }
  }

  private void tellUntold() {
    if (!untold.isEmpty()) {
      timers.startSingleTimer(TellClaims.NEW, COALESCE);
      tell(untold);
      untold.clear();
    }
  }

  private Behavior<Command> onTellClaims(TellClaims which) {
    switch (which) {
      case NEW -> tellUntold();
      case AGAIN -> tell(claims.served());
    }
    return this;
  }

  private void tell(List<Claim> told) {
    for (int from = 0; from < told.size(); from += CLAIMS_AT_ONCE) {
      others.tellAll(new Claimed(told.subList(from, Math.min(told.size(), from + CLAIMS_AT_ONCE))));
    }
  }

  /** The entry, or what it will be once its entity has recorded what is proven here already. */
  private GatewayEntry known(GatewayEntry entry) {
    return isOver(entry) ? entry.failed("its process is gone, or out") : entry;
  }

  /** Whether its process is gone, or out, and not on record as such. */
  private boolean isOver(GatewayEntry entry) {
    return gone.contains(entry.incarnation()) && entry.state() == GatewayEntry.State.UP;
  }

  private void tellAll() {
    view.targets().forEach(target -> targets.put(target.name(), target));
    view.units().forEach(unit -> tell(unit.id()));
  }

  private void tell(String unitId) {
    tell(unitId, false);
  }

  private void tell(String unitId, boolean inherited) {
    Optional<UnitEntry> unit = view.unit(unitId);
    ActorRef<LunActor.Command> actor = actors.get(unitId);
    if (unit.isEmpty()) {
      claims.forget(unitId);
      if (actor != null) {
        actor.tell(LunActor.Removed.NOW);
      }
      return;
    }
    Optional<Claim> claim = claims.over(unit.get());
    UnitEntry effective = claim.map(laid -> Claims.lay(laid, unit.get())).orElseGet(unit::get);
    LunActor.Changed changed =
        new LunActor.Changed(
            effective,
            exporters(unitId),
            view.gateway(effective.ownership().owner()).map(this::known),
            claim.isPresent(),
            claim.map(Claim::handedOver).orElse(false));
    if (actor == null) {
      ActorRef<LunActor.Command> spawned =
          getContext().spawn(LunActor.create(surroundings, inherited, changed), "lun-" + unitId);
      getContext().watchWith(spawned, new ActorEnded(unitId));
      actors.put(unitId, spawned);
    } else {
      actor.tell(changed);
    }
  }

  private Behavior<Command> onActorEnded(ActorEnded ended) {
    actors.remove(ended.unitId());
    tell(ended.unitId(), true);
    return this;
  }

  private List<GatewayEntry> exporters(String unitId) {
    List<TargetEntry> mapping = view.targetsOf(unitId);
    return view.gateways().stream()
        .map(this::known)
        .filter(
            gateway ->
                mapping.isEmpty()
                    || mapping.stream().anyMatch(target -> target.exportedBy(gateway.name())))
        .toList();
  }
}
