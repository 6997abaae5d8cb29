package io.moongate.cluster.membership;

import io.moongate.cluster.CborSerializable;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import io.moongate.failure.ObservationBoard;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * What this gateway sees of the others, and what the others told it that they see. Each gateway
 * shares its own observations with every other, at once and again every second.
 */
public final class GatewayMonitor extends AbstractBehavior<GatewayMonitor.Command> {

  /** Where monitors find one another. */
  public static final ServiceKey<Command> SERVICE =
      ServiceKey.create(Command.class, "gateway-monitor");

  private static final Duration SHARE = Duration.ofSeconds(1);

  /** How long a process is watched after the membership removed it. */
  private static final Duration WATCHED_ON = Duration.ofSeconds(60);

  /** A message to the monitor. */
  public sealed interface Command extends CborSerializable {}

  /**
   * Another gateway's observations.
   *
   * @param observer that gateway
   * @param all whether these are all that it has to say: what passes and is not among them is taken
   *     back
   */
  public record Shared(String observer, List<Observation> observations, boolean all)
      implements Command {}

  /**
   * Something that was seen of a part of a gateway, this one or another, or taken back.
   *
   * @param part as in {@link Observation#part}
   */
  public record PartSeen(String gateway, String incarnation, Kind kind, String part, String detail)
      implements Command {}

  /** Proof that a process is gone, from {@link PeerWatch}. */
  public record ProcessGone(MemberIdentity peer, String proof) implements Command {}

  private record Monitors(Set<ActorRef<Command>> monitors) implements Command {}

  private record MemberChanged(ClusterEvent.MemberEvent event) implements Command {}

  private enum ShuttingDown implements Command {
    NOW
  }

  private record ReachabilityChanged(ClusterEvent.ReachabilityEvent event) implements Command {}

  /**
   * A charter in force leaves a process out, from {@link LeaseKeeper}.
   *
   * @param rest in which its lease runs out for certain
   * @param news whether it is that charter which leaves it out, and none before
   */
  public record LeftOut(
      String gateway, String incarnation, long version, Duration rest, boolean news)
      implements Command {}

  private record LeaseOut(LeftOut left) implements Command {}

  private record Unwatch(String incarnation) implements Command {}

  private enum Share implements Command {
    TICK
  }

  private final String self;
  private final String selfIncarnation;
  private final PeerWatch watch;
  private final Consumer<List<Observation>> onChange;
  private final Clock clock;
  private final TimerScheduler<Command> timers;
  private final ObservationBoard board = new ObservationBoard();
  private final Set<String> byCharter = new HashSet<>();
  private Set<ActorRef<Command>> others = Set.of();

  private GatewayMonitor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      String self,
      String selfIncarnation,
      PeerWatch watch,
      Consumer<List<Observation>> onChange,
      Clock clock) {
    super(context);
    this.timers = timers;
    this.self = self;
    this.selfIncarnation = selfIncarnation;
    this.watch = watch;
    this.onChange = onChange;
    this.clock = clock;
  }

  /**
   * Makes the monitor of this gateway.
   *
   * @param watch the connections that prove deaths; their proofs are to be sent here
   * @param onChange called with everything that stands whenever it has changed, on the actor's
   *     thread
   */
  public static Behavior<Command> create(
      String self,
      String selfIncarnation,
      PeerWatch watch,
      Consumer<List<Observation>> onChange,
      Clock clock) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  Cluster cluster = Cluster.get(context.getSystem());
                  cluster
                      .subscriptions()
                      .tell(
                          new Subscribe<>(
                              context.messageAdapter(
                                  ClusterEvent.MemberEvent.class, MemberChanged::new),
                              ClusterEvent.MemberEvent.class));
                  cluster
                      .subscriptions()
                      .tell(
                          new Subscribe<>(
                              context.messageAdapter(
                                  ClusterEvent.ClusterShuttingDown$.class,
                                  down -> ShuttingDown.NOW),
                              ClusterEvent.ClusterShuttingDown$.class));
                  cluster
                      .subscriptions()
                      .tell(
                          new Subscribe<>(
                              context.messageAdapter(
                                  ClusterEvent.ReachabilityEvent.class, ReachabilityChanged::new),
                              ClusterEvent.ReachabilityEvent.class));
                  context
                      .getSystem()
                      .receptionist()
                      .tell(Receptionist.register(SERVICE, context.getSelf()));
                  context
                      .getSystem()
                      .receptionist()
                      .tell(
                          Receptionist.subscribe(
                              SERVICE,
                              context.messageAdapter(
                                  Receptionist.Listing.class,
                                  listing -> new Monitors(listing.getServiceInstances(SERVICE)))));
                  timers.startTimerWithFixedDelay(Share.TICK, SHARE);
                  return new GatewayMonitor(
                      context, timers, self, selfIncarnation, watch, onChange, clock);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(MemberChanged.class, this::onMemberChanged)
        .onMessage(ShuttingDown.class, down -> Behaviors.stopped())
        .onMessage(ReachabilityChanged.class, this::onReachabilityChanged)
        .onMessage(ProcessGone.class, this::onProcessGone)
        .onMessage(PartSeen.class, this::onPartSeen)
        .onMessage(LeftOut.class, this::onLeftOut)
        .onMessage(LeaseOut.class, this::onLeaseOut)
        .onMessage(Unwatch.class, this::onUnwatch)
        .onMessage(Shared.class, this::onShared)
        .onMessage(Monitors.class, this::onMonitors)
        .onMessage(Share.class, this::onShare)
        .build();
  }

  private Behavior<Command> onMemberChanged(MemberChanged changed) {
    ClusterEvent.MemberEvent event = changed.event();
    MemberIdentity peer = MemberIdentity.of(event.member()).orElse(null);
    if (peer == null) {
      if (comes(event.member())) {
        ProofAwareDetector.back(event.member().address().toString());
      }
      return this;
    }
    if (peer.incarnation().equals(selfIncarnation)) {
      // Out of the membership, this gateway sees nothing any more that would be evidence.
      return event instanceof ClusterEvent.MemberDowned
              || event instanceof ClusterEvent.MemberRemoved
          ? Behaviors.stopped()
          : this;
    }
    if (event instanceof ClusterEvent.MemberRemoved removed
        && removed.previousStatus() != MemberStatus.down()
        && removed.previousStatus() != MemberStatus.exiting()) {
      // Nobody is removed from a membership like that: it is this node's own that has ended.
      return Behaviors.stopped();
    }
    if (event instanceof ClusterEvent.MemberRemoved removed) {
      // Who was stopped in order closes its port only now. That too is proof, and a charter may
      // need it: of two that leave at once, the membership says too little.
      timers.startSingleTimer(
          "unwatch-" + peer.incarnation(), new Unwatch(peer.incarnation()), WATCHED_ON);
      // That alone says nothing of its lease: the charter does.
      seen(peer, Kind.REMOVED, "was " + removed.previousStatus());
    } else if (comes(event.member())) {
      ProofAwareDetector.back(peer.address().toString());
      watch.watch(peer);
    }
    return this;
  }

  private static boolean comes(Member member) {
    return member.status() == MemberStatus.joining()
        || member.status() == MemberStatus.weaklyUp()
        || member.status() == MemberStatus.up();
  }

  private Behavior<Command> onReachabilityChanged(ReachabilityChanged changed) {
    MemberIdentity peer = MemberIdentity.of(changed.event().member()).orElse(null);
    if (peer != null && !peer.incarnation().equals(selfIncarnation)) {
      boolean reachable = changed.event() instanceof ClusterEvent.ReachableMember;
      seen(
          peer,
          reachable ? Kind.REACHABLE : Kind.UNREACHABLE,
          reachable ? "heartbeats again" : "no heartbeats from " + peer.address());
    }
    return this;
  }

  private Behavior<Command> onProcessGone(ProcessGone gone) {
    // The address may be a newer process's by now, and that one is not to be downed.
    if (isMember(gone.peer())) {
      ProofAwareDetector.gone(gone.peer().address().toString());
      Cluster.get(getContext().getSystem()).manager().tell(new Down(gone.peer().address()));
    }
    seen(gone.peer(), Kind.PROCESS_GONE, gone.proof());
    return this;
  }

  private boolean isMember(MemberIdentity peer) {
    return MemberIdentity.find(Cluster.get(getContext().getSystem()).state(), peer.incarnation())
        .isPresent();
  }

  /** Every gateway learns the charter by itself: that it leaves somebody out is not shared. */
  private Behavior<Command> onLeftOut(LeftOut left) {
    if (left.incarnation().equals(selfIncarnation)) {
      return this;
    }
    byCharter.add(left.incarnation());
    note(
        observation(
            left.gateway(),
            left.incarnation(),
            Kind.REMOVED,
            "left out of charter " + left.version()));
    timers.startSingleTimer("lease-out-" + left.incarnation(), new LeaseOut(left), left.rest());
    return this;
  }

  /**
   * That is so for everybody, and for ever. One that learnt less of the last acknowledgements
   * counts for longer, and would have hosts wait for it. What is over long since everybody knows:
   * who joins learns of all that were ever left out, and has nothing to tell.
   */
  private Behavior<Command> onLeaseOut(LeaseOut out) {
    LeftOut left = out.left();
    Observation over =
        observation(
            left.gateway(),
            left.incarnation(),
            Kind.LEASE_OUT,
            "left out of charter %d, and its lease is over".formatted(left.version()));
    if (left.news()) {
      noteAndShare(over);
    } else {
      note(over);
    }
    return this;
  }

  private Behavior<Command> onUnwatch(Unwatch over) {
    watch.unwatch(over.incarnation());
    return this;
  }

  private Behavior<Command> onPartSeen(PartSeen seen) {
    noteAndShare(
        new Observation(
            self,
            seen.gateway(),
            seen.incarnation(),
            seen.kind(),
            clock.instant(),
            seen.detail(),
            seen.part()));
    return this;
  }

  private Observation observation(String gateway, String incarnation, Kind kind, String detail) {
    return new Observation(self, gateway, incarnation, kind, clock.instant(), detail);
  }

  private void seen(MemberIdentity peer, Kind kind, String detail) {
    noteAndShare(observation(peer.name(), peer.incarnation(), kind, detail));
  }

  private void noteAndShare(Observation observation) {
    if (note(observation)) {
      Shared shared = new Shared(self, List.of(observation), false);
      others.forEach(other -> other.tell(shared));
    }
  }

  private boolean note(Observation observation) {
    boolean changed = board.note(observation);
    if (changed) {
      getContext()
          .getLog()
          .info(
              "event=observation gateway={} incarnation={} kind={} part={} detail=\"{}\"",
              observation.subject(),
              observation.incarnation(),
              observation.kind(),
              observation.part(),
              observation.detail());
      onChange.accept(board.all());
    }
    return changed;
  }

  private Behavior<Command> onShared(Shared shared) {
    boolean changed = false;
    for (Observation observation : shared.observations()) {
      // What others say of this very process as a whole decides nothing here; whether they reach
      // its portals they know better.
      if (!observation.incarnation().equals(selfIncarnation) || !observation.part().isEmpty()) {
        changed |= board.note(observation);
      }
    }
    if (shared.all()) {
      changed |= board.retain(shared.observer(), shared.observations());
    }
    if (changed) {
      onChange.accept(board.all());
    }
    return this;
  }

  private Behavior<Command> onMonitors(Monitors listed) {
    Set<ActorRef<Command>> now = new HashSet<>(listed.monitors());
    now.remove(getContext().getSelf());
    others = now;
    return onShare(Share.TICK);
  }

  private Behavior<Command> onShare(Share tick) {
    List<Observation> own = new ArrayList<>(board.all());
    own.removeIf(
        observation ->
            !observation.observer().equals(self)
                || (byCharter.contains(observation.incarnation())
                    && (observation.kind() == Kind.REMOVED
                        || observation.kind() == Kind.LEASE_OUT)));
    Shared shared = new Shared(self, own, true);
    others.forEach(other -> other.tell(shared));
    return this;
  }
}
