package io.moongate.scsi.shared;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.UnitAttention;
import java.util.List;

/**
 * What every gateway is to do for the nexuses it has with a unit. Doing it twice is harmless but
 * for a unit attention that is reported again, so each delivery has an id and is done once.
 *
 * @param kind what
 * @param attention the unit attention to establish; null when the kind has none or its own
 * @param cause the nexus that caused it; null when none did
 * @param nexuses those that it concerns, for the kinds that name them
 */
public record Notice(Kind kind, UnitAttention attention, Nexus cause, List<Nexus> nexuses) {

  public Notice {
    nexuses = List.copyOf(nexuses);
  }

  /** What is to be done. */
  public enum Kind {
    /** Establish the attention for the nexuses named. */
    ATTENTION,
    /** Establish the attention for every nexus but the cause; for every one when it is null. */
    ATTENTION_FOR_OTHERS,
    /**
     * Abort the tasks of the nexuses named, without a response (PREEMPT AND ABORT), but for a
     * PERSISTENT RESERVE OUT of the cause.
     */
    ABORT,
    /** CLEAR TASK SET by the cause. */
    CLEAR_TASK_SET,
    /** LOGICAL UNIT RESET or TARGET RESET by the cause. */
    RESET
  }

  /** Whether tasks end by it. */
  public boolean endsTasks() {
    return switch (kind) {
      case ABORT, CLEAR_TASK_SET, RESET -> true;
      case ATTENTION, ATTENTION_FOR_OTHERS -> false;
    };
  }

  /** Establishes an attention for these nexuses. */
  public static Notice attention(UnitAttention attention, List<Nexus> nexuses) {
    return new Notice(Kind.ATTENTION, attention, null, nexuses);
  }

  /** CLEAR TASK SET, asked for by this nexus. */
  public static Notice clearTaskSet(Nexus cause) {
    return new Notice(Kind.CLEAR_TASK_SET, null, cause, List.of());
  }

  /** LOGICAL UNIT RESET or TARGET RESET, asked for by this nexus. */
  public static Notice reset(Nexus cause) {
    return new Notice(Kind.RESET, null, cause, List.of());
  }

  /** Establishes an attention for every nexus but the one that caused it. */
  public static Notice attentionForOthers(UnitAttention attention, Nexus cause) {
    return new Notice(Kind.ATTENTION_FOR_OTHERS, attention, cause, List.of());
  }

  /**
   * Aborts the tasks of these nexuses, but for the PERSISTENT RESERVE OUT commands of the one that
   * asked for it, should it be among them: its own one would wait for its own end.
   */
  public static Notice abort(List<Nexus> nexuses, Nexus cause) {
    return new Notice(Kind.ABORT, null, cause, nexuses);
  }
}
