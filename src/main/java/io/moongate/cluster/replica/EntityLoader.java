package io.moongate.cluster.replica;

import io.moongate.cluster.Answer;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.cassandra.query.javadsl.CassandraReadJournal;
import org.apache.pekko.persistence.query.PersistenceQuery;

/**
 * Makes the view complete when there is no replica to learn it from: asks each entity that the
 * journal knows what it is. Gives up as soon as another replica has told everything.
 */
public final class EntityLoader {
  private static final Duration HEAD_START_OF_PEERS = Duration.ofMillis(500);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration ANSWER_BOUND = Duration.ofSeconds(10);
  private static final int PARALLEL = 64;

  private enum Message {
    LOAD,
    LOADED,
    FAILED
  }

  private EntityLoader() {}

  /**
   * Makes the loader.
   *
   * @param replica which is to learn
   * @param complete completed once the view is, by whomever
   */
  public static Behavior<?> create(
      ActorRef<ViewReplica.Command> replica, CompletableFuture<Void> complete) {
    return Behaviors.<Message>setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startSingleTimer(Message.LOAD, HEAD_START_OF_PEERS);
                  return Behaviors.receiveMessage(
                      message -> {
                        if (complete.isDone()) {
                          return Behaviors.stopped();
                        }
                        switch (message) {
                          case LOAD -> load(context, replica);
                          case LOADED -> replica.tell(new ViewReplica.Loaded());
                          case FAILED -> timers.startSingleTimer(Message.LOAD, RETRY);
                        }
                        return message == Message.LOADED ? Behaviors.stopped() : Behaviors.same();
                      });
                }));
  }

  private static void load(ActorContext<Message> context, ActorRef<ViewReplica.Command> replica) {
    ActorSystem<?> system = context.getSystem();
    CassandraReadJournal journal =
        PersistenceQuery.get(system)
            .getReadJournalFor(CassandraReadJournal.class, CassandraReadJournal.Identifier());
    CompletionStage<Done> all =
        journal
            .currentPersistenceIds()
            .mapAsyncUnordered(PARALLEL, id -> ask(system, id))
            .runForeach(
                answer -> {
                  if (answer instanceof Answer.Accepted accepted) {
                    replica.tell(new ViewReplica.Learn(accepted.entry(), system.ignoreRef()));
                  }
                },
                system);
    context.pipeToSelf(
        all,
        (done, failure) -> {
          if (failure != null) {
            system.log().warn("event=view-not-loaded reason=\"{}\"", failure.toString());
          }
          return failure == null ? Message.LOADED : Message.FAILED;
        });
  }

  private static CompletionStage<Answer> ask(ActorSystem<?> system, String persistenceId) {
    ClusterSharding sharding = ClusterSharding.get(system);
    int bar = persistenceId.indexOf('|');
    String kind = bar < 0 ? "" : persistenceId.substring(0, bar);
    String id = persistenceId.substring(bar + 1);
    return switch (kind) {
      case "gateway" -> sharding.entityRefFor(Gateway.KEY, id).ask(Gateway.Get::new, ANSWER_BOUND);
      case "target" -> sharding.entityRefFor(Target.KEY, id).ask(Target.Get::new, ANSWER_BOUND);
      case "unit" ->
          sharding.entityRefFor(LogicalUnit.KEY, id).ask(LogicalUnit.Get::new, ANSWER_BOUND);
      default ->
          CompletableFuture.completedStage(
              Answer.notFound("", "not one of ours: " + persistenceId));
    };
  }
}
