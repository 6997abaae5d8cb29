package io.moongate.scsi.block;

import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Rollback;

/**
 * Which commands are refused while a unit is rolled back to a snapshot: LOGICAL UNIT NOT READY,
 * OPERATION IN PROGRESS (SPC-4 table 57).
 */
public final class RollbackGuard {
  private static final int REQUEST_SENSE = 0x03;
  private static final int INQUIRY = 0x12;
  private static final int REPORT_LUNS = 0xA0;
  private static final int MAINTENANCE_IN = 0xA3;

  private RollbackGuard() {}

  /**
   * Refuses a command while it goes on; those that any unit answers, whatever its state, and REPORT
   * TARGET PORT GROUPS, without which hosts give the paths up, are let through.
   *
   * @param rollback the last one; may be null
   */
  public static void check(Rollback rollback, int operationCode) {
    if (!Rollback.goesOn(rollback)) {
      return;
    }
    switch (operationCode) {
      case REQUEST_SENSE, INQUIRY, REPORT_LUNS, MAINTENANCE_IN -> {}
      default -> throw new CheckCondition(Sense.OPERATION_IN_PROGRESS);
    }
  }
}
