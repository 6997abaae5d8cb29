package io.moongate.cluster.unit;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.NotExecuted;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster as a unit's device server on this gateway needs it: the unit's entity records, {@link
 * SharedTeller} tells.
 *
 * <p><b>An outcome that can't be learnt.</b> A question to the entity is repeated until its bound;
 * repeating is safe, for the entity knows the change by its name. When the entity has answered
 * nothing until then (it is being moved, Cassandra is away) one of the questions may still be on
 * its way, and the change may be recorded later. The command is answered BUSY all the same, as one
 * is whose reply from an owner was lost: nothing is known of it, and the host asks again. That is
 * safe because it was not answered as done, because it can land only as the direct successor of the
 * state that it was decided from and only under the epoch in which it was decided, and because
 * until it has landed every other change of the owner is refused or shuts it out. When it lands,
 * the view brings it to all gateways, and the owner recognises it and has its notices done ({@link
 * io.moongate.scsi.shared.SharedUnit}).
 */
public final class ClusterPeers implements UnitPeers {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterPeers.class);

  /** How long one question may take: events take tens of milliseconds, a re-homing up to 4 s. */
  private static final Duration ATTEMPT = Duration.ofSeconds(2);

  private static final Duration PAUSE = Duration.ofMillis(100);

  /** Asks the entity of a unit; fails when it does not answer within the bound. */
  public interface Entities {
    CompletionStage<Answer> ask(
        String unitId, Function<ActorRef<Answer>, LogicalUnit.Command> command, Duration bound);
  }

  private final ActorSystem<?> system;
  private final String gateway;
  private final String incarnation;
  private final Duration recordBound;
  private final Entities entities;
  private final ActorRef<SharedTeller.Command> teller;
  private final Function<String, Optional<io.moongate.scsi.LogicalUnit>> units;
  private final Predicate<String> mayServe;

  /**
   * @param incarnation this process
   * @param recordBound within which a change is known to be recorded, or given up
   * @param units what this gateway exports: it learns what the entity says
   * @param mayServe as {@link UnitPeers#mayServe}
   */
  public ClusterPeers(
      ActorSystem<?> system,
      String gateway,
      String incarnation,
      Duration recordBound,
      Entities entities,
      ActorRef<SharedTeller.Command> teller,
      Function<String, Optional<io.moongate.scsi.LogicalUnit>> units,
      Predicate<String> mayServe) {
    this.system = system;
    this.gateway = gateway;
    this.incarnation = incarnation;
    this.recordBound = recordBound;
    this.entities = entities;
    this.teller = teller;
    this.units = units;
    this.mayServe = mayServe;
  }

  @Override
  public boolean mayServe(String unitId) {
    return mayServe.test(unitId);
  }

  @Override
  public CompletionStage<Void> record(String unitId, long epoch, SharedState next, String cause) {
    Recording recording =
        new Recording(unitId, epoch, next, cause, System.nanoTime() + recordBound.toNanos());
    recording.attempt();
    return recording.outcome;
  }

  @Override
  public CompletionStage<Void> tell(String unitId, SharedState state, List<Notice> notices) {
    CompletableFuture<Void> told = new CompletableFuture<>();
    teller.tell(new SharedTeller.Begin(unitId, state, notices, told));
    return told;
  }

  /** One change on its way into the journal. */
  private final class Recording {
    private final String unitId;
    private final long epoch;
    private final SharedState next;
    private final String cause;
    private final long deadlineNanos;
    private final CompletableFuture<Void> outcome = new CompletableFuture<>();

    Recording(String unitId, long epoch, SharedState next, String cause, long deadlineNanos) {
      this.unitId = unitId;
      this.epoch = epoch;
      this.next = next;
      this.cause = cause;
      this.deadlineNanos = deadlineNanos;
    }

    private Duration left() {
      Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
      return left.compareTo(ATTEMPT) < 0 ? left : ATTEMPT;
    }

    void attempt() {
      Duration left = left();
      if (left.isNegative() || left.isZero()) {
        LOG.warn(
            "event=shared-change-unknown unit={} epoch={} version={} change={} cause=\"{}\"",
            unitId,
            epoch,
            next.version(),
            next.change(),
            cause);
        outcome.completeExceptionally(NotExecuted.INSTANCE);
        return;
      }
      var unused =
          entities
              .ask(
                  unitId,
                  replyTo ->
                      new LogicalUnit.ChangeShared(
                          gateway, incarnation, epoch, next, cause, replyTo),
                  left)
              .whenComplete(this::answered);
    }

    private void answered(Answer answer, Throwable failure) {
      if (answer instanceof Answer.Accepted) {
        outcome.complete(null);
      } else if (answer instanceof Answer.Refused refused && refused.kind() != Kind.UNAVAILABLE) {
        refused(refused);
      } else {
        system.scheduler().scheduleOnce(PAUSE, this::attempt, system.executionContext());
      }
    }

    /**
     * For good: versions and epochs only grow. An earlier question whose answer was lost may have
     * been granted, and others have built upon it since; what is recorded now says so.
     */
    private void refused(Answer.Refused refused) {
      LOG.info(
          "event=shared-change-refused unit={} epoch={} version={} change={} reason=\"{}\"",
          unitId,
          epoch,
          next.version(),
          next.change(),
          refused.reason());
      Duration left = left();
      var unused =
          entities
              .ask(unitId, LogicalUnit.Get::new, left.compareTo(PAUSE) < 0 ? PAUSE : left)
              .whenComplete(
                  (answer, failure) -> {
                    if (answer instanceof Answer.Accepted accepted) {
                      learn(((UnitEntry) accepted.entry()).shared());
                    }
                    outcome.completeExceptionally(NotExecuted.INSTANCE);
                  });
    }

    private void learn(SharedState recorded) {
      if (recorded.change().equals(next.change())) {
        outcome.complete(null);
      }
      units.apply(unitId).ifPresent(unit -> unit.share(recorded));
    }
  }
}
