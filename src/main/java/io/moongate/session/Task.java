package io.moongate.session;

import io.moongate.scsi.LogicalUnit;
import io.moongate.wire.InitiatorPdu.ScsiCommand;

/**
 * A SCSI command of a session from its delivery to its status (SAM-5 section 5.5).
 *
 * <pre>
 *  WAITING ──memory──▶ COLLECTING ──all data-out──▶ RUNNING ──reply──▶ ENDED
 *     └─deadline─┐         └─deadline─▶ EXPIRED ──nothing more on its way──▶ ENDED with BUSY
 *                └──▶ EXPIRED
 *  any ──abort──▶ ENDED without a response
 * </pre>
 */
final class Task {
  /** Where it stands. */
  enum State {
    /** Waits for memory; may not begin. */
    WAITING,
    /** Its data-out comes in. */
    COLLECTING,
    /** Past its deadline: what is on its way is read and dropped, then the answer is BUSY. */
    EXPIRED,
    /** In the hands of the logical unit. */
    RUNNING,
    /** Answered or aborted. */
    ENDED
  }

  final ScsiCommand command;
  final byte[] cdb;
  final long arrivedNanos;
  final long deadlineNanos;

  /** Null when the command transfers no data-out. */
  final DataOutTransfer dataOut;

  State state = State.WAITING;

  /** What has it while it is RUNNING, whatever is mapped at its LUN by now; null for no unit. */
  LogicalUnit unit;

  /** Bytes reserved for it. */
  long reserved;

  /** When the logical unit was last asked whether it still has the task. */
  long queriedNanos;

  Task(
      ScsiCommand command,
      byte[] cdb,
      long arrivedNanos,
      long deadlineNanos,
      DataOutTransfer dataOut,
      long reserved) {
    this.command = command;
    this.cdb = cdb;
    this.arrivedNanos = arrivedNanos;
    this.deadlineNanos = deadlineNanos;
    this.dataOut = dataOut;
    this.reserved = reserved;
    this.queriedNanos = deadlineNanos;
  }

  int tag() {
    return command.initiatorTaskTag();
  }

  long lun() {
    return command.lun();
  }

  /** Whether it asks for nothing but an answer and its data. */
  boolean ready() {
    return dataOut == null || dataOut.complete();
  }
}
