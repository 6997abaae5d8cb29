package io.moongate.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.cluster.schema.SchemaTool;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.TestCluster;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Histories that do not fit into one partition of the journal, in a real Cassandra. */
@ClusterShared
class LongJournalIT {
  private static final String KEYSPACE = "long_journal";

  /** Odd, so that writes of two rows stand at the ends. */
  private static final long PARTITION_ROWS = 51;

  private static final int LONG = 120;
  private static final int SHORT = 10;

  /** Its rows end with the first partition. */
  private static final int FULL = 24;

  @TempDir Path directory;

  private final AuditFixture fixture = new AuditFixture();
  private PreparedStatement row;
  private PreparedStatement snapshot;

  @AfterEach
  void stop() {
    fixture.close();
  }

  private void prepare(CqlSession session) {
    row =
        session.prepare(
            "INSERT INTO %s.messages (persistence_id, partition_nr, sequence_nr, timestamp, timebucket, writer_uuid, ser_id, ser_manifest, event_manifest, event) VALUES (?, ?, ?, ?, '0', 'test', ?, ?, ?, ?)"
                .formatted(KEYSPACE));
    snapshot =
        session.prepare(
            "INSERT INTO %s.snapshots (persistence_id, sequence_nr, timestamp, ser_id, ser_manifest, snapshot_data) VALUES (?, ?, ?, ?, ?, ?)"
                .formatted(KEYSPACE));
  }

  /** A unit with so many events after its creation, as its entity and the journal write them. */
  private HistoryWriter write(CqlSession session, String id, int owners) {
    List<JournalRow> rows = new ArrayList<>();
    HistoryWriter writer =
        new HistoryWriter(fixture.serialization, AuditFixture.unit(id), rows::add);
    writer.write(AuditFixture.created(id, AuditFixture.second(0)), AuditFixture.OPERATOR);
    fixture.owners(writer, 1, owners);
    for (JournalRow each : rows) {
      long lastOfWrite = each.mark() ? each.sequenceNr() : each.sequenceNr() + 1;
      session.execute(
          row.bind(
              each.persistenceId(),
              (lastOfWrite - 1) / PARTITION_ROWS,
              each.sequenceNr(),
              Uuids.startOf(each.written().toEpochMilli()),
              each.event().serializerId(),
              each.event().serializerManifest(),
              each.manifest(),
              ByteBuffer.wrap(each.event().bytes())));
    }
    return writer;
  }

  private void save(CqlSession session, String id, Journal.StoredSnapshot saved) {
    session.execute(
        snapshot.bind(
            AuditFixture.unit(id),
            saved.sequenceNr(),
            saved.saved().toEpochMilli(),
            saved.state().serializerId(),
            saved.state().serializerManifest(),
            ByteBuffer.wrap(saved.state().bytes())));
  }

  @Test
  void everyPartitionIsRead(TestCluster cluster) throws Exception {
    Path config = directory.resolve("long.conf");
    Files.writeString(
        config,
        Files.readString(cluster.directory().resolve("gw1.conf"))
            + "\nmoongate.cassandra.keyspace = "
            + KEYSPACE
            + "\n");
    try (CqlSession session = SchemaConnection.of(config).open(Duration.ZERO)) {
      SchemaTool.apply(session, KEYSPACE, 1);
      prepare(session);
      HistoryWriter longest = write(session, "long", LONG);
      write(session, "short", SHORT);
      assertEquals(50, write(session, "full", FULL).sequenceNr());
      Journal journal = new CassandraJournal(session, KEYSPACE, PARTITION_ROWS);
      AuditLog log =
          new AuditLog(
              new AuditSettings(KEYSPACE, 2, Duration.ofMinutes(1)),
              () -> CompletableFuture.completedStage(journal),
              fixture.serialization);
      int all = LONG + SHORT + FULL + 3;
      EventPage page = events(log, AuditFixture.newest(Optional.empty(), Optional.empty(), 1_000));
      assertEquals(all, page.events().size());
      assertEquals(
          all, page.events().stream().map(AuditEvent::key).distinct().count(), "each once");
      assertEquals(
          all - 3,
          events(log, AuditFixture.newest(Optional.empty(), Optional.of("gone"), 1_000))
              .events()
              .size());
      assertEquals(
          LONG + 1,
          events(log, AuditFixture.newest(Optional.of("long"), Optional.empty(), 1_000))
              .events()
              .size());
      AuditEvent newest =
          events(log, AuditFixture.newest(Optional.empty(), Optional.empty(), 1)).events().get(0);
      assertEquals(LONG + 1, newest.key().version());

      verify(session, journal, longest);
      withoutPartition(session, journal, log, 0);
      withoutPartition(session, journal, log, 1);
    }
  }

  private static EventPage events(AuditLog log, EventQuery query) throws Exception {
    return log.events(query).toCompletableFuture().get(1, TimeUnit.MINUTES);
  }

  /** Snapshots are read from the first to the last, and a forged one is found among them. */
  private void verify(CqlSession session, Journal journal, HistoryWriter longest) {
    for (int owners : new int[] {20, 70, LONG}) {
      HistoryWriter writer = fixture.unitWithOwners("long", owners);
      save(session, "long", writer.snapshot(Instant.now()));
      fixture.journal.rows.clear();
    }
    List<Long> read = new ArrayList<>();
    journal
        .snapshots(AuditFixture.unit("long"))
        .forEachRemaining(each -> read.add(each.sequenceNr()));
    assertEquals(List.of(42L, 142L, 242L), read);
    assertEquals(List.of(), faults(journal));
    save(session, "long", longest.successor(12).snapshot(Instant.now()));
    List<String> faults = faults(journal);
    assertEquals(1, faults.size(), faults::toString);
    assertTrue(faults.get(0).contains("sequence number 242: the snapshot of version 121, term 12"));
  }

  /** A history of which the beginning was removed is not passed over. */
  private void withoutPartition(CqlSession session, Journal journal, AuditLog log, long partition) {
    String id = AuditFixture.unit("long");
    session.execute(
        "DELETE FROM %s.messages WHERE persistence_id = '%s' AND partition_nr = %d"
            .formatted(KEYSPACE, id, partition));
    List<String> entities = new ArrayList<>();
    journal
        .entities(Long.MIN_VALUE)
        .forEachRemaining(entity -> entities.add(entity.persistenceId()));
    assertEquals(3, entities.size(), entities::toString);
    assertTrue(entities.contains(id), entities::toString);
    List<String> faults = faults(journal);
    assertTrue(
        faults.stream().anyMatch(fault -> fault.startsWith(id) && fault.contains("first rows"))
            || faults.stream().anyMatch(fault -> fault.contains("the rows before it, 1 to")),
        faults::toString);
    ExecutionException failure =
        assertThrows(
            ExecutionException.class,
            () -> events(log, AuditFixture.newest(Optional.empty(), Optional.empty(), 1_000)));
    assertInstanceOf(JournalFault.class, failure.getCause());
  }

  private List<String> faults(Journal journal) {
    List<String> told = new ArrayList<>();
    JournalVerification verification =
        new JournalVerification(journal, fixture.codec, Map.of(), told::add);
    verification.entity(AuditFixture.unit("long"));
    return told;
  }
}
