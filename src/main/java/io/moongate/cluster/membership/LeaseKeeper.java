package io.moongate.cluster.membership;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.charter.CharterRow;
import io.moongate.cluster.charter.Effect;
import io.moongate.cluster.charter.LeaseMessage;
import io.moongate.cluster.charter.LeaseProtocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.eventstream.EventStream;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Subscribe;
import org.apache.pekko.remote.artery.ThisActorSystemQuarantinedEvent;

/**
 * Keeps this gateway's lease and its part in the charter: carries {@link LeaseProtocol}'s messages,
 * asks the row in Cassandra, tells it the membership, and downs whom a charter in force leaves out.
 * Nobody else downs a member, but who has proof that it is gone ({@link GatewayMonitor}): so the
 * membership never decides otherwise than the charter.
 */
public final class LeaseKeeper extends AbstractBehavior<LeaseKeeper.Command> {

  /** Where keepers find one another. */
  public static final ServiceKey<Command> SERVICE =
      ServiceKey.create(Command.class, "lease-keeper");

  /** Within which the others should have made a charter without a process that is to stop. */
  private static final Duration LEAVING = Duration.ofSeconds(2);

  /** The row is not waited for longer than this; what came of a change is then read. */
  private static final Duration ROW_ANSWER = Duration.ofSeconds(3);

  /** A process is heard while no more of its beats than this are missing, nor half a lease. */
  private static final int BEATS_MISSED = 6;

  /** A message to the keeper. */
  public sealed interface Command extends CborSerializable {}

  /** Another keeper's word. */
  public record Said(LeaseMessage message, ActorRef<Command> replyTo) implements Command {}

  /** A process is proven to be gone. Of this process only. */
  public record Gone(String incarnation) implements Command {}

  /**
   * This process is about to stop in good order. Answered when it acknowledges nobody any more, so
   * that its stop may be recorded.
   */
  public record Leave(ActorRef<Done> replyTo) implements Command {}

  /** The record says that this process is out. Of this process only. */
  public record Expelled(String cause) implements Command {}

  private record Keepers(Set<ActorRef<Command>> keepers) implements Command {}

  private record MemberChanged(ClusterEvent.MemberEvent event) implements Command {}

  private record ReachabilityChanged(ClusterEvent.ReachabilityEvent event) implements Command {}

  private record Quarantined(ThisActorSystemQuarantinedEvent event) implements Command {}

  private record RowIs(CharterRow.Content content, Throwable failure) implements Command {}

  private enum ShuttingDown implements Command {
    NOW
  }

  private enum Beat implements Command {
    TICK
  }

  /**
   * How the lease is kept.
   *
   * @param protocol the protocol's own times
   * @param interval between pings; a small part of the lease's length
   * @param strandedAfter how long this process waits in a membership without any guardian of a
   *     charter that does not name it, nor proof that they are gone, before it ends itself to look
   *     for another one; and how long one that the charter has left out may stay
   */
  public record Settings(
      LeaseProtocol.Settings protocol, Duration interval, Duration strandedAfter) {}

  /** What follows for the rest of the gateway; called on the actor's thread. */
  public interface Listener {
    /**
     * The lease has run out, before it can be extended again: sessions are to be dropped without
     * reading on (design rule 5).
     */
    void lost();

    /** This process is out of the charter: it has to end, and may come back as a newcomer. */
    void leftOut(String cause);

    /** Why there is no other charter, or no lease; empty when nothing is waited for. */
    void charterWaits(String reason);

    /**
     * Another charter counts here.
     *
     * @param longestLease of its guardians and of those that it remembers as former ones
     */
    void adopted(Duration longestLease);

    /**
     * A charter in force leaves another process out.
     *
     * @param quiet how long ago the last ping was sent, at the latest, that counts for its lease
     */
    void otherLeftOut(Effect.LeftOut left, Duration quiet);
  }

  private final String self;
  private final ServingLease lease;
  private final CharterRow row;
  private final Listener listener;
  private final LongSupplier nanoTime;
  private final LeaseProtocol protocol;
  private final MembershipView membership;
  private final Expulsions expulsions;
  private final AbsentMetadata absent = new AbsentMetadata();
  private final long hearing;
  private final Map<String, ActorRef<Command>> keepers = new HashMap<>();
  private Set<ActorRef<Command>> others = Set.of();
  private final List<ActorRef<Done>> left = new ArrayList<>();
  private final Map<String, Long> heardAt = new HashMap<>();

  /** When the newest ping was sent that each process has acknowledged. */
  private final Map<String, Long> acknowledged = new HashMap<>();

  private String rowFailure = "";
  private String waits = "";
  private long leaveUntil;

  private LeaseKeeper(
      ActorContext<Command> context,
      String self,
      Settings settings,
      ServingLease lease,
      CharterRow row,
      Listener listener,
      LongSupplier nanoTime) {
    super(context);
    this.self = self;
    this.lease = lease;
    this.row = row;
    this.listener = listener;
    this.nanoTime = nanoTime;
    long now = nanoTime.getAsLong();
    this.protocol = new LeaseProtocol(settings.protocol(), self, now);
    this.membership = new MembershipView(Cluster.get(context.getSystem()).state());
    this.hearing =
        Math.min(
            settings.interval().multipliedBy(BEATS_MISSED).toNanos(),
            settings.protocol().length().dividedBy(2).toNanos());
    this.expulsions = new Expulsions(self, membership, settings.strandedAfter(), now);
  }

  /** Makes the keeper of this gateway; {@code self} is the incarnation of this process. */
  public static Behavior<Command> create(
      String self,
      Settings settings,
      ServingLease lease,
      CharterRow row,
      Listener listener,
      LongSupplier nanoTime) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  subscribe(context, ClusterEvent.MemberEvent.class, MemberChanged::new);
                  subscribe(
                      context, ClusterEvent.ReachabilityEvent.class, ReachabilityChanged::new);
                  subscribe(
                      context, ClusterEvent.ClusterShuttingDown$.class, down -> ShuttingDown.NOW);
                  context
                      .getSystem()
                      .eventStream()
                      .tell(
                          new EventStream.Subscribe<>(
                              ThisActorSystemQuarantinedEvent.class,
                              context.messageAdapter(
                                  ThisActorSystemQuarantinedEvent.class, Quarantined::new)));
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
                                  listing ->
                                      new Keepers(listing.getAllServiceInstances(SERVICE)))));
                  timers.startTimerAtFixedRate(Beat.TICK, settings.interval());
                  return new LeaseKeeper(context, self, settings, lease, row, listener, nanoTime);
                }));
  }

  private static <E extends ClusterEvent.ClusterDomainEvent> void subscribe(
      ActorContext<Command> context,
      Class<E> events,
      org.apache.pekko.japi.function.Function<E, Command> toCommand) {
    Cluster.get(context.getSystem())
        .subscriptions()
        .tell(new Subscribe<>(context.messageAdapter(events, toCommand), events));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Said.class, this::onSaid)
        .onMessage(Gone.class, gone -> act(protocol.gone(gone.incarnation(), now())))
        .onMessage(Leave.class, this::onLeave)
        .onMessage(RowIs.class, this::onRow)
        .onMessage(Keepers.class, this::onKeepers)
        .onMessage(MemberChanged.class, this::onMemberChanged)
        .onMessage(ReachabilityChanged.class, this::onReachabilityChanged)
        .onMessage(Quarantined.class, this::onQuarantined)
        .onMessage(ShuttingDown.class, down -> end("the node leaves the membership"))
        .onMessage(Expelled.class, expelled -> end(expelled.cause()))
        .onMessage(Beat.class, this::onBeat)
        .onSignal(PostStop.class, this::onStopped)
        .build();
  }

  private long now() {
    return nanoTime.getAsLong();
  }

  private Behavior<Command> onSaid(Said said) {
    keepers.put(said.message().from(), said.replyTo());
    heardAt.put(said.message().from(), now());
    if (said.message() instanceof LeaseMessage.Pong pong) {
      acknowledged.merge(
          pong.from(), pong.sentNanos(), (one, other) -> one - other > 0 ? one : other);
    }
    return act(protocol.received(said.message(), now()));
  }

  private Behavior<Command> onLeave(Leave leave) {
    protocol.leave();
    left.add(leave.replyTo());
    leaveUntil = now() + LEAVING.toNanos();
    return onBeat(Beat.TICK);
  }

  /** Ceases to acknowledge once no charter counts on that, or it has taken too long. */
  private void ceaseIfLeft() {
    if (!left.isEmpty() && (protocol.mayCease() || now() - leaveUntil >= 0)) {
      protocol.cease();
      left.forEach(asker -> asker.tell(Done.getInstance()));
      left.clear();
    }
  }

  private Behavior<Command> onRow(RowIs outcome) {
    if (outcome.failure() == null) {
      rowFailure = "";
      tellWaits();
      return act(protocol.row(outcome.content().charter(), outcome.content().inForce(), now()));
    }
    String failure =
        outcome.failure() instanceof TimeoutException
            ? "Cassandra has not answered within " + ROW_ANSWER
            : outcome.failure().toString();
    if (!failure.equals(rowFailure)) {
      rowFailure = failure;
      getContext().getLog().warn("event=charter-row-failed reason=\"{}\"", failure);
      tellWaits();
    }
    return act(protocol.rowFailed(now()));
  }

  private Behavior<Command> onKeepers(Keepers listed) {
    others =
        listed.keepers().stream()
            .filter(keeper -> !keeper.equals(getContext().getSelf()))
            .collect(Collectors.toSet());
    keepers.values().retainAll(others);
    heardAt.keySet().retainAll(keepers.keySet());
    acknowledged.keySet().retainAll(keepers.keySet());
    return onBeat(Beat.TICK);
  }

  private Behavior<Command> onMemberChanged(MemberChanged changed) {
    Member member = changed.event().member();
    boolean leaves = MembershipView.leaves(member.status());
    if (protocol.isOver()) {
      return this;
    }
    if (MemberIdentity.of(member).filter(peer -> peer.incarnation().equals(self)).isPresent()
        && leaves) {
      return end("this member is " + member.status());
    }
    // A node that shuts down is told that every other one was removed: those are no fewer for that.
    if (changed.event() instanceof ClusterEvent.MemberRemoved removed
        && !MembershipView.leaves(removed.previousStatus())) {
      return end("all others are gone at once");
    }
    membership.note(member);
    return seen();
  }

  private Behavior<Command> onReachabilityChanged(ReachabilityChanged changed) {
    membership.reachable(
        changed.event().member(), changed.event() instanceof ClusterEvent.ReachableMember);
    return seen();
  }

  private Behavior<Command> seen() {
    return act(protocol.membership(membership.now(this::isKnown, this::isHeard), now()));
  }

  /**
   * Whether a process's keeper and this one know one another. Who became a guardian before could
   * not acknowledge yet, and the lease of a gateway that was alone until then would be running out.
   */
  private boolean isKnown(String incarnation) {
    ActorRef<Command> keeper = keepers.get(incarnation);
    return incarnation.equals(self) || (keeper != null && others.contains(keeper));
  }

  /** A member that this one still lists will hear it no more: it decided so. */
  private Behavior<Command> onQuarantined(Quarantined quarantined) {
    var remote = quarantined.event().remoteAddress();
    for (Member member : Cluster.get(getContext().getSystem()).state().getMembers()) {
      if (member.address().equals(remote.address())
          && member.uniqueAddress().longUid() == remote.uid()) {
        Cluster cluster = Cluster.get(getContext().getSystem());
        cluster.manager().tell(new Down(cluster.selfMember().address()));
        return end("quarantined by " + remote.address());
      }
    }
    return this;
  }

  private Behavior<Command> onBeat(Beat tick) {
    lease.keptAt(now());
    if (!protocol.isOver()) {
      seen();
      act(protocol.beat(now()));
    }
    if (!protocol.isOver()) {
      expel(now());
      leaveIfStranded();
    }
    ceaseIfLeft();
    return this;
  }

  private void expel(long now) {
    boolean leased = protocol.inForce() && protocol.lease().covers(now);
    expulsions.look(protocol.charter(), leased, this::isHeard, now);
    List<Member> out =
        new ArrayList<>(
            absent.look(
                Cluster.get(getContext().getSystem()).state().getUnreachable(), leased, now));
    if (!leased) {
      return;
    }
    out.addAll(expulsions.toDown(protocol.charter(), now));
    for (Member member : out) {
      if (MembershipView.isListed(getContext().getSystem(), member)) {
        getContext()
            .getLog()
            .warn(
                "event=downing member={} charter={}",
                member.address(),
                protocol.charter().version());
        Cluster.get(getContext().getSystem()).manager().tell(new Down(member.address()));
      }
    }
  }

  /**
   * Whether a process's keeper was heard lately, whatever is said of its heartbeats. Of a guardian
   * only its acknowledgement counts: one that hears nobody may well be heard, and holds no lease.
   */
  private boolean isHeard(String incarnation) {
    boolean acknowledges = protocol.charter().names(self) && protocol.charter().names(incarnation);
    Long at = (acknowledges ? acknowledged : heardAt).get(incarnation);
    return at != null && now() - at < hearing;
  }

  private void leaveIfStranded() {
    if (expulsions.stranded(protocol.charter(), protocol.mayDecide(), now())) {
      end("no guardian of charter %d is in this cluster".formatted(protocol.charter().version()));
      listener.leftOut(
          "no guardian of charter %d is in this cluster, nor proven to be gone: %s"
              .formatted(protocol.charter().version(), protocol.charter().guardians()));
    }
  }

  /** Without a keeper the process has no lease, and would be a guardian all the same. */
  private Behavior<Command> onStopped(PostStop stopped) {
    if (!protocol.isOver()) {
      try {
        end("its keeper has failed");
      } finally {
        listener.leftOut("the keeper of the lease has failed, its log says why");
      }
    }
    return this;
  }

  /** From here on the survivors may count the time after which nothing is served here. */
  private Behavior<Command> end(String cause) {
    if (!protocol.isOver()) {
      getContext().getLog().warn("event=lease-ended reason=\"{}\"", cause);
      act(protocol.end(now()));
    }
    return this;
  }

  private Behavior<Command> act(List<Effect> effects) {
    for (Effect effect : effects) {
      perform(effect);
    }
    lease.extendTo(protocol.lease().untilNanos());
    return this;
  }

  private void perform(Effect effect) {
    if (effect instanceof Effect.Send send) {
      ActorRef<Command> keeper = keepers.get(send.to());
      if (keeper != null) {
        keeper.tell(new Said(send.message(), getContext().getSelf()));
      }
    } else if (effect instanceof Effect.Broadcast broadcast) {
      Said said = new Said(broadcast.message(), getContext().getSelf());
      others.forEach(other -> other.tell(said));
    } else if (effect instanceof Effect.Read) {
      ask(row::read);
    } else if (effect instanceof Effect.Propose propose) {
      ask(() -> row.propose(propose.charter(), propose.cause()));
    } else if (effect instanceof Effect.Confirm confirm) {
      ask(() -> row.confirm(confirm.version()));
    } else if (effect instanceof Effect.Held held) {
      getContext()
          .getLog()
          .info("event=lease-held charter={} guardians={}", held.version(), held.guardians());
    } else if (effect instanceof Effect.Lost) {
      lost();
    } else if (effect instanceof Effect.Adopted adopted) {
      membership.forgetAllBut(adopted.charter());
      // Whoever becomes a guardian has been heard; it could not acknowledge before.
      adopted
          .charter()
          .guardians()
          .keySet()
          .forEach(
              guardian ->
                  Optional.ofNullable(heardAt.get(guardian))
                      .ifPresent(at -> acknowledged.putIfAbsent(guardian, at)));
      listener.adopted(Duration.ofNanos(adopted.charter().longestLeaseNanos()));
      getContext()
          .getLog()
          .info(
              "event=charter-adopted version={} guardians={}",
              adopted.charter().version(),
              adopted.charter().guardians());
    } else if (effect instanceof Effect.LeftOut out) {
      Duration quiet = Duration.ofNanos(Math.max(0, now() - out.lastPingNanos()));
      listener.otherLeftOut(out, quiet);
    } else if (effect instanceof Effect.End end) {
      getContext().getLog().error("event=left-out reason=\"{}\"", end.cause());
      listener.leftOut(end.cause());
    } else if (effect instanceof Effect.Waits waits) {
      getContext().getLog().info("event=charter-waits reason=\"{}\"", waits.reason());
      this.waits = waits.reason();
      tellWaits();
    }
  }

  private void tellWaits() {
    boolean failed = !waits.isEmpty() && !rowFailure.isEmpty();
    listener.charterWaits(failed ? waits + "; " + rowFailure : waits);
  }

  private void lost() {
    lease.lost();
    long now = now();
    if (protocol.isOver()) {
      lease.end(now);
    } else {
      getContext()
          .getLog()
          .error(
              "event=lease-lost charter={} guardians={}",
              protocol.charter().version(),
              protocol.charter().guardians().size());
    }
    listener.lost();
  }

  private void ask(Supplier<CompletionStage<CharterRow.Content>> question) {
    CompletionStage<CharterRow.Content> answer;
    try {
      answer = question.get();
    } catch (RuntimeException failure) {
      answer = CompletableFuture.failedStage(failure);
    }
    getContext()
        .pipeToSelf(
            answer
                .toCompletableFuture()
                .copy()
                .orTimeout(ROW_ANSWER.toMillis(), TimeUnit.MILLISECONDS),
            RowIs::new);
  }
}
