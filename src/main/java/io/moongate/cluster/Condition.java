package io.moongate.cluster;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.ViewEntry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The condition of one change. It goes along with each command to the entity in question until one
 * of these was accepted: what the entity is after that is of the change's own making.
 */
final class Condition {
  /** Whatever the entities are. */
  static final Condition NONE = new Condition(Optional.empty());

  /** The commands of gateways. */
  static final Commands<Gateway.Command> GATEWAY =
      (versions, command, replyTo) ->
          command instanceof Gateway.Get
              ? command
              : new Gateway.IfVersion(versions, command, replyTo);

  /** The commands of targets. */
  static final Commands<Target.Command> TARGET =
      (versions, command, replyTo) ->
          command instanceof Target.Get
              ? command
              : new Target.IfVersion(versions, command, replyTo);

  /** The commands of logical units. */
  static final Commands<LogicalUnit.Command> UNIT =
      (versions, command, replyTo) ->
          command instanceof LogicalUnit.Get
              ? command
              : new LogicalUnit.IfVersion(versions, command, replyTo);

  /** Makes commands of a kind of entity conditional, but for those that change nothing. */
  interface Commands<C> {
    C onVersion(List<Long> versions, C command, ActorRef<Answer> replyTo);
  }

  private final Optional<Expected> expected;
  private final AtomicBoolean met = new AtomicBoolean();

  private Condition(Optional<Expected> expected) {
    this.expected = expected;
  }

  static Condition of(Expected expected) {
    return new Condition(Optional.of(expected));
  }

  /** Whether it is about this entity, which has not accepted a command under it yet. */
  boolean isOpenFor(String entityId) {
    return !met.get() && expected.filter(about -> about.entityId().equals(entityId)).isPresent();
  }

  /**
   * Asks an entity.
   *
   * @param entity takes the command to it
   */
  <C, T extends ViewEntry> CompletionStage<T> ask(
      String entityId,
      Function<ActorRef<Answer>, C> command,
      Commands<C> commands,
      Function<Function<ActorRef<Answer>, C>, CompletionStage<T>> entity) {
    if (!isOpenFor(entityId)) {
      return entity.apply(command);
    }
    AtomicBoolean carried = new AtomicBoolean();
    return entity
        .apply(
            replyTo -> {
              C asked = command.apply(replyTo);
              C conditional = commands.onVersion(expected.orElseThrow().versions(), asked, replyTo);
              carried.set(conditional != asked);
              return conditional;
            })
        .thenApply(
            entry -> {
              if (carried.get()) {
                met.set(true);
              }
              return entry;
            });
  }
}
