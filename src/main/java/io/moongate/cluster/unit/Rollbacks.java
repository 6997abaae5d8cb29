package io.moongate.cluster.unit;

import io.moongate.cluster.Answer;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.shared.Rollback;
import java.time.Instant;
import java.util.Optional;

/** What a logical unit says to being rolled back, and to others while it is. */
final class Rollbacks {
  private Rollbacks() {}

  /** What is answered to a command that can't be carried out while the unit is rolled back. */
  static Optional<Answer> refusal(UnitEntry unit, LogicalUnit.Command command) {
    boolean refused =
        command instanceof LogicalUnit.Move
            || command instanceof LogicalUnit.Resize
            || command instanceof LogicalUnit.OrderSnapshot;
    return refused && Rollback.goesOn(unit.shared().rollback())
        ? Optional.of(
            Answer.conflict(
                "id",
                "the unit is being rolled back to snapshot %s: ask again once that has ended"
                    .formatted(unit.shared().rollback().snapshot())))
        : Optional.empty();
  }

  /** What is answered at once; empty when it is to begin. */
  static Optional<Answer> answer(UnitEntry unit, LogicalUnit.RollBack wanted, Instant now) {
    Rollback last = unit.shared().rollback();
    if (Rollback.goesOn(last)) {
      return Optional.of(
          last.snapshot().equals(wanted.snapshot())
              ? new Answer.Accepted(unit)
              : Answer.conflict(
                  "name",
                  "the unit is being rolled back to snapshot %s".formatted(last.snapshot())));
    }
    if (last != null && last.id().equals(wanted.id())) {
      return Optional.of(new Answer.Accepted(unit)); // It has ended, as the unit says.
    }
    if (now.isAfter(wanted.until())) {
      return Optional.of(
          Answer.unavailable("it was asked for too long ago, and nothing was begun: ask again"));
    }
    if (unit.shared().sanitizing() != null) {
      return Optional.of(Answer.conflict("id", "the unit is sanitized, or was and has failed"));
    }
    if (unit.growingTo() > 0) {
      return Optional.of(Answer.conflict("id", "the unit is growing: ask again once it has"));
    }
    if (unit.ownership().phase() != Phase.SERVING) {
      return Optional.of(
          Answer.unavailable(
              "nobody serves the unit just now, it is %s".formatted(unit.ownership().phase())));
    }
    return Optional.empty();
  }

  /** The same about its end: empty when it is to be recorded. */
  static Optional<Answer> answer(UnitState state, LogicalUnit.RolledBack ended) {
    Rollback last = state.unit().shared().rollback();
    if (!Rollback.goesOn(last) || !last.id().equals(ended.id())) {
      return Optional.of(new Answer.Accepted(state.unit()));
    }
    return state.in(Phase.SERVING, ended.gateway(), ended.incarnation(), ended.epoch())
        ? Optional.empty()
        : Optional.of(
            Answer.conflict(
                "epoch",
                "%s does not own it now: %s".formatted(ended.gateway(), state.ownership())));
  }
}
