package io.moongate.audit;

import io.moongate.cluster.entity.ChainDigest;
import java.time.Instant;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * The journal and the snapshots, read only and a page at a time: iterators block for the next one.
 * A failure of Cassandra comes out of them as the driver's exception.
 */
public interface Journal {

  /** An entity of the journal, and where it stands in the order in which all are read. */
  record Entity(String persistenceId, long token) {}

  /**
   * A snapshot of an entity's state.
   *
   * @param sequenceNr of the last row of the journal that is in it
   * @param saved when
   */
  record StoredSnapshot(long sequenceNr, Instant saved, ChainDigest.Stored state) {}

  /** Every entity that has a row, each once, by token: those after this one. */
  Iterator<Entity> entities(long afterToken);

  /** The rows of an entity from a sequence number on, by sequence number and time. */
  Iterator<JournalRow> rows(String persistenceId, long fromSequenceNr);

  /** The snapshots of an entity that were saved until then, the newest first. */
  Iterator<StoredSnapshot> snapshots(String persistenceId, Instant until);

  /** All snapshots of an entity, by sequence number, the oldest first. */
  Iterator<StoredSnapshot> snapshots(String persistenceId);

  /**
   * The rows of all entities, each entity's by sequence number and time, and without the events.
   *
   * @param part of {@code parts} equal parts of the journal, from 0; each has its entities whole
   */
  void places(int part, int parts, Consumer<JournalRow> row);
}
