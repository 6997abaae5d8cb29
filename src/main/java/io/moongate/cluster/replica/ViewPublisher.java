package io.moongate.cluster.replica;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.view.ViewEntry;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.receptionist.Receptionist;

/**
 * Pushes the entries of this node's entities to every gateway's replica and repeats each until it
 * is acknowledged or superseded. One of these per node, so that entities need not know the
 * replicas.
 */
public final class ViewPublisher extends AbstractBehavior<ViewPublisher.Command> {
  private static final Duration REPEAT = Duration.ofMillis(500);

  /** Ticks without an acknowledgement after which it is worth a line in the log. */
  private static final int TICKS_UNTIL_WARNING = 4;

  /** A message to the publisher. */
  public sealed interface Command extends CborSerializable {}

  /** An entity has changed, and the change is confirmed. */
  public record Publish(ViewEntry entry) implements Command {}

  /** A replica has applied an entry or holds a newer one. */
  public record Acknowledge(ActorRef<ViewReplica.Command> replica, String entityId, long version)
      implements Command {}

  private record Replicas(Set<ActorRef<ViewReplica.Command>> replicas) implements Command {}

  private enum Repeat implements Command {
    TICK
  }

  private static final class Pending {
    final ViewEntry entry;
    int ticks;

    Pending(ViewEntry entry) {
      this.entry = entry;
    }
  }

  private final Map<ActorRef<ViewReplica.Command>, Map<String, Pending>> pending = new HashMap<>();

  private ViewPublisher(ActorContext<Command> context) {
    super(context);
  }

  /** Makes the publisher of this node. */
  public static Behavior<Command> create() {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  ActorRef<Receptionist.Listing> listings =
                      context.messageAdapter(
                          Receptionist.Listing.class,
                          listing ->
                              new Replicas(listing.getServiceInstances(ViewReplica.SERVICE)));
                  context
                      .getSystem()
                      .receptionist()
                      .tell(Receptionist.subscribe(ViewReplica.SERVICE, listings));
                  timers.startTimerWithFixedDelay(Repeat.TICK, REPEAT);
                  return new ViewPublisher(context);
                }));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Publish.class, this::onPublish)
        .onMessage(Acknowledge.class, this::onAcknowledge)
        .onMessage(Replicas.class, this::onReplicas)
        .onMessage(Repeat.class, this::onRepeat)
        .build();
  }

  private Behavior<Command> onPublish(Publish publish) {
    ViewEntry entry = publish.entry();
    pending.forEach(
        (replica, entries) -> {
          Pending older = entries.get(entry.entityId());
          if (older == null || older.entry.version() <= entry.version()) {
            entries.put(entry.entityId(), new Pending(entry));
            replica.tell(new ViewReplica.Update(entry, getContext().getSelf()));
          }
        });
    return this;
  }

  private Behavior<Command> onAcknowledge(Acknowledge acknowledge) {
    Map<String, Pending> entries = pending.get(acknowledge.replica());
    if (entries != null) {
      Pending waiting = entries.get(acknowledge.entityId());
      if (waiting != null && waiting.entry.version() <= acknowledge.version()) {
        entries.remove(acknowledge.entityId());
      }
    }
    return this;
  }

  private Behavior<Command> onReplicas(Replicas listed) {
    pending.keySet().retainAll(new HashSet<>(listed.replicas()));
    // A newcomer learns what it missed from another replica, not from here.
    listed.replicas().forEach(replica -> pending.putIfAbsent(replica, new HashMap<>()));
    return this;
  }

  private Behavior<Command> onRepeat(Repeat tick) {
    pending.forEach(
        (replica, entries) ->
            entries
                .values()
                .forEach(
                    waiting -> {
                      if (++waiting.ticks == TICKS_UNTIL_WARNING) {
                        getContext()
                            .getLog()
                            .warn(
                                "event=view-unacknowledged replica={} entity={} version={}",
                                replica.path(),
                                waiting.entry.entityId(),
                                waiting.entry.version());
                      }
                      replica.tell(new ViewReplica.Update(waiting.entry, getContext().getSelf()));
                    }));
    return this;
  }
}
