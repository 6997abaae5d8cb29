package io.moongate.cluster;

import com.datastax.oss.driver.api.core.CqlSession;
import io.moongate.cluster.cassandra.CassandraIdentifiers;
import io.moongate.cluster.cassandra.CassandraOwnershipRows;
import io.moongate.cluster.cassandra.CassandraTerms;
import io.moongate.cluster.membership.LostGateways;
import io.moongate.cluster.replica.ViewPublisher;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.eventstream.EventStream;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.SelfUp;
import org.apache.pekko.cluster.typed.Subscribe;
import org.apache.pekko.remote.artery.ThisActorSystemQuarantinedEvent;

/**
 * A member that hosts entities and is no gateway: it has no lease, is in no charter, and nobody's
 * failure is decided by what it sees. That its entities are right rests on their terms alone, as
 * anywhere.
 */
public final class MetadataNode {
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final CompletableFuture<Void> up = new CompletableFuture<>();

  private MetadataNode() {}

  /** Starts it; it joins as the actor system's configuration says. */
  public static MetadataNode start(ActorSystem<?> system, NodeSettings settings, Clock clock) {
    MetadataNode node = new MetadataNode();
    Supplier<CompletionStage<CqlSession>> session = () -> GatewayNode.cassandra(system);
    ActorRef<ViewPublisher.Command> publisher =
        system.systemActorOf(ViewPublisher.create(), "view-publisher", Props.empty());
    Entities.init(
        system,
        settings,
        new CassandraTerms(session, settings.keyspace(), settings.gateway(), clock),
        new CassandraOwnershipRows(session, settings.keyspace(), clock),
        new CassandraIdentifiers(session, settings.keyspace()),
        publisher,
        clock);
    system.systemActorOf(
        node.standing(settings.lease().strandedAfter()), "metadata-standing", Props.empty());
    return node;
  }

  /** Completed when it is a member that is up. */
  public CompletionStage<Void> up() {
    return up.copy();
  }

  private enum Look {
    NOW
  }

  /**
   * Ends this member when another one will hear it no more, as it would host what nobody reaches;
   * and when no gateway is left to say who is a member.
   */
  private Behavior<Object> standing(Duration patience) {
    return Behaviors.withTimers(
        timers -> {
          timers.startTimerWithFixedDelay(Look.NOW, LOOK);
          return standing(new LostGateways(patience));
        });
  }

  private Behavior<Object> standing(LostGateways lost) {
    return Behaviors.setup(
        context -> {
          Cluster cluster = Cluster.get(context.getSystem());
          cluster.subscriptions().tell(new Subscribe<>(context.getSelf().narrow(), SelfUp.class));
          context
              .getSystem()
              .eventStream()
              .tell(
                  new EventStream.Subscribe<>(
                      ThisActorSystemQuarantinedEvent.class, context.getSelf().narrow()));
          return Behaviors.receive(Object.class)
              .onMessage(
                  SelfUp.class,
                  member -> {
                    up.complete(null);
                    return Behaviors.same();
                  })
              .onMessage(
                  Look.class,
                  now -> {
                    CurrentClusterState state = cluster.state();
                    if (lost.look(state.getMembers(), state.getUnreachable(), System.nanoTime())) {
                      context
                          .getLog()
                          .error("event=no-gateway-left members={}", state.getMembers());
                      cluster.manager().tell(new Down(cluster.selfMember().address()));
                    }
                    return Behaviors.same();
                  })
              .onMessage(
                  ThisActorSystemQuarantinedEvent.class,
                  quarantined -> {
                    context.getLog().error("event=quarantined by={}", quarantined.remoteAddress());
                    cluster.manager().tell(new Down(cluster.selfMember().address()));
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
