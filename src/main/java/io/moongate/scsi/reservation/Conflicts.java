package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;

/**
 * Which commands a reservation keeps away (SPC-4 section 5.13.1; SBC-3 section 4.17; for a
 * reservation by RESERVE, SPC-2 section 5.5 and annex B). By operation code, service action and the
 * CDB's own bits; whether the device server knows the command does not matter here. What is not in
 * a table is kept away like a WRITE.
 */
public final class Conflicts {
  private Conflicts() {}

  /** What a persistent reservation makes of a command. */
  private enum Access {
    /** Passes every reservation. */
    ALWAYS,
    /** Passes those that exclude writes only. */
    READS,
    /** Passes none. */
    WRITES
  }

  /**
   * Whether a command has to end with RESERVATION CONFLICT. Allocates nothing. RESERVE and RELEASE
   * decide for themselves; PERSISTENT RESERVE OUT does so again when it takes effect.
   */
  public static boolean keepAway(Reservations reservations, Nexus nexus, byte[] cdb) {
    Nexus basicHolder = reservations.basicHolder();
    if (basicHolder != null) {
      return basicHolder.equals(nexus) ? isPersistent(cdb) : !passesBasic(cdb);
    }
    if (reservations.type() == null) {
      return false;
    }
    if (code(cdb) == 0x5F) {
      return persistentReserveOut(reservations, nexus, cdb);
    }
    Access access = access(cdb);
    if (access == Access.ALWAYS || access == Access.READS && !reservations.type().excludesReads()) {
      return false;
    }
    return !reservations.admits(nexus);
  }

  private static int code(byte[] cdb) {
    return cdb[0] & 0xFF;
  }

  private static int action(byte[] cdb) {
    return cdb[1] & 0x1F;
  }

  /** While a unit is reserved by RESERVE nobody, its holder neither, may use the other kind. */
  private static boolean isPersistent(byte[] cdb) {
    return code(cdb) == 0x5E || code(cdb) == 0x5F;
  }

  /** What others may send to a unit that is reserved by RESERVE. */
  private static boolean passesBasic(byte[] cdb) {
    return switch (code(cdb)) {
      case 0x03, 0x12, 0x17, 0x25, 0x4D, 0x57, 0xA0 -> true;
      case 0x1B -> starts(cdb);
      case 0x1E -> allowsRemoval(cdb);
      case 0x9E -> action(cdb) == 0x10;
      // Path states have to be told at all times, or hosts give paths up.
      case 0xA3 -> action(cdb) == 0x05 || action(cdb) == 0x0A;
      default -> false;
    };
  }

  /** By service action, whatever the type. */
  private static boolean persistentReserveOut(Reservations reservations, Nexus nexus, byte[] cdb) {
    return switch (action(cdb)) {
      case 0x00, 0x06 -> false; // REGISTER, REGISTER AND IGNORE EXISTING KEY
      case 0x02, 0x03, 0x04, 0x05 -> reservations.of(nexus) == null; // RELEASE, CLEAR, PREEMPT
      default -> !reservations.holds(nexus); // RESERVE, REGISTER AND MOVE
    };
  }

  private static Access access(byte[] cdb) {
    return switch (code(cdb)) {
      // TEST UNIT READY, REQUEST SENSE, INQUIRY, READ CAPACITY, LOG SENSE, PERSISTENT RESERVE IN,
      // ACCESS CONTROL IN and OUT, REPORT LUNS
      case 0x00, 0x03, 0x12, 0x25, 0x4D, 0x5E, 0x86, 0x87, 0xA0 -> Access.ALWAYS;
      // RESERVE and RELEASE
      case 0x16, 0x17, 0x56, 0x57 -> Access.ALWAYS;
      // READ, VERIFY, PRE-FETCH
      case 0x08, 0x28, 0x88, 0xA8, 0x2F, 0x8F, 0xAF, 0x34, 0x90 -> Access.READS;
      // MODE SENSE, RECEIVE DIAGNOSTIC RESULTS, READ BUFFER, READ DEFECT DATA, READ ATTRIBUTE,
      // RECEIVE COPY RESULTS
      case 0x1A, 0x5A, 0x1C, 0x3C, 0x9B, 0x37, 0xB7, 0x8C, 0x84 -> Access.READS;
      case 0x1B -> starts(cdb) ? Access.ALWAYS : Access.WRITES;
      case 0x1E -> allowsRemoval(cdb) ? Access.ALWAYS : Access.WRITES;
      case 0x7F -> variableLength(cdb);
      case 0x9E -> serviceActionIn(cdb);
      case 0xA2 -> Access.READS; // SECURITY PROTOCOL IN
      case 0xA3 -> maintenanceIn(cdb);
      case 0xAB -> action(cdb) == 0x01 ? Access.ALWAYS : Access.WRITES; // READ MEDIA SERIAL NUMBER
      default -> Access.WRITES;
    };
  }

  /** START STOP UNIT with START set and no power condition. */
  private static boolean starts(byte[] cdb) {
    return (cdb[4] & 0xF1) == 0x01;
  }

  /** PREVENT ALLOW MEDIUM REMOVAL with PREVENT 0. */
  private static boolean allowsRemoval(byte[] cdb) {
    return (cdb[4] & 0x03) == 0;
  }

  /** READ (32) and VERIFY (32). */
  private static Access variableLength(byte[] cdb) {
    int action = cdb.length < 10 ? 0 : (cdb[8] & 0xFF) << 8 | cdb[9] & 0xFF;
    return action == 0x0009 || action == 0x000A ? Access.READS : Access.WRITES;
  }

  private static Access serviceActionIn(byte[] cdb) {
    return switch (action(cdb)) {
      case 0x10, 0x13 -> Access.ALWAYS; // READ CAPACITY (16), REPORT REFERRALS
      case 0x12 -> Access.READS; // GET LBA STATUS
      default -> Access.WRITES;
    };
  }

  private static Access maintenanceIn(byte[] cdb) {
    return switch (action(cdb)) {
      // REPORT IDENTIFYING INFORMATION, TARGET PORT GROUPS, ALIASES, PRIORITY, TIMESTAMP
      case 0x05, 0x0A, 0x0B, 0x0E, 0x0F -> Access.ALWAYS;
      // REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS, MANAGEMENT PROTOCOL IN
      case 0x0C, 0x0D, 0x10 -> Access.READS;
      default -> Access.WRITES;
    };
  }
}
