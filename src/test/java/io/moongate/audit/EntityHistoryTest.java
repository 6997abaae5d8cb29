package io.moongate.audit;

import static io.moongate.audit.AuditFixture.GW1;
import static io.moongate.audit.AuditFixture.entry;
import static io.moongate.audit.AuditFixture.second;
import static io.moongate.audit.AuditFixture.unit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.entity.TermedEntity;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The state at an instant is what the events that count had made by then. */
class EntityHistoryTest {
  private final AuditFixture fixture = new AuditFixture();

  @AfterEach
  void stop() {
    fixture.close();
  }

  private String ownerAt(long second) {
    return entry(fixture.history("u").at(second(second))).ownership().owner();
  }

  private List<Long> versions() {
    List<Long> versions = new ArrayList<>();
    fixture.history("u").all(step -> versions.add(step.position().version()));
    return versions;
  }

  @Test
  void eachInstantHasItsState() {
    fixture.unitWithOwners("u", 3_000);
    assertTrue(fixture.history("u").at(second(-1)).entry().isEmpty());
    assertEquals("", ownerAt(0));
    for (long second : new long[] {1, 2, 3, 1_500, 2_999, 3_000, 100_000}) {
      long epoch = Math.min(second, 3_000);
      assertEquals(epoch, entry(fixture.history("u").at(second(second))).ownership().epoch());
    }
    assertEquals(3_001, versions().size());
  }

  /** The journal's order is by number; what a stale incarnation appends lies in between. */
  @Test
  void whatAStaleIncarnationAppendedLateIsNotInIt() {
    HistoryWriter stale = fixture.unitWithOwners("u", 3);
    HistoryWriter newer = stale.successor(2);
    stale.write(AuditFixture.chosen("gw9", 4, second(4)), GW1);
    newer.write(AuditFixture.served(3, second(5)), GW1);
    stale.write(AuditFixture.chosen("gw8", 5, second(6)), GW1);
    newer.write(AuditFixture.chosen("gw2", 4, second(7)), GW1);
    assertEquals("gw1", ownerAt(3));
    assertEquals("gw1", ownerAt(4), "it was decided by nobody, though only later is that seen");
    assertEquals("gw1", ownerAt(6));
    assertEquals("gw2", ownerAt(7));
    assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), versions());
  }

  /** A late event that a newer incarnation has read and built upon is history. */
  @Test
  void whatANewerIncarnationHasBuiltUponIsInIt() {
    HistoryWriter stale = fixture.unitWithOwners("u", 3);
    stale.write(AuditFixture.chosen("gw9", 4, second(4)), GW1);
    HistoryWriter newer = stale.successor(2);
    newer.write(AuditFixture.served(4, second(5)), GW1);
    assertEquals("gw9", ownerAt(4));
  }

  private HistoryWriter withSnapshots() {
    HistoryWriter writer = fixture.writer("u");
    writer.write(AuditFixture.created("u", second(0)), AuditFixture.OPERATOR);
    for (int epoch = 1; epoch <= 350; epoch++) {
      fixture.owners(writer, epoch, epoch);
      if (writer.sequenceNr() % TermedEntity.ROWS_PER_SNAPSHOT == 0) {
        fixture.journal.add(unit("u"), writer.snapshot(second(epoch)));
      }
    }
    return writer;
  }

  @Test
  void snapshotsChangeNothingButWhatHasToBeRead() {
    withSnapshots();
    assertEquals(
        2 * 351 / TermedEntity.ROWS_PER_SNAPSHOT, fixture.journal.snapshots.get(unit("u")).size());
    List<Long> epochs = new ArrayList<>();
    for (int second = 0; second <= 350; second += 7) {
      epochs.add(entry(fixture.history("u").at(second(second))).ownership().epoch());
      assertEquals(second, epochs.get(epochs.size() - 1));
    }
    // What is before the snapshot is not read: it may even be unreadable.
    List<JournalRow> rows = fixture.journal.of(unit("u"));
    rows.subList(0, 500).clear();
    assertEquals(340, entry(fixture.history("u").at(second(340))).ownership().epoch());
    assertThrows(JournalFault.class, () -> fixture.history("u").at(second(20)));
  }

  /** One that a stale incarnation saved, under a number that the journal has otherwise. */
  @Test
  void aSnapshotOfAnotherBranchIsNotBelieved() {
    HistoryWriter stale = fixture.writer("u");
    stale.write(AuditFixture.created("u", second(0)), GW1);
    fixture.owners(stale, 1, 98);
    HistoryWriter newer = stale.successor(2);
    newer.write(AuditFixture.served(98, second(99)), GW1);
    stale.write(AuditFixture.chosen("gw9", 99, second(99)), GW1);
    fixture.journal.add(unit("u"), stale.snapshot(second(99)));
    assertEquals(entry(newer.state()), entry(fixture.history("u").at(second(99))));
    newer.write(AuditFixture.chosen("gw5", 99, second(100)), GW1);
    assertEquals("gw5", ownerAt(100));
  }

  @Test
  void aSnapshotWithoutADigestIsNotBelieved() {
    HistoryWriter writer = fixture.writer("u");
    writer.write(AuditFixture.created("u", second(0)), null);
    writer.write(AuditFixture.chosen("gw1", 1, second(1)), null);
    EntityState wrong = fixture.writer("v").state().apply(AuditFixture.created("u", second(0)));
    fixture.journal.add(
        unit("u"),
        writer.snapshot(wrong.apply(AuditFixture.chosen("gw7", 1, second(1))), second(1)));
    assertEquals("gw1", ownerAt(1));
  }

  @Test
  void aSnapshotThatLiesIsFoundByVerification() {
    HistoryWriter writer = withSnapshots();
    List<String> told = new ArrayList<>();
    JournalVerification verification =
        new JournalVerification(fixture.journal, fixture.codec, java.util.Map.of(), told::add);
    verification.entity(unit("u"));
    assertEquals(List.of(), told);
    EntityState lie = writer.state().apply(AuditFixture.chosen("gw7", 351, second(351)));
    HistoryWriter other = fixture.unitWithOwners("w", 10);
    fixture.journal.add(unit("w"), other.snapshot(second(10)));
    fixture.journal.add(
        unit("w"),
        other.snapshot(other.state().apply(AuditFixture.chosen("gw7", 9, second(9))), second(10)));
    assertTrue(lie.version() > writer.state().version());
    // Of version 12, which the journal has not; then of one that it has.
    other.write(AuditFixture.chosen("gw2", 11, second(11)), GW1);
    verification.entity(unit("w"));
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.get(0).contains("snapshot of version 12"), told::toString);
  }

  private List<String> faultsWith(Journal.StoredSnapshot forged) {
    fixture.journal.add(unit("u"), forged);
    List<String> told = new ArrayList<>();
    new JournalVerification(fixture.journal, fixture.codec, java.util.Map.of(), told::add)
        .entity(unit("u"));
    return told;
  }

  @Test
  void aSnapshotOfATermThatNeverWasIsNamed() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    assertEquals(List.of(), faultsWith(writer.snapshot(second(10))));
    EntityState said = writer.state();
    List<String> told = faultsWith(writer.successor(9).snapshot(said, second(10)));
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.get(0).contains("sequence number 22: the snapshot of version 11, term 9"));
    assertTrue(told.get(0).endsWith("is of an event that is not there"), told::toString);
  }

  /** It is right in itself, and what has happened since would be undone by it. */
  @Test
  void anOldSnapshotInTheNameOfANewerOneIsNamed() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    Journal.StoredSnapshot old = writer.snapshot(second(10));
    fixture.owners(writer, 11, 12);
    List<String> told =
        faultsWith(new Journal.StoredSnapshot(writer.sequenceNr(), second(12), old.state()));
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.get(0).endsWith("is older than the row after which it stands"));
  }

  @Test
  void aSnapshotWithoutTheDigestOfItsEventIsNamed() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    HistoryWriter bare = fixture.writer("u");
    Journal.StoredSnapshot without = bare.snapshot(writer.state(), second(10));
    List<String> told =
        faultsWith(new Journal.StoredSnapshot(writer.sequenceNr(), second(10), without.state()));
    assertEquals(1, told.size(), told::toString);
    assertTrue(told.get(0).endsWith("is not what the events make"), told::toString);
  }

  /** Nobody believes it, and it may be there. */
  @Test
  void aSnapshotOfAStaleIncarnationIsComparedWithItsOwnBranch() {
    HistoryWriter stale = fixture.unitWithOwners("u", 3);
    HistoryWriter newer = stale.successor(2);
    newer.write(AuditFixture.served(3, second(4)), GW1);
    stale.write(AuditFixture.chosen("gw9", 4, second(5)), GW1);
    newer.write(AuditFixture.chosen("gw2", 4, second(6)), GW1);
    assertEquals(List.of(), faultsWith(stale.snapshot(second(5))));
    List<String> told = faultsWith(stale.snapshot(newer.state(), second(5)));
    assertEquals(1, told.size(), told::toString);
  }

  @Test
  void aSnapshotAfterTheLastRowIsNamed() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    List<String> told =
        faultsWith(
            new Journal.StoredSnapshot(
                writer.sequenceNr() + 200, second(10), writer.snapshot(second(10)).state()));
    assertEquals(1, told.size(), told::toString);
  }

  /** Rows and snapshots of an entity that lives are not read in one moment. */
  @Test
  void aSnapshotOfWhatWasWrittenMeanwhileIsComparedWithIt() {
    HistoryWriter writer = fixture.unitWithOwners("u", 10);
    fixture.journal.add(unit("u"), writer.snapshot(second(10)));
    List<String> told = new ArrayList<>();
    for (boolean forged : new boolean[] {false, true}) {
      List<JournalRow> read = List.copyOf(fixture.journal.of(unit("u")));
      int owners = forged ? 30 : 20;
      fixture.owners(writer, owners - 9, owners);
      EntityState said = forged ? fixture.unitWithOwners("other", 3).state() : writer.state();
      fixture.journal.add(unit("u"), writer.snapshot(said, second(owners)));
      SnapshotCheck check =
          new SnapshotCheck(fixture.journal, fixture.codec, unit("u"), EntityKind.LUN, told::add);
      read.forEach(check::row);
      check.end();
      assertEquals(forged ? 1 : 0, told.size(), told::toString);
    }
  }

  @Test
  void aSnapshotThatCantBeReadDoesNotHideTheNext() {
    HistoryWriter writer = withSnapshots();
    List<Journal.StoredSnapshot> all = fixture.journal.snapshots.get(unit("u"));
    Journal.StoredSnapshot first = all.get(2);
    fixture.journal.add(
        unit("u"),
        new Journal.StoredSnapshot(
            first.sequenceNr(),
            first.saved(),
            new io.moongate.cluster.entity.ChainDigest.Stored(
                first.state().serializerId(), first.state().serializerManifest(), new byte[] {1})));
    List<String> told =
        faultsWith(
            new Journal.StoredSnapshot(
                all.get(0).sequenceNr(),
                second(300),
                writer.successor(7).snapshot(second(300)).state()));
    assertEquals(2, told.size(), told::toString);
    assertTrue(told.get(0).contains("can't be read"), told::toString);
  }

  @Test
  void anEventThatCantBeReadIsNamed() {
    fixture.unitWithOwners("u", 5);
    List<JournalRow> rows = fixture.journal.of(unit("u"));
    JournalRow row = rows.get(4);
    rows.set(
        4,
        new JournalRow(
            row.persistenceId(),
            row.sequenceNr(),
            row.written(),
            row.manifest(),
            new io.moongate.cluster.entity.ChainDigest.Stored(
                row.event().serializerId(), row.event().serializerManifest(), new byte[] {1})));
    JournalFault fault = assertThrows(JournalFault.class, this::versions);
    assertTrue(fault.getMessage().startsWith("unit|u, sequence number 5: "), fault::getMessage);
  }
}
