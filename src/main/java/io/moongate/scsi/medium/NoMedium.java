package io.moongate.scsi.medium;

import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.SharedState;

/** Which commands an ejected medium keeps away. */
public final class NoMedium {
  private NoMedium() {}

  /** Refuses a command that needs the medium while that is out. */
  public static void check(SharedState state, int operationCode) {
    if (state.medium().ejected() && needsMedium(operationCode)) {
      throw new CheckCondition(Sense.MEDIUM_NOT_PRESENT);
    }
  }

  private static boolean needsMedium(int operationCode) {
    return switch (operationCode) {
      // REQUEST SENSE, INQUIRY, REPORT LUNS
      case 0x03, 0x12, 0xA0 -> false;
      // MODE SELECT and MODE SENSE, LOG SENSE
      case 0x15, 0x55, 0x1A, 0x5A, 0x4D -> false;
      // RESERVE, RELEASE, PERSISTENT RESERVE IN and OUT
      case 0x16, 0x56, 0x17, 0x57, 0x5E, 0x5F -> false;
      // START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL
      case 0x1B, 0x1E -> false;
      // EXTENDED COPY, RECEIVE COPY RESULTS: each command of a copy meets this itself
      case 0x83, 0x84 -> false;
      // MAINTENANCE IN and OUT: access states, supported commands
      case 0xA3, 0xA4 -> false;
      default -> true;
    };
  }
}
