package io.moongate.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchStatementBuilder;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.cluster.schema.SchemaTool;
import io.moongate.cluster.view.View;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestCluster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long it takes to replay a million events, in how much memory. They are written as entities
 * write them, straight into a journal of their own; {@code -Dmoongate.audit.events} says how many.
 */
@Tag("long")
@ClusterAlone
class MillionEventsIT {
  private static final int EVENTS = Integer.getInteger("moongate.audit.events", 1_000_000);
  private static final int EVENTS_OF_UNIT = 200;
  private static final String KEYSPACE = "million";
  private static final int IN_FLIGHT = 8;
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path directory;

  private final ActorSystem system = ActorSystem.create("million", JournalAccess.serialization());
  private final Serialization serialization = SerializationExtension.get(system);

  private static String unit(int number) {
    return new UUID(0, number).toString();
  }

  /** Events of one unit are this far apart, and of all units evenly spread. */
  private static Instant at(int unit, int event) {
    return BEGIN.plusSeconds(60L * event).plusMillis(unit % 60_000);
  }

  private void write(CqlSession session) throws InterruptedException {
    PreparedStatement row =
        session.prepare(
            "INSERT INTO %s.messages (persistence_id, partition_nr, sequence_nr, timestamp, timebucket, writer_uuid, ser_id, ser_manifest, event_manifest, event) VALUES (?, 0, ?, ?, '0', 'test', ?, ?, ?, ?)"
                .formatted(KEYSPACE));
    PreparedStatement snapshot =
        session.prepare(
            "INSERT INTO %s.snapshots (persistence_id, sequence_nr, timestamp, ser_id, ser_manifest, snapshot_data) VALUES (?, ?, ?, ?, ?, ?)"
                .formatted(KEYSPACE));
    Semaphore flying = new Semaphore(IN_FLIGHT);
    AtomicReference<Throwable> failed = new AtomicReference<>();
    for (int unit = 0; unit < EVENTS / EVENTS_OF_UNIT; unit++) {
      String id = EntityKind.LUN.persistenceId(unit(unit));
      List<JournalRow> rows = new ArrayList<>();
      List<Journal.StoredSnapshot> snapshots = new ArrayList<>();
      HistoryWriter writer = new HistoryWriter(serialization, id, rows::add);
      writer.write(AuditFixture.created(unit(unit), at(unit, 0)), AuditFixture.OPERATOR);
      for (int event = 1; event < EVENTS_OF_UNIT; event++) {
        Instant at = at(unit, event);
        writer.write(
            event % 2 == 1
                ? AuditFixture.chosen("gw" + (1 + event % 3), event, at)
                : AuditFixture.served(event - 1L, at),
            AuditFixture.GW1);
        if (writer.sequenceNr() % TermedEntity.ROWS_PER_SNAPSHOT == 0) {
          snapshots.add(writer.snapshot(at));
        }
      }
      for (int from = 0; from < rows.size(); from += 50) {
        BatchStatementBuilder batch = BatchStatement.builder(DefaultBatchType.UNLOGGED);
        for (JournalRow each : rows.subList(from, Math.min(rows.size(), from + 50))) {
          batch.addStatement(
              row.bind(
                  id,
                  each.sequenceNr(),
                  Uuids.startOf(each.written().toEpochMilli()),
                  each.event().serializerId(),
                  each.event().serializerManifest(),
                  each.manifest(),
                  ByteBuffer.wrap(each.event().bytes())));
        }
        fly(flying, failed, () -> session.executeAsync(batch.build()));
      }
      for (Journal.StoredSnapshot each : snapshots) {
        fly(
            flying,
            failed,
            () ->
                session.executeAsync(
                    snapshot.bind(
                        id,
                        each.sequenceNr(),
                        each.saved().toEpochMilli(),
                        each.state().serializerId(),
                        each.state().serializerManifest(),
                        ByteBuffer.wrap(each.state().bytes()))));
      }
    }
    flying.acquire(IN_FLIGHT);
    if (failed.get() != null) {
      throw new AssertionError(failed.get());
    }
  }

  private static void fly(
      Semaphore flying, AtomicReference<Throwable> failed, Supplier<CompletionStage<?>> write)
      throws InterruptedException {
    flying.acquire();
    write
        .get()
        .whenComplete(
            (done, failure) -> {
              flying.release();
              if (failure != null) {
                failed.compareAndSet(null, failure);
              }
            });
  }

  @Test
  void aMillionEventsAreReplayedInBoundedMemory(TestCluster cluster) throws Exception {
    cluster.gateways().forEach(gateway -> gateway.kill());
    Path config = directory.resolve("million.conf");
    Files.writeString(
        config,
        Files.readString(cluster.directory().resolve("gw1.conf"))
            + "\nmoongate.cassandra.keyspace = "
            + KEYSPACE
            + "\n");
    SchemaConnection connection = SchemaConnection.of(config);
    try (CqlSession session = connection.open(Duration.ZERO)) {
      SchemaTool.apply(session, KEYSPACE, 1);
      long begin = System.nanoTime();
      write(session);
      say("written", begin);

      command("verify", "--config", config.toString());
      Path out = directory.resolve("events.jsonl");
      command("export", "--config", config.toString(), "--output", out.toString());
      try (var lines = Files.lines(out)) {
        assertEquals(EVENTS, lines.count());
      }
      ask(session);
    } finally {
      system.terminate();
    }
  }

  /** In a process with a small heap, as an operator runs it. */
  private void command(String... arguments) throws IOException, InterruptedException {
    Installation installation = Installation.find();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Xlog:gc:file=" + directory.resolve("gc.log"),
                "-cp",
                installation.classPath(),
                "io.moongate.Main",
                "audit"));
    command.addAll(List.of(arguments));
    long begin = System.nanoTime();
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertTrue(process.waitFor(30, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue());
    say("audit " + arguments[0], begin);
    long most = 0;
    for (String line : Files.readAllLines(directory.resolve("gc.log"))) {
      var pause = java.util.regex.Pattern.compile("(\\d+)M->(\\d+)M").matcher(line);
      if (pause.find()) {
        most = Math.max(most, Long.parseLong(pause.group(1)));
      }
    }
    System.out.printf("audit %s: at most %d MiB of heap before a collection%n", arguments[0], most);
  }

  private void ask(CqlSession session) throws Exception {
    AuditLog log =
        new AuditLog(
            () -> CompletableFuture.completedStage(session),
            new AuditSettings(KEYSPACE, 2, Duration.ofMinutes(10)),
            serialization);
    Random random = new Random(1);
    for (int instant = 0; instant < 5; instant++) {
      int event = random.nextInt(EVENTS_OF_UNIT);
      long begin = System.nanoTime();
      View view = log.viewAt(at(0, event)).toCompletableFuture().get(10, TimeUnit.MINUTES);
      say("view of " + view.units().size() + " units after event " + event, begin);
      assertEquals(
          event % 2 == 1 ? event : Math.max(0, event - 1),
          view.unit(unit(0)).orElseThrow().ownership().epoch());
    }
    asked(log, "newest 100 of all", AuditFixture.newest(Optional.empty(), Optional.empty(), 100));
    asked(
        log,
        "newest 100 of one LUN",
        AuditFixture.newest(Optional.of(unit(17)), Optional.empty(), 100));
    asked(
        log,
        "newest 100 with a cause",
        AuditFixture.newest(Optional.empty(), Optional.of("gateway gone"), 100));
  }

  private static void asked(AuditLog log, String what, EventQuery query) throws Exception {
    long begin = System.nanoTime();
    EventPage page = log.events(query).toCompletableFuture().get(10, TimeUnit.MINUTES);
    assertEquals(100, page.events().size());
    say("events: " + what, begin);
  }

  private static void say(String what, long begin) {
    System.out.printf("%,d events: %s: %.1f s%n", EVENTS, what, (System.nanoTime() - begin) / 1e9);
  }
}
