package io.moongate.cluster.unit;

import io.moongate.cluster.Answer;
import java.util.Optional;

/**
 * What a logical unit does about something that it was told. Whoever carries it out does nothing
 * that others see before its term is confirmed (design rule 9), except for {@link Undecided}.
 */
public sealed interface UnitDecision {

  /** Nothing. */
  enum Nothing implements UnitDecision {
    AT_ALL
  }

  /** Tells the replicas its entry again: who repeats itself has not seen the newest one. */
  enum TellAgain implements UnitDecision {
    ENTRY
  }

  /**
   * Answers, and stays what it is.
   *
   * @param tellAgain whether the replicas are told the entry again as well
   */
  record Answered(Answer answer, boolean tellAgain) implements UnitDecision {}

  /**
   * Records the event. After the confirmation the replicas are told the entry that it makes, and
   * whoever asked gets that entry.
   *
   * @param step whether it is a step of the ownership: then the former bound is void, and the one
   *     of the new phase is set
   * @param instead what whoever asked gets instead of the entry, when it is not what was asked for
   */
  record Recorded(LogicalUnit.Event event, boolean step, Optional<Answer> instead)
      implements UnitDecision {}

  /** Claims the ownership row; what it says comes back to {@link UnitDecider#rowSaid}. */
  record AskRow(UnitDecider.Proposal proposal, long sharedVersion) implements UnitDecision {}

  /** Reads the ownership row; what it says comes back to {@link UnitDecider#rowRead}. */
  record ReadRow(LogicalUnit.HandedOver handedOver) implements UnitDecision {}

  /**
   * Raises the row's bound of the shared version, if the row holds the epoch; what it says comes
   * back to {@link UnitDecider#raised} with the command, which is decided then.
   */
  record RaiseRow(long epoch, long sharedVersion, LogicalUnit.Request command)
      implements UnitDecision {}

  /**
   * The row could not decide: whoever asked is told so at once, since nothing was changed, and the
   * bound of the phase is set again.
   */
  record Undecided(Answer.Refused answer) implements UnitDecision {}
}
