package io.moongate.cluster.snapshot;

import static io.moongate.cluster.Refusals.cause;

import io.moongate.cluster.Answer;
import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.unit.LogicalUnit.SnapshotOrder;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;

/**
 * Does with the snapshots of the units that this gateway owns what other gateways are asked for.
 */
public final class SnapshotWork {

  /**
   * Asks the owner.
   *
   * @param epoch of its ownership, as whoever asks knows it
   */
  public record Ask(
      String unitId, long epoch, SnapshotOrder order, String name, ActorRef<Told> replyTo)
      implements CborSerializable {}

  /**
   * What came of it.
   *
   * @param made the snapshot that was to be made
   * @param refused why it was not done; empty when it was
   */
  public record Told(Optional<Snapshot> made, Optional<Answer.Refused> refused)
      implements CborSerializable {}

  private SnapshotWork() {}

  /** By which the process of a gateway is found. */
  static ServiceKey<Ask> key(String incarnation) {
    return ServiceKey.create(Ask.class, "snapshot-work-" + incarnation);
  }

  /**
   * For this gateway.
   *
   * @param incarnation this process
   */
  public static Behavior<Ask> create(String incarnation, OpenUnits units) {
    return Behaviors.setup(
        context -> {
          context
              .getSystem()
              .receptionist()
              .tell(Receptionist.register(key(incarnation), context.getSelf()));
          return Behaviors.receiveMessage(
              ask -> {
                var unused =
                    perform(ask, units)
                        .handle(
                            (made, failure) ->
                                failure == null
                                    ? new Told(made, Optional.empty())
                                    : new Told(Optional.empty(), Optional.of(refused(failure))))
                        .thenAccept(ask.replyTo()::tell);
                return Behaviors.same();
              });
        });
  }

  private static CompletionStage<Optional<Snapshot>> perform(Ask ask, OpenUnits units) {
    return switch (ask.order()) {
      case MAKE ->
          units.makeSnapshot(ask.unitId(), ask.epoch(), ask.name()).thenApply(Optional::of);
      case DELETE ->
          units
              .deleteSnapshot(ask.unitId(), ask.epoch(), ask.name())
              .thenApply(gone -> Optional.empty());
    };
  }

  private static Answer.Refused refused(Throwable failure) {
    return cause(failure) instanceof Refusal refusal
        ? new Answer.Refused(refusal.kind(), refusal.field(), refusal.getMessage())
        : Answer.unavailable("the owner failed: " + cause(failure));
  }
}
