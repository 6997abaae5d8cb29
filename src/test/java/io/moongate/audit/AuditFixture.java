package io.moongate.audit;

import io.moongate.cluster.Origin;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;

/** Histories of logical units in memory, an event each second. */
final class AuditFixture implements AutoCloseable {
  static final Instant BEGIN = Instant.parse("2026-11-22T03:12:00Z");
  static final Origin OPERATOR = new Origin("ada", "192.0.2.7", "gw2");
  static final Origin GW1 = Origin.gateway("gw1");

  private final ActorSystem system = ActorSystem.create("audit", JournalAccess.serialization());
  final Serialization serialization = SerializationExtension.get(system);
  final MemoryJournal journal = new MemoryJournal();
  final JournalCodec codec = new JournalCodec(serialization);

  static Instant second(long number) {
    return BEGIN.plusSeconds(number);
  }

  static String unit(String id) {
    return EntityKind.LUN.persistenceId(id);
  }

  HistoryWriter writer(String id) {
    return new HistoryWriter(serialization, unit(id), journal::add);
  }

  EntityHistory history(String id) {
    return new EntityHistory(journal, codec, unit(id), EntityKind.LUN);
  }

  ChainCheck.Report check(String id) {
    return ChainCheck.check(unit(id), journal.rows(unit(id), 1), java.util.Optional.empty());
  }

  static LogicalUnit.Created created(String id, Instant at) {
    return new LogicalUnit.Created(
        id,
        0x3000_0000_0000_0007L,
        "serial",
        "memory",
        1 << 20,
        512,
        List.of(),
        at,
        UnitAttributes.DEFAULT);
  }

  static LogicalUnit.OwnerChosen chosen(String owner, long epoch, Instant at) {
    return new LogicalUnit.OwnerChosen(
        owner,
        "i-" + owner,
        epoch,
        "gateway gone",
        List.of(
            new Observation(
                "gw3", "gw9", "i-gw9", Observation.Kind.PROCESS_GONE, at, "connection refused")),
        at,
        false);
  }

  static LogicalUnit.OwnerServed served(long epoch, Instant at) {
    return new LogicalUnit.OwnerServed(epoch, at);
  }

  /** A unit that is created in second 0 and gets another owner in each one after it. */
  HistoryWriter unitWithOwners(String id, int owners) {
    HistoryWriter writer = writer(id);
    writer.write(created(id, second(0)), OPERATOR);
    owners(writer, 1, owners);
    return writer;
  }

  void owners(HistoryWriter writer, int first, int last) {
    for (int epoch = first; epoch <= last; epoch++) {
      writer.write(chosen("gw" + (1 + epoch % 3), epoch, second(epoch)), GW1);
    }
  }

  static UnitEntry entry(EntityState state) {
    return (UnitEntry) state.entry().orElseThrow();
  }

  @Override
  public void close() {
    system.terminate();
  }

  /** Asks for the newest events: of one unit or of all, with a text in their cause or any. */
  static EventQuery newest(Optional<String> lun, Optional<String> cause, int limit) {
    return new EventQuery(
        lun,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        cause,
        Optional.empty(),
        Optional.empty(),
        limit,
        false,
        Optional.empty());
  }
}
