package io.moongate.cluster.membership;

import io.moongate.cluster.CborSerializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Keeps this gateway's lease: its pings, acknowledged by a majority of the members (itself among
 * them), extend it to the <em>sending</em> of the ping plus the lease's length. A gateway that was
 * downed is not acknowledged any more by anyone who has seen it.
 *
 * <p>What is not here yet: the tie-break in Cassandra for even splits. Two gateways that lose sight
 * of one another are decided by the split brain resolver alone.
 */
public final class LeaseKeeper extends AbstractBehavior<LeaseKeeper.Command> {

  /** Where keepers find one another. */
  public static final ServiceKey<Command> SERVICE =
      ServiceKey.create(Command.class, "lease-keeper");

  /** A message to the keeper. */
  public sealed interface Command extends CborSerializable {}

  /** Asks for an acknowledgement; {@code sentNanos} is of the sender's clock and comes back. */
  public record Ping(String incarnation, long sentNanos, ActorRef<Command> replyTo)
      implements Command {}

  /** Acknowledges. */
  public record Pong(String incarnation, long sentNanos) implements Command {}

  private record Keepers(Set<ActorRef<Command>> keepers) implements Command {}

  private record MemberChanged(ClusterEvent.MemberEvent event) implements Command {}

  private enum ShuttingDown implements Command {
    NOW
  }

  private enum Beat implements Command {
    TICK
  }

  private final String selfIncarnation;
  private final Duration length;
  private final ServingLease lease;
  private final Runnable onLost;
  private final LongSupplier nanoTime;
  private final Map<String, Long> acknowledged = new HashMap<>();
  private final Set<String> members = new HashSet<>();
  private Set<ActorRef<Command>> others = Set.of();
  private boolean held;
  private boolean over;

  private LeaseKeeper(
      ActorContext<Command> context,
      String selfIncarnation,
      Duration length,
      ServingLease lease,
      Runnable onLost,
      LongSupplier nanoTime) {
    super(context);
    this.selfIncarnation = selfIncarnation;
    this.length = length;
    this.lease = lease;
    this.onLost = onLost;
    this.nanoTime = nanoTime;
    members.add(selfIncarnation);
    for (Member member : Cluster.get(context.getSystem()).state().getMembers()) {
      note(member);
    }
  }

  /**
   * Makes the keeper of this gateway.
   *
   * @param length of the lease
   * @param interval between pings; a small part of the length
   * @param onLost called when the lease has run out, before it can be extended again: sessions are
   *     to be dropped without reading on (design rule 5)
   */
  public static Behavior<Command> create(
      String selfIncarnation,
      Duration length,
      Duration interval,
      ServingLease lease,
      Runnable onLost,
      LongSupplier nanoTime) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  Cluster.get(context.getSystem())
                      .subscriptions()
                      .tell(
                          new Subscribe<>(
                              context.messageAdapter(
                                  ClusterEvent.MemberEvent.class, MemberChanged::new),
                              ClusterEvent.MemberEvent.class));
                  Cluster.get(context.getSystem())
                      .subscriptions()
                      .tell(
                          new Subscribe<>(
                              context.messageAdapter(
                                  ClusterEvent.ClusterShuttingDown$.class,
                                  down -> ShuttingDown.NOW),
                              ClusterEvent.ClusterShuttingDown$.class));
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
                                  listing -> new Keepers(listing.getServiceInstances(SERVICE)))));
                  timers.startTimerAtFixedRate(Beat.TICK, interval);
                  return new LeaseKeeper(context, selfIncarnation, length, lease, onLost, nanoTime);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Ping.class, this::onPing)
        .onMessage(Pong.class, this::onPong)
        .onMessage(Keepers.class, this::onKeepers)
        .onMessage(MemberChanged.class, this::onMemberChanged)
        .onMessage(ShuttingDown.class, down -> end("the node leaves the membership"))
        .onMessage(Beat.class, this::onBeat)
        .build();
  }

  private Behavior<Command> onPing(Ping ping) {
    if (!over && members.contains(ping.incarnation())) {
      ping.replyTo().tell(new Pong(selfIncarnation, ping.sentNanos()));
    }
    return this;
  }

  private Behavior<Command> onPong(Pong pong) {
    if (pong.incarnation().equals(selfIncarnation)) {
      return this; // Its own vote is counted already.
    }
    acknowledged.merge(pong.incarnation(), pong.sentNanos(), (a, b) -> a - b > 0 ? a : b);
    renew();
    return this;
  }

  private Behavior<Command> onKeepers(Keepers listed) {
    Set<ActorRef<Command>> now = new HashSet<>(listed.keepers());
    now.remove(getContext().getSelf());
    others = now;
    return onBeat(Beat.TICK);
  }

  private Behavior<Command> onMemberChanged(MemberChanged changed) {
    Member member = changed.event().member();
    MemberIdentity identity = MemberIdentity.of(member).orElse(null);
    if (over || identity == null) {
      return this;
    }
    if (identity.incarnation().equals(selfIncarnation)) {
      return votes(member.status()) || !leaves(member.status())
          ? this
          : end("this member is " + member.status());
    }
    // A node that shuts down is told that every other one was removed: those are no fewer for that.
    if (changed.event() instanceof ClusterEvent.MemberRemoved removed
        && !leaves(removed.previousStatus())) {
      return end("all others are gone at once");
    }
    note(member);
    return this;
  }

  /** From here on the survivors may count the time after which nothing is served here. */
  private Behavior<Command> end(String cause) {
    if (!over) {
      over = true;
      lease.end(nanoTime.getAsLong());
      getContext().getLog().warn("event=lease-ended reason=\"{}\"", cause);
      onLost.run();
    }
    return this;
  }

  private static boolean votes(MemberStatus status) {
    return status == MemberStatus.up() || status == MemberStatus.leaving();
  }

  private static boolean leaves(MemberStatus status) {
    return status == MemberStatus.exiting()
        || status == MemberStatus.down()
        || status == MemberStatus.removed();
  }

  private void note(Member member) {
    MemberIdentity identity = MemberIdentity.of(member).orElse(null);
    if (identity == null || identity.incarnation().equals(selfIncarnation)) {
      return;
    }
    if (votes(member.status())) {
      members.add(identity.incarnation());
    } else {
      // Joining ones have no vote yet; exiting and downed ones have none any more.
      forget(identity);
    }
  }

  private void forget(MemberIdentity identity) {
    members.remove(identity.incarnation());
    acknowledged.remove(identity.incarnation());
  }

  private Behavior<Command> onBeat(Beat tick) {
    if (over) {
      return this;
    }
    long now = nanoTime.getAsLong();
    if (held && !lease.coversNanos(now)) {
      held = false;
      getContext().getLog().error("event=lease-lost members={}", members.size());
      onLost.run();
    }
    Ping ping = new Ping(selfIncarnation, now, getContext().getSelf());
    others.forEach(other -> other.tell(ping));
    renew();
    return this;
  }

  private void renew() {
    if (over) {
      return;
    }
    int majority = members.size() / 2 + 1;
    List<Long> sendings = new ArrayList<>();
    long now = nanoTime.getAsLong();
    if (held && !lease.coversNanos(now)) {
      return; // The next beat says that it was lost before anything extends it.
    }
    sendings.add(now);
    for (String member : members) {
      Long sent = acknowledged.get(member);
      if (sent != null) {
        sendings.add(sent);
      }
    }
    if (sendings.size() < majority) {
      return;
    }
    sendings.sort(Comparator.comparingLong((Long sent) -> sent - now).reversed());
    lease.extendTo(sendings.get(majority - 1) + length.toNanos());
    if (!held && lease.coversNanos(now)) {
      held = true;
      getContext().getLog().info("event=lease-held members={}", members.size());
    }
  }
}
