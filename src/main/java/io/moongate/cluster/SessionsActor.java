package io.moongate.cluster;

import io.moongate.cluster.Metadata.SessionEntry;
import java.util.List;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/** Tells the other gateways the iSCSI sessions of this one. */
final class SessionsActor {
  static final ServiceKey<Ask> SERVICE = ServiceKey.create(Ask.class, "sessions");

  /** Asks for the sessions. */
  record Ask(ActorRef<Told> replyTo) implements CborSerializable {}

  /** The sessions of a gateway. */
  record Told(String gateway, List<SessionEntry> sessions) implements CborSerializable {}

  private SessionsActor() {}

  static Behavior<Ask> create(String gateway, Supplier<List<SessionEntry>> sessions) {
    return Behaviors.setup(
        context -> {
          context
              .getSystem()
              .receptionist()
              .tell(Receptionist.register(SERVICE, context.getSelf()));
          return Behaviors.receiveMessage(
              ask -> {
                ask.replyTo().tell(new Told(gateway, sessions.get()));
                return Behaviors.same();
              });
        });
  }
}
