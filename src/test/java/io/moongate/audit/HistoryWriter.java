package io.moongate.audit;

import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.ChainDigest;
import io.moongate.cluster.entity.TermReplay;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import java.time.Instant;
import java.util.function.Consumer;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;

/** Writes the history of one entity as an incarnation of it does: an event, and a mark after it. */
final class HistoryWriter {
  private final Serialization serialization;
  private final Consumer<JournalRow> rows;
  private final String persistenceId;
  private final EntityKind kind;
  private EntityState state;
  private TermReplay<EntityState> history;
  private long term;
  private long sequenceNr;

  HistoryWriter(Serialization serialization, String persistenceId, Consumer<JournalRow> rows) {
    this.serialization = serialization;
    this.rows = rows;
    this.persistenceId = persistenceId;
    this.kind = EntityKind.of(persistenceId).orElseThrow();
    this.state = kind.empty();
    this.history = new TermReplay<>(state, 0, 0);
    this.term = 1;
  }

  private HistoryWriter(HistoryWriter of, long term) {
    this.serialization = of.serialization;
    this.rows = of.rows;
    this.persistenceId = of.persistenceId;
    this.kind = of.kind;
    this.state = of.state;
    this.history =
        new TermReplay<>(of.state, of.history.term(), of.history.version(), of.history.digest());
    this.term = term;
    this.sequenceNr = of.sequenceNr;
  }

  /** An incarnation of a newer term that has read what this one has written so far. */
  HistoryWriter successor(long newerTerm) {
    return new HistoryWriter(this, newerTerm);
  }

  EntityState state() {
    return state;
  }

  long sequenceNr() {
    return sequenceNr;
  }

  /** Writes an event, and applies it. */
  void write(Object event, Origin by) {
    write(event, by, EventFacts.at(event));
  }

  void write(Object event, Origin by, Instant written) {
    TermReplay.Position position = history.next(term);
    ChainDigest.Stored stored = stored(by == null ? event : attributed(event, by));
    if (by != null) {
      position = position.sealed(ChainDigest.of(history.digest(), persistenceId, position, stored));
    }
    state = history.event(position, before -> before.apply(event));
    rows.accept(new JournalRow(persistenceId, ++sequenceNr, written, position.manifest(), stored));
    rows.accept(new JournalRow(persistenceId, ++sequenceNr, written, "", stored(mark(written))));
  }

  private Object attributed(Object event, Origin by) {
    return switch (kind) {
      case GATEWAY -> new Gateway.Kept((Gateway.Event) event, by);
      case TARGET -> new Target.Kept((Target.Event) event, by);
      case LUN -> new LogicalUnit.Kept((LogicalUnit.Event) event, by);
    };
  }

  private Object mark(Instant at) {
    return switch (kind) {
      case GATEWAY -> new Gateway.Settled(at);
      case TARGET -> new Target.Settled(at);
      case LUN -> new LogicalUnit.Settled(at);
    };
  }

  /** A snapshot of now. */
  Journal.StoredSnapshot snapshot(Instant saved) {
    return snapshot(state, saved);
  }

  /** A snapshot that says of now what isn't so. */
  Journal.StoredSnapshot snapshot(EntityState said, Instant saved) {
    Object snapshot =
        switch (kind) {
          case GATEWAY ->
              new Gateway.Snapshot(term, ((EntityState.OfGateway) said).state(), history.digest());
          case TARGET ->
              new Target.Snapshot(term, ((EntityState.OfTarget) said).state(), history.digest());
          case LUN ->
              new LogicalUnit.Snapshot(term, ((EntityState.OfLun) said).state(), history.digest());
        };
    return new Journal.StoredSnapshot(sequenceNr, saved, stored(snapshot));
  }

  private ChainDigest.Stored stored(Object kept) {
    Serializer serializer = serialization.findSerializerFor(kept);
    return new ChainDigest.Stored(
        serializer.identifier(),
        Serializers.manifestFor(serializer, kept),
        serialization.serialize(kept).get());
  }
}
