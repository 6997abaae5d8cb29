package io.moongate.cluster.unit;

import io.moongate.cluster.Origin;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a {@link UnitDecider} makes of a row that was to be raised, for tests elsewhere. */
public final class RowRaised {
  private RowRaised() {}

  /**
   * @param moved the row when it holds another epoch
   * @param failure null when the row could be asked
   */
  public static UnitDecision decide(
      UnitDecider decider,
      UnitState state,
      UnitDecision.RaiseRow raise,
      Optional<OwnershipRows.Row> moved,
      Throwable failure,
      Instant at) {
    return decider.raised(
        state,
        new LogicalUnit.Raised(
            raise.epoch(), raise.command(), moved, failure, Origin.gateway("gw1"), List.of()),
        at);
  }
}
