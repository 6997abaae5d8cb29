package io.moongate.cluster;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/** Closes sessions of this gateway that another one is asked to have closed. */
final class SessionClosing {
  private static final Duration FIND_BOUND = Duration.ofSeconds(2);

  /** Above the bound on a logout, below that of a request to the API. */
  private static final Duration ANSWER_BOUND = Duration.ofSeconds(20);

  /** Asks for a session to be closed. */
  record Close(SessionId id, ActorRef<Closed> replyTo) implements CborSerializable {}

  /**
   * The session is over.
   *
   * @param found whether there was one
   */
  record Closed(boolean found) implements CborSerializable {}

  /** How this gateway closes a session; empty when it has no such one. */
  interface Closer extends Function<SessionId, Optional<CompletionStage<Void>>> {}

  private SessionClosing() {}

  private static ServiceKey<Close> key(String gateway) {
    return ServiceKey.create(Close.class, "session-closing-" + gateway);
  }

  static Behavior<Close> create(String gateway, Closer closer) {
    return Behaviors.setup(
        context -> {
          context
              .getSystem()
              .receptionist()
              .tell(Receptionist.register(key(gateway), context.getSelf()));
          return Behaviors.receiveMessage(
              close -> {
                Optional<CompletionStage<Void>> over = closer.apply(close.id());
                over.orElseGet(() -> CompletableFuture.completedStage(null))
                    .whenComplete(
                        (done, failure) -> close.replyTo().tell(new Closed(over.isPresent())));
                return Behaviors.same();
              });
        });
  }

  /** Has a gateway close a session. */
  static CompletionStage<Void> ask(ActorSystem<?> system, SessionId id, boolean up) {
    CompletionStage<Receptionist.Listing> listing =
        AskPattern.ask(
            system.receptionist(),
            replyTo -> Receptionist.find(key(id.gateway()), replyTo),
            FIND_BOUND,
            system.scheduler());
    return listing.thenCompose(
        found -> {
          Iterator<ActorRef<Close>> closing =
              found.getServiceInstances(key(id.gateway())).iterator();
          if (!closing.hasNext()) {
            return up
                ? Refusals.refuse(
                    Kind.UNAVAILABLE, "id", id.gateway() + " can't be reached: ask again")
                : unknown(id);
          }
          return ask(system, closing.next(), id);
        });
  }

  private static CompletionStage<Void> ask(
      ActorSystem<?> system, ActorRef<Close> closing, SessionId id) {
    CompletionStage<Closed> answer =
        AskPattern.ask(
            closing, replyTo -> new Close(id, replyTo), ANSWER_BOUND, system.scheduler());
    return answer
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedStage(
                    new Refusal(
                        Kind.UNAVAILABLE,
                        "",
                        "%s has not said within %s that the session is over"
                            .formatted(id.gateway(), ANSWER_BOUND))))
        .thenCompose(
            closed -> closed.found() ? CompletableFuture.completedStage(null) : unknown(id));
  }

  private static CompletionStage<Void> unknown(SessionId id) {
    return Refusals.refuse(Kind.NOT_FOUND, "id", "there is no session " + id.text());
  }
}
