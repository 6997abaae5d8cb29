package io.moongate.cluster.security;

import java.time.Duration;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/**
 * Keeps what a gateway's API refused in the journal, below {@code Security|GATEWAY}. It decides
 * nothing and replies to nobody, so it takes no term: what two processes of one gateway keep at the
 * same time counts, both of it. What comes while Cassandra is away is in the gateway's log alone.
 *
 * <p>Strangers can bring these events about: so many are kept at once, then one a minute, and those
 * between are told as a number. Each known user has such a budget of his own, which neither
 * strangers nor other users can use up, below a bound of all users together.
 */
public final class SecurityLog extends EventSourcedBehavior<RefusedAttempt, RefusedAttempt, Done> {
  /** The kind of entity, with which the ids in the journal begin. */
  public static final String KIND = "Security";

  private static final Duration BACKOFF = Duration.ofSeconds(1);
  private static final Duration LONGEST_BACKOFF = Duration.ofMinutes(1);

  private final KeepingRate strangers = new KeepingRate("");
  private final UserRates users = new UserRates();

  private SecurityLog(PersistenceId id) {
    super(id, SupervisorStrategy.restartWithBackoff(BACKOFF, LONGEST_BACKOFF, 0.2));
  }

  /** That of a gateway. */
  static Behavior<RefusedAttempt> create(String gateway) {
    return new SecurityLog(id(gateway));
  }

  /** By which the journal knows it. */
  public static PersistenceId id(String gateway) {
    return PersistenceId.of(KIND, gateway);
  }

  /** Starts it; told of attempts, it keeps them. */
  public static ActorRef<RefusedAttempt> start(ActorSystem<?> system, String gateway) {
    return system.systemActorOf(create(gateway), "security-log", Props.empty());
  }

  @Override
  public Done emptyState() {
    return Done.getInstance();
  }

  @Override
  public CommandHandler<RefusedAttempt, RefusedAttempt, Done> commandHandler() {
    return newCommandHandlerBuilder()
        .forAnyState()
        .onAnyCommand(
            attempt ->
                (attempt.user().isEmpty() ? strangers.kept(attempt) : users.kept(attempt))
                    .map(event -> Effect().persist(event))
                    .orElseGet(() -> Effect().none()));
  }

  @Override
  public EventHandler<Done, RefusedAttempt> eventHandler() {
    return newEventHandlerBuilder().forAnyState().onAnyEvent((state, event) -> state);
  }
}
