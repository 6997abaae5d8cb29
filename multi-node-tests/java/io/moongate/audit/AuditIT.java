package io.moongate.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.PathsRecorder;
import io.moongate.multinode.workload.PathsRecorder.Sample;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the journal says of the past against what was seen when it was the present. */
@ClusterAlone
class AuditIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int INSTANTS = 10;

  /** Events, of two rows each, until an entity has saved a snapshot, and some more. */
  private static final int CHANGES = TermedEntity.ROWS_PER_SNAPSHOT / 2 + 10;

  private static final Duration BOUND = Duration.ofSeconds(60);

  /** A unit that was taken over by the row is on record when its entity has a home again. */
  private static final Duration RECORDED = Duration.ofSeconds(4);

  @TempDir Path directory;

  private static JsonNode get(TestGateway gateway, String path) {
    return Await.value(
        path,
        BOUND,
        () -> {
          try {
            return JSON.readTree(TestCluster.ask(() -> gateway.api().text("/api/v1" + path)));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  private record Run(int code, String out) {}

  private static Run audit(String... arguments) {
    StringWriter out = new StringWriter();
    int code =
        new CommandLine(new JournalCommand())
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(out, true))
            .execute(arguments);
    return new Run(code, out.toString());
  }

  @Test
  void theViewOfTenInstantsIsWhatWasSeenThen(TestCluster cluster) throws InterruptedException {
    List<TestLun> luns = new ArrayList<>();
    for (int lun = 0; lun < 3; lun++) {
      luns.add(cluster.createLun("audit", lun, 8 << 20));
    }
    TestGateway observer = cluster.gateways().get(0);
    TestGateway victim = cluster.gateways().get(2);
    List<Sample> settled;
    Instant begin = Instant.now();
    try (PathsRecorder recorder = new PathsRecorder(observer)) {
      for (int move = 0; move < 3; move++) {
        cluster.move(luns.get(move % 3), cluster.gateways().get((move + 1) % 3));
        Thread.sleep(RECORDED.plusSeconds(1).toMillis());
      }
      cluster.move(luns.get(0), victim);
      victim.kill();
      new PathAgreement(cluster, luns.get(0)).await();
      Thread.sleep(RECORDED.plusSeconds(2).toMillis());
      cluster.heal();
      new PathAgreement(cluster, luns.get(0)).await();
      Thread.sleep(RECORDED.plusSeconds(2).toMillis());
      settled = recorder.settled(RECORDED);
    }
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int differences = 0;
    for (int instant = 0; instant < INSTANTS; instant++) {
      Sample sample = settled.get(random.nextInt(settled.size()));
      JsonNode then = get(observer, "/view?at=" + sample.at());
      assertEquals(sample.at(), Instant.parse(then.get("at").textValue()));
      if (!then.get("paths").equals(sample.paths())) {
        differences++;
        System.out.printf(
            "at %s%n  seen     %s%n  replayed %s%n",
            sample.at(), sample.paths(), then.get("paths"));
      }
    }
    System.out.printf(
        "audit: %d instants of %d samples, seed %d: %d differences%n",
        INSTANTS, settled.size(), seed, differences);
    assertEquals(0, differences);

    JsonNode diff = get(observer, "/view/diff?from=" + begin + "&to=" + Instant.now());
    boolean moved = false;
    for (JsonNode change : diff.get("changes")) {
      moved |=
          change.get("entity").textValue().equals("lun")
              && change.get("field").textValue().equals("epoch")
              && change.get("id").textValue().equals(luns.get(0).id());
    }
    assertTrue(moved, diff::toString);

    events(observer, luns.get(0), victim);
    cluster.delete(luns.get(0).target());
  }

  private static void events(TestGateway observer, TestLun lun, TestGateway victim) {
    JsonNode page = get(observer, "/events?order=asc&lun=" + lun.id());
    JsonNode created = page.get("items").get(0);
    assertEquals("created", created.get("type").textValue());
    assertEquals("127.0.0.1", created.get("by").get("address").textValue(), created::toString);
    boolean failover = false;
    for (JsonNode event : page.get("items")) {
      assertFalse(event.get("by").get("gateway").textValue().isEmpty());
      failover |=
          event.get("type").textValue().equals("owner-chosen")
              && event.get("by").get("address").isNull()
              && event.get("evidence").toString().contains("\"" + victim.name() + "\"");
    }
    assertTrue(failover, page::toString);
    JsonNode newest = get(observer, "/events?limit=5");
    assertEquals(5, newest.get("items").size());
    JsonNode second = get(observer, "/events?limit=5&cursor=" + newest.get("next").textValue());
    assertFalse(second.get("items").isEmpty());
    assertFalse(newest.toString().contains(second.get("items").get(0).get("id").textValue()));
    JsonNode failed = get(observer, "/events?type=failed&gateway=" + victim.name());
    assertFalse(failed.get("items").isEmpty());
  }

  @Test
  void anAlteredRowIsNamedAndEverythingIsExported(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("altered", 0, 8 << 20);
    Path config = cluster.directory().resolve("gw1.conf");
    Run heads = audit("heads", "--config", config.toString());
    assertEquals(0, heads.code(), heads.out());
    Path kept = Files.writeString(directory.resolve("heads"), heads.out());

    String[] verify = {"verify", "--config", config.toString(), "--heads", kept.toString()};
    Run sound = audit(verify);
    assertEquals(0, sound.code(), sound.out());
    assertTrue(sound.out().contains("; 0 faults;"), sound.out());

    SchemaConnection connection = SchemaConnection.of(config);
    String id = EntityKind.LUN.persistenceId(lun.id());
    try (CqlSession session = connection.open(Duration.ZERO)) {
      Row row =
          session
              .execute(
                  SimpleStatement.newInstance(
                      "SELECT sequence_nr, timestamp, event FROM %s.messages WHERE persistence_id = ? AND partition_nr = 0 AND sequence_nr = 3"
                          .formatted(connection.keyspace()),
                      id))
              .one();
      ByteBuffer was = row.getByteBuffer("event");
      byte[] bytes = new byte[was.remaining()];
      was.duplicate().get(bytes);
      bytes[bytes.length / 2] ^= 1;
      update(session, connection, id, row, ByteBuffer.wrap(bytes));
      Run found;
      try {
        found = audit(verify);
      } finally {
        update(session, connection, id, row, was);
      }
      assertEquals(1, found.code(), found.out());
      assertTrue(found.out().contains(id + ", sequence number 3, version 2,"), found.out());
      assertTrue(found.out().contains("; 1 faults;"), found.out());
    }
    assertEquals(0, audit(verify).code());
    export(config);
    cluster.delete(lun.target());
  }

  /** Those that entities have saved pass; one that is put under a newer row does not. */
  @Test
  @Tag("long")
  void snapshotsAreWhatTheEventsMake(TestCluster cluster) {
    TestLun lun = cluster.createLun("snapshots", 0, 8 << 20);
    TestGateway gateway = cluster.gateways().get(0);
    for (int change = 0; change < CHANGES; change++) {
      List<String> owners =
          List.of(cluster.gateways().get(change % 2).name(), cluster.gateways().get(2).name());
      Await.value(
          "the preference",
          BOUND,
          () -> TestCluster.ask(() -> gateway.api().prefer(lun.id(), owners)));
    }
    Path config = cluster.directory().resolve("gw1.conf");
    String id = EntityKind.LUN.persistenceId(lun.id());
    SchemaConnection connection = SchemaConnection.of(config);
    try (CqlSession session = connection.open(Duration.ZERO)) {
      Journal journal = new CassandraJournal(session, connection.keyspace());
      Journal.StoredSnapshot saved =
          Await.value(
              "a snapshot",
              BOUND,
              () -> {
                Iterator<Journal.StoredSnapshot> snapshots = journal.snapshots(id);
                if (!snapshots.hasNext()) {
                  throw new Await.Unready("none is saved");
                }
                return snapshots.next();
              });
      Run sound = audit("verify", "--config", config.toString());
      assertEquals(0, sound.code(), sound.out());
      assertTrue(sound.out().contains("; 0 faults;"), sound.out());
      session.execute(
          SimpleStatement.newInstance(
              "INSERT INTO %s.snapshots (persistence_id, sequence_nr, timestamp, ser_id, ser_manifest, snapshot_data) VALUES (?, ?, ?, ?, ?, ?)"
                  .formatted(connection.keyspace()),
              id,
              saved.sequenceNr() + 4,
              saved.saved().toEpochMilli(),
              saved.state().serializerId(),
              saved.state().serializerManifest(),
              ByteBuffer.wrap(saved.state().bytes())));
      Run found;
      try {
        found = audit("verify", "--config", config.toString());
      } finally {
        session.execute(
            SimpleStatement.newInstance(
                "DELETE FROM %s.snapshots WHERE persistence_id = ? AND sequence_nr = ?"
                    .formatted(connection.keyspace()),
                id,
                saved.sequenceNr() + 4));
      }
      assertEquals(1, found.code(), found.out());
      assertTrue(
          found.out().contains("%s, sequence number %d".formatted(id, saved.sequenceNr() + 4)),
          found.out());
    }
    cluster.delete(lun.target());
  }

  private static void update(
      CqlSession session, SchemaConnection connection, String id, Row row, ByteBuffer event) {
    session.execute(
        SimpleStatement.newInstance(
            "UPDATE %s.messages SET event = ? WHERE persistence_id = ? AND partition_nr = 0 AND sequence_nr = ? AND timestamp = ?"
                .formatted(connection.keyspace()),
            event,
            id,
            row.getLong("sequence_nr"),
            row.getUuid("timestamp")));
  }

  private void export(Path config) throws IOException {
    Path lines = directory.resolve("events.jsonl");
    Path resume = directory.resolve("resume");
    Run exported =
        audit(
            "export",
            "--config",
            config.toString(),
            "--output",
            lines.toString(),
            "--resume",
            resume.toString());
    assertEquals(0, exported.code(), exported.out());
    assertFalse(Files.exists(resume));
    List<String> events = Files.readAllLines(lines);
    assertTrue(events.size() > 5);
    for (String event : events) {
      assertTrue(JSON.readTree(event).get("after").isObject(), event);
    }
    // From a point in the middle of it, with something half written behind: the same comes out.
    String whole = Files.readString(lines);
    String first = JSON.readTree(events.get(0)).get("name").textValue();
    int begin = 0;
    while (JSON.readTree(events.get(begin)).get("name").textValue().equals(first)) {
      begin++;
    }
    long bytes = 0;
    for (String event : events.subList(0, begin)) {
      bytes += event.getBytes(java.nio.charset.StandardCharsets.UTF_8).length + 1;
    }
    long token;
    try (JournalAccess access = new JournalAccess(config)) {
      token = access.journal().entities(Long.MIN_VALUE).next().token();
    }
    new ResumeFile(resume).write(new ResumeFile.Point("jsonl", token, bytes));
    Files.writeString(lines, whole.substring(0, Math.min(whole.length(), (int) bytes + 20)));
    Run resumed =
        audit(
            "export",
            "--config",
            config.toString(),
            "--output",
            lines.toString(),
            "--resume",
            resume.toString());
    assertEquals(0, resumed.code(), resumed.out());
    assertEquals(whole, Files.readString(lines));
    Path csv = directory.resolve("events.csv");
    assertEquals(
        0,
        audit(
                "export",
                "--config",
                config.toString(),
                "--format",
                "csv",
                "--output",
                csv.toString())
            .code());
    assertTrue(Files.readString(csv).startsWith("entity,name,version,at,type,user,"));
  }
}
