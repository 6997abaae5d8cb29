package io.moongate.scsi.reservation;

import static io.moongate.scsi.reservation.ReservationType.EXCLUSIVE_ACCESS;
import static io.moongate.scsi.reservation.ReservationType.WRITE_EXCLUSIVE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.Nexus;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables of SPC-4 section 5.13.1, the table of SBC-3 section 4.17, and annex B of SPC-2. */
class ConflictsTest {
  static final Nexus HOLDER = new Nexus("iqn.2026-01.io.host:h", 1, "iqn.2026-01.io.moongate:t", 1);
  static final Nexus REGISTRANT = new Nexus("iqn.2026-01.io.host:h", 2, HOLDER.targetName(), 1);
  static final Nexus STRANGER = new Nexus("iqn.2026-01.io.host:h", 1, HOLDER.targetName(), 2);

  private static Reservations reserved(ReservationType type) {
    return Reservations.NONE.with(HOLDER, 1).with(REGISTRANT, 2).reservedBy(HOLDER, type);
  }

  private static byte[] cdb(String start) {
    byte[] given = HexFormat.of().parseHex(start.replace(" ", ""));
    return java.util.Arrays.copyOf(given, Math.max(given.length, 16));
  }

  private static String verdict(Reservations reservations, Nexus nexus, String cdb) {
    return Conflicts.keepAway(reservations, nexus, cdb(cdb)) ? "C" : "A";
  }

  /** Reserved by RESERVE, then Write Exclusive, then Exclusive Access, each of another nexus. */
  @ParameterizedTest
  @CsvSource({
    "TEST UNIT READY,           00,          C, A, A",
    "REQUEST SENSE,             03,          A, A, A",
    "FORMAT UNIT,               04,          C, C, C",
    "REASSIGN BLOCKS,           07,          C, C, C",
    "READ (6),                  08,          C, A, C",
    "WRITE (6),                 0a,          C, C, C",
    "INQUIRY,                   12,          A, A, A",
    "MODE SELECT (6),           15,          C, C, C",
    "RELEASE (6),               17,          A, A, A",
    "MODE SENSE (6),            1a,          C, A, C",
    "START STOP UNIT start,     1b00000001,  A, A, A",
    "START STOP UNIT stop,      1b00000000,  C, C, C",
    "START STOP UNIT power,     1b00000021,  C, C, C",
    "RECEIVE DIAGNOSTIC,        1c,          C, A, C",
    "SEND DIAGNOSTIC,           1d,          C, C, C",
    "PREVENT ALLOW allow,       1e00000000,  A, A, A",
    "PREVENT ALLOW prevent,     1e00000001,  C, C, C",
    "READ CAPACITY (10),        25,          A, A, A",
    "READ (10),                 28,          C, A, C",
    "WRITE (10),                2a,          C, C, C",
    "WRITE AND VERIFY (10),     2e,          C, C, C",
    "VERIFY (10),               2f,          C, A, C",
    "PRE-FETCH (10),            34,          C, A, C",
    "SYNCHRONIZE CACHE (10),    35,          C, C, C",
    "READ DEFECT DATA (10),     37,          C, A, C",
    "WRITE BUFFER,              3b,          C, C, C",
    "READ BUFFER,               3c,          C, A, C",
    "READ LONG (10),            3e,          C, C, C",
    "WRITE SAME (10),           41,          C, C, C",
    "UNMAP,                     42,          C, C, C",
    "SANITIZE,                  4802,        C, C, C",
    "LOG SELECT,                4c,          C, C, C",
    "LOG SENSE,                 4d,          A, A, A",
    "MODE SELECT (10),          55,          C, C, C",
    "RELEASE (10),              57,          A, A, A",
    "MODE SENSE (10),           5a,          C, A, C",
    "PERSISTENT RESERVE IN,     5e00,        C, A, A",
    "READ (32),                 7f000000000000180009, C, A, C",
    "WRITE (32),                7f00000000000018000b, C, C, C",
    "VERIFY (32),               7f00000000000018000a, C, A, C",
    "EXTENDED COPY,             83,          C, C, C",
    "RECEIVE COPY RESULTS,      8403,        C, A, C",
    "READ (16),                 88,          C, A, C",
    "COMPARE AND WRITE,         89,          C, C, C",
    "WRITE (16),                8a,          C, C, C",
    "ORWRITE (16),              8b,          C, C, C",
    "WRITE AND VERIFY (16),     8e,          C, C, C",
    "VERIFY (16),               8f,          C, A, C",
    "PRE-FETCH (16),            90,          C, A, C",
    "SYNCHRONIZE CACHE (16),    91,          C, C, C",
    "WRITE SAME (16),           93,          C, C, C",
    "WRITE ATOMIC (16),         9c,          C, C, C",
    "READ CAPACITY (16),        9e10,        A, A, A",
    "READ LONG (16),            9e11,        C, C, C",
    "GET LBA STATUS,            9e12,        C, A, C",
    "REPORT REFERRALS,          9e13,        C, A, A",
    "REPORT LUNS,               a0,          A, A, A",
    "REPORT IDENTIFYING INFO,   a305,        A, A, A",
    "REPORT TARGET PORT GROUPS, a30a,        A, A, A",
    "REPORT SUPPORTED OPCODES,  a30c,        C, A, C",
    "REPORT SUPPORTED TMF,      a30d,        C, A, C",
    "REPORT TIMESTAMP,          a30f,        C, A, A",
    "SET TARGET PORT GROUPS,    a40a,        C, C, C",
    "READ (12),                 a8,          C, A, C",
    "WRITE (12),                aa,          C, C, C",
    "VERIFY (12),               af,          C, A, C",
    "READ DEFECT DATA (12),     b7,          C, A, C",
    "unknown,                   c5,          C, C, C"
  })
  void whatOthersMaySend(String name, String cdb, String basic, String write, String exclusive) {
    Reservations byReserve = Reservations.NONE.withBasicHolder(HOLDER);
    assertEquals(basic, verdict(byReserve, STRANGER, cdb), name);
    boolean persistent = name.startsWith("PERSISTENT");
    assertEquals(persistent ? "C" : "A", verdict(byReserve, HOLDER, cdb), name);
    for (ReservationType type : ReservationType.values()) {
      Reservations reserved = reserved(type);
      String strangers = type.name().startsWith("WRITE") ? write : exclusive;
      assertEquals(strangers, verdict(reserved, STRANGER, cdb), name + " " + type);
      boolean alone = type == WRITE_EXCLUSIVE || type == EXCLUSIVE_ACCESS;
      assertEquals(alone ? strangers : "A", verdict(reserved, REGISTRANT, cdb), name + " " + type);
      assertEquals("A", verdict(reserved, HOLDER, cdb), name + " " + type);
    }
  }

  /** From a registered nexus, and from one that is not registered. */
  @ParameterizedTest
  @CsvSource({
    "REGISTER,            5f00, A, A",
    "RESERVE,             5f01, C, C",
    "RELEASE,             5f02, A, C",
    "CLEAR,               5f03, A, C",
    "PREEMPT,             5f04, A, C",
    "PREEMPT AND ABORT,   5f05, A, C",
    "REGISTER AND IGNORE, 5f06, A, A",
    "REGISTER AND MOVE,   5f07, C, C",
    "REPLACE LOST,        5f08, C, C"
  })
  void persistentReserveOut(String name, String cdb, String registered, String stranger) {
    for (ReservationType type : ReservationType.values()) {
      Reservations reserved = reserved(type);
      boolean holds = type.heldByAllRegistrants();
      assertEquals(holds ? "A" : registered, verdict(reserved, REGISTRANT, cdb), name + type);
      assertEquals(stranger, verdict(reserved, STRANGER, cdb), name + type);
      assertEquals("A", verdict(reserved, HOLDER, cdb), name + type);
    }
    Reservations byReserve = Reservations.NONE.withBasicHolder(HOLDER);
    assertEquals("C", verdict(byReserve, HOLDER, cdb));
    assertEquals("C", verdict(byReserve, STRANGER, cdb));
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void aHolderThatAllRegistrantsAreNotIsAdmittedByItsNexusAndNotItsKey(ReservationType type) {
    Reservations sameKey =
        Reservations.NONE.with(HOLDER, 1).with(REGISTRANT, 1).reservedBy(HOLDER, type);
    assertEquals(type.includesRegistrants() ? "A" : "C", verdict(sameKey, REGISTRANT, "2a"));
  }

  @Test
  void registrationsAloneKeepNobodyAway() {
    Reservations registered = Reservations.NONE.with(HOLDER, 1);
    for (String cdb : List.of("00", "28", "2a", "5e00", "5f01", "16", "17")) {
      assertFalse(Conflicts.keepAway(registered, STRANGER, cdb(cdb)), cdb);
    }
  }
}
