package io.moongate.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.entity.ChainDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was done to the journal behind the entities' backs is found, and the row is named. */
class ChainCheckTest {
  private final AuditFixture fixture = new AuditFixture();

  @AfterEach
  void stop() {
    fixture.close();
  }

  private List<JournalRow> rows() {
    return fixture.journal.of(AuditFixture.unit("u"));
  }

  private List<String> faultsAfter(Consumer<List<JournalRow>> tampering) {
    fixture.unitWithOwners("u", 10);
    assertEquals(List.of(), fixture.check("u").faults());
    tampering.accept(rows());
    return fixture.check("u").faults();
  }

  private static JournalRow with(JournalRow row, byte[] bytes) {
    return new JournalRow(
        row.persistenceId(),
        row.sequenceNr(),
        row.written(),
        row.manifest(),
        new ChainDigest.Stored(
            row.event().serializerId(), row.event().serializerManifest(), bytes));
  }

  private static JournalRow at(JournalRow row, long sequenceNr, String manifest) {
    return new JournalRow(row.persistenceId(), sequenceNr, row.written(), manifest, row.event());
  }

  @Test
  void anUntouchedHistoryHasNoFault() {
    fixture.unitWithOwners("u", 10);
    ChainCheck.Report report = fixture.check("u");
    assertEquals(List.of(), report.faults());
    assertEquals(11, report.events());
    assertEquals(0, report.unsealed());
    assertEquals(11, report.head().version());
    assertEquals(64, report.head().digest().length());
  }

  @Test
  void anAlteredEventIsNamed() {
    List<String> faults =
        faultsAfter(
            rows -> {
              byte[] bytes = rows.get(8).event().bytes().clone();
              bytes[bytes.length / 2] ^= 1;
              rows.set(8, with(rows.get(8), bytes));
            });
    assertEquals(1, faults.size(), faults::toString);
    assertTrue(faults.get(0).startsWith("unit|u, sequence number 9, version 5,"), faults::toString);
    assertTrue(faults.get(0).contains("was altered"), faults::toString);
  }

  @Test
  void anEventThatIsMovedToAnotherPlaceIsNamed() {
    List<String> faults =
        faultsAfter(
            rows -> {
              JournalRow one = rows.get(4);
              JournalRow other = rows.get(6);
              rows.set(4, with(one, other.event().bytes()));
              rows.set(6, with(other, one.event().bytes()));
            });
    assertEquals(2, faults.size(), faults::toString);
  }

  @Test
  void anEventOfAnotherUnitIsNamed() {
    fixture.unitWithOwners("other", 10);
    List<String> faults =
        faultsAfter(
            rows -> {
              JournalRow foreign = fixture.journal.of(AuditFixture.unit("other")).get(8);
              rows.set(8, at(foreign, 9, foreign.manifest()));
              rows.set(
                  8,
                  new JournalRow(
                      "unit|u", 9, foreign.written(), foreign.manifest(), foreign.event()));
            });
    assertFalse(faults.isEmpty());
    assertTrue(faults.get(0).contains("sequence number 9"), faults::toString);
  }

  @Test
  void missingRowsAreNamed() {
    List<String> faults = faultsAfter(rows -> rows.subList(8, 10).clear());
    assertTrue(
        faults.stream().anyMatch(fault -> fault.contains("9 to 10, are missing")),
        faults::toString);
  }

  @Test
  void rowsThatWereTakenOutAndTheRestRenumberedAreNamed() {
    List<String> faults =
        faultsAfter(
            rows -> {
              rows.subList(8, 10).clear();
              for (int i = 8; i < rows.size(); i++) {
                rows.set(i, at(rows.get(i), i + 1, rows.get(i).manifest()));
              }
            });
    assertTrue(
        faults.get(0).contains("sequence number 9, version 6") && faults.get(0).contains("missing"),
        faults::toString);
  }

  @Test
  void aMissingMarkIsNamed() {
    List<String> faults = faultsAfter(rows -> rows.remove(21));
    assertEquals(1, faults.size());
    assertTrue(faults.get(0).contains("the mark after it is missing"), faults::toString);
  }

  @Test
  void anInsertedEventIsNamed() {
    List<String> faults =
        faultsAfter(
            rows -> {
              JournalRow last = rows.get(20);
              rows.add(at(last, 23, "1:1:12:" + "0".repeat(64)));
              rows.add(at(rows.get(21), 24, ""));
            });
    assertEquals(1, faults.size(), faults::toString);
    assertTrue(faults.get(0).contains("sequence number 23, version 12"), faults::toString);
  }

  @Test
  void anEventThatPassesForAMarkIsNamed() {
    List<String> faults = faultsAfter(rows -> rows.set(8, at(rows.get(8), 9, "")));
    assertTrue(faults.get(0).contains("is no mark"), faults::toString);
  }

  @Test
  void anEventWithoutItsDigestIsNamed() {
    List<String> faults = faultsAfter(rows -> rows.set(8, at(rows.get(8), 9, "1:1:5")));
    assertTrue(faults.get(0).contains("has no digest"), faults::toString);
  }

  /** A chain by itself does not tell where it should end. */
  @Test
  void aHistoryThatWasCutOffIsFoundByWhatIsKnownOfItsEnd() {
    fixture.unitWithOwners("u", 10);
    ChainCheck.Head head = fixture.check("u").head();
    rows().subList(18, 22).clear();
    assertEquals(List.of(), fixture.check("u").faults());
    List<String> faults = faults(head);
    assertEquals(List.of("unit|u: ends with version 9, and had 11"), faults);
    assertEquals(faults, faults(new ChainCheck.Head("unit|u", 11, "")), "also by its number alone");
  }

  /** Who can write everything can make a chain that holds in itself. */
  @Test
  void aHistoryThatWasWrittenAnewIsFoundByADigestThatWasKept() {
    fixture.unitWithOwners("u", 10);
    ChainCheck.Head head = fixture.check("u").head();
    rows().clear();
    HistoryWriter forger = fixture.writer("u");
    forger.write(AuditFixture.created("u", AuditFixture.second(0)), AuditFixture.GW1);
    fixture.owners(forger, 1, 10);
    assertEquals(List.of(), fixture.check("u").faults());
    assertEquals(List.of("unit|u: version 11 has another digest than it had"), faults(head));
  }

  private List<String> faults(ChainCheck.Head head) {
    return ChainCheck.check("unit|u", fixture.journal.rows("unit|u", 1), Optional.of(head))
        .faults();
  }

  @Test
  void aHistoryThatGoesOnHoldsAgainstAnEarlierEnd() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    ChainCheck.Head head = fixture.check("u").head();
    fixture.owners(writer, 11, 20);
    assertEquals(List.of(), faults(head));
  }

  /** Events of before there were digests are counted, and what follows them is sealed. */
  @Test
  void aHistoryOfBeforeThereWereDigestsGoesOnWithThem() {
    HistoryWriter writer = fixture.writer("u");
    writer.write(AuditFixture.created("u", AuditFixture.second(0)), null);
    writer.write(AuditFixture.chosen("gw1", 1, AuditFixture.second(1)), null);
    fixture.owners(writer, 2, 5);
    ChainCheck.Report report = fixture.check("u");
    assertEquals(List.of(), report.faults());
    assertEquals(6, report.events());
    assertEquals(2, report.unsealed());
  }

  /** A late event of a stale incarnation is on a branch of its own, and no fault. */
  @Test
  void branchesOfStaleIncarnationsAreChainsOfTheirOwn() {
    HistoryWriter stale = fixture.unitWithOwners("u", 3);
    HistoryWriter newer = stale.successor(2);
    newer.write(AuditFixture.served(3, AuditFixture.second(4)), AuditFixture.GW1);
    stale.write(AuditFixture.chosen("gw9", 4, AuditFixture.second(5)), AuditFixture.GW1);
    newer.write(AuditFixture.chosen("gw2", 4, AuditFixture.second(6)), AuditFixture.GW1);
    List<JournalRow> before = new ArrayList<>(rows());
    ChainCheck.Report report = fixture.check("u");
    assertEquals(List.of(), report.faults());
    assertEquals(6, report.head().version());
    assertEquals(7, report.events());
    JournalRow late =
        before.stream().filter(row -> row.manifest().startsWith("1:1:5")).findFirst().orElseThrow();
    byte[] bytes = late.event().bytes().clone();
    bytes[bytes.length - 1] ^= 1;
    rows().set(rows().indexOf(late), with(late, bytes));
    assertEquals(1, fixture.check("u").faults().size());
  }
}
