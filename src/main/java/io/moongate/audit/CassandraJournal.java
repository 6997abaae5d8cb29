package io.moongate.audit;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.uuid.Uuids;
import io.moongate.cluster.entity.ChainDigest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;

/** {@link Journal} in the tables of pekko-persistence-cassandra. */
public final class CassandraJournal implements Journal {
  private static final int PAGE_ROWS = 200;
  private static final int PLACES_PAGE_ROWS = 5_000;
  private static final int SNAPSHOT_PAGE_ROWS = 2;
  private static final String SNAPSHOTS =
      "SELECT sequence_nr, timestamp, ser_id, ser_manifest, snapshot_data"
          + " FROM %s.snapshots WHERE persistence_id = ?";
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Rows of a partition: {@code journal.target-partition-size}, which is never changed. */
  private static final long PARTITION_ROWS = 500_000;

  /** More than a write has: one at a partition's end is in the next partition as a whole. */
  private static final int WRITE_ROWS = 16;

  private final CqlSession session;
  private final String keyspace;
  private final long partitionRows;
  private final Map<String, PreparedStatement> prepared = new ConcurrentHashMap<>();

  /** Reads in this keyspace; the session stays the caller's to close. */
  public CassandraJournal(CqlSession session, String keyspace) {
    this(session, keyspace, PARTITION_ROWS);
  }

  /** In partitions of another size. */
  CassandraJournal(CqlSession session, String keyspace, long partitionRows) {
    this.session = session;
    this.keyspace = keyspace;
    this.partitionRows = partitionRows;
  }

  @Override
  public Iterator<Entity> entities(long afterToken) {
    Iterator<Row> partitions =
        query(
            "SELECT DISTINCT persistence_id, partition_nr, token(persistence_id, partition_nr)"
                + " AS place FROM %s.messages WHERE token(persistence_id, partition_nr) > ?",
            PLACES_PAGE_ROWS, afterToken);
    return new Filtered<>(
        partitions,
        row ->
            isFirst(row.getString("persistence_id"), row.getLong("partition_nr"))
                ? new Entity(row.getString("persistence_id"), row.getLong("place"))
                : null);
  }

  /** Whether no partition of the entity before this one has a row: a first one may be missing. */
  private boolean isFirst(String persistenceId, long partition) {
    for (long before = 0; before < partition; before++) {
      if (query(
              "SELECT sequence_nr FROM %s.messages WHERE persistence_id = ? AND partition_nr = ?"
                  + " LIMIT 1",
              1, persistenceId, before)
          .hasNext()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Iterator<JournalRow> rows(String persistenceId, long fromSequenceNr) {
    return new Partitions(
        Math.max(0, (fromSequenceNr - 1) / partitionRows),
        partition ->
            new Filtered<>(
                query(
                    "SELECT sequence_nr, timestamp, event_manifest, ser_id, ser_manifest, event"
                        + " FROM %s.messages WHERE persistence_id = ? AND partition_nr = ?"
                        + " AND sequence_nr >= ?",
                    PAGE_ROWS, persistenceId, partition, fromSequenceNr),
                row ->
                    row(
                        persistenceId,
                        row,
                        new ChainDigest.Stored(
                            row.getInt("ser_id"),
                            text(row, "ser_manifest"),
                            bytes(row, "event")))));
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId, Instant until) {
    return snapshots(
        query(
            SNAPSHOTS + " AND timestamp <= ? ALLOW FILTERING",
            SNAPSHOT_PAGE_ROWS,
            persistenceId,
            until.toEpochMilli()));
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId) {
    return snapshots(
        query(SNAPSHOTS + " ORDER BY sequence_nr ASC", SNAPSHOT_PAGE_ROWS, persistenceId));
  }

  private static Iterator<StoredSnapshot> snapshots(Iterator<Row> rows) {
    return new Filtered<>(
        rows,
        row ->
            row.isNull("snapshot_data")
                ? null
                : new StoredSnapshot(
                    row.getLong("sequence_nr"),
                    Instant.ofEpochMilli(row.getLong("timestamp")),
                    new ChainDigest.Stored(
                        row.getInt("ser_id"),
                        text(row, "ser_manifest"),
                        bytes(row, "snapshot_data"))));
  }

  @Override
  public void places(int part, int parts, Consumer<JournalRow> row) {
    // The ring of Murmur3 is all of a long; each part but the last ends where the next begins.
    double width = 0x1p64 / parts;
    long after = (long) (Long.MIN_VALUE + part * width);
    long upTo = part + 1 == parts ? Long.MAX_VALUE : (long) (Long.MIN_VALUE + (part + 1) * width);
    Iterator<Row> rows =
        query(
            "SELECT persistence_id, partition_nr, sequence_nr, timestamp, event_manifest"
                + " FROM %s.messages WHERE token(persistence_id, partition_nr) > ?"
                + " AND token(persistence_id, partition_nr) <= ?",
            PLACES_PAGE_ROWS, after, upTo);
    JournalRow last = null;
    LaterPartitions later = new LaterPartitions();
    while (rows.hasNext()) {
      Row each = rows.next();
      if (each.getLong("partition_nr") > 0) {
        // It is read with the entity's first partition, wherever that is; where there is none
        // whoever
        // reads has to notice that the beginning is missing.
        if (later.isFirst(each)) {
          if (last != null) {
            laterPlaces(last, row);
            last = null;
          }
          row.accept(row(each.getString("persistence_id"), each, null));
        }
        continue;
      }
      JournalRow place = row(each.getString("persistence_id"), each, null);
      if (last != null && !last.persistenceId().equals(place.persistenceId())) {
        laterPlaces(last, row);
      }
      row.accept(place);
      last = place;
    }
    if (last != null) {
      laterPlaces(last, row);
    }
  }

  /** Partitions that are not the first, in the order in which places are read. */
  private final class LaterPartitions {
    private String persistenceId = "";
    private long partition;
    private boolean first;

    /** Whether all before the one of this row are missing. */
    boolean isFirst(Row each) {
      String id = each.getString("persistence_id");
      long at = each.getLong("partition_nr");
      if (!id.equals(persistenceId) || at != partition) {
        persistenceId = id;
        partition = at;
        first = CassandraJournal.this.isFirst(id, at);
      }
      return first;
    }
  }

  /** The places after the last one of an entity's first partition, if that is full. */
  private void laterPlaces(JournalRow last, Consumer<JournalRow> row) {
    String id = last.persistenceId();
    if (last.sequenceNr() > partitionRows - WRITE_ROWS) {
      new Partitions(
              1,
              partition ->
                  new Filtered<>(
                      query(
                          "SELECT sequence_nr, timestamp, event_manifest FROM %s.messages"
                              + " WHERE persistence_id = ? AND partition_nr = ?",
                          PLACES_PAGE_ROWS, id, partition),
                      each -> row(id, each, null)))
          .forEachRemaining(row);
    }
  }

  private static JournalRow row(String persistenceId, Row row, ChainDigest.Stored event) {
    return new JournalRow(
        persistenceId, row.getLong("sequence_nr"), written(row), manifest(row), event);
  }

  private Iterator<Row> query(String cql, int pageRows, Object... values) {
    PreparedStatement statement =
        prepared.computeIfAbsent(cql, text -> session.prepare(text.formatted(keyspace)));
    return session
        .execute(
            statement
                .bind(values)
                .setConsistencyLevel(ConsistencyLevel.QUORUM)
                .setPageSize(pageRows)
                .setTimeout(TIMEOUT)
                .setIdempotent(true))
        .iterator();
  }

  private static Instant written(Row row) {
    return Instant.ofEpochMilli(Uuids.unixTimestamp(row.getUuid("timestamp")));
  }

  private static String manifest(Row row) {
    return text(row, "event_manifest");
  }

  private static String text(Row row, String column) {
    String text = row.getString(column);
    return text == null ? "" : text;
  }

  private static byte[] bytes(Row row, String column) {
    ByteBuffer buffer = row.getByteBuffer(column);
    byte[] bytes = new byte[buffer == null ? 0 : buffer.remaining()];
    if (buffer != null) {
      buffer.get(bytes);
    }
    return bytes;
  }

  /** An entity's partitions one after another, until one is empty that is not the first. */
  private static final class Partitions implements Iterator<JournalRow> {
    private final LongFunction<Iterator<JournalRow>> read;
    private final long first;
    private long partition;
    private boolean any;
    private Iterator<JournalRow> rows;

    Partitions(long first, LongFunction<Iterator<JournalRow>> read) {
      this.first = first;
      this.read = read;
      this.partition = first;
      this.rows = read.apply(first);
    }

    @Override
    public boolean hasNext() {
      while (!rows.hasNext()) {
        // A write at a partition's end is in the next one as a whole.
        if (!any && partition > first) {
          return false;
        }
        any = false;
        rows = read.apply(++partition);
      }
      any = true;
      return true;
    }

    @Override
    public JournalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return rows.next();
    }
  }

  /** Rows made into something else, without those of which null is made. */
  private static final class Filtered<T> implements Iterator<T> {
    private final Iterator<Row> rows;
    private final Function<Row, T> make;
    private T ready;

    Filtered(Iterator<Row> rows, Function<Row, T> make) {
      this.rows = rows;
      this.make = make;
    }

    @Override
    public boolean hasNext() {
      while (ready == null && rows.hasNext()) {
        ready = make.apply(rows.next());
      }
      return ready != null;
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      T made = ready;
      ready = null;
      return made;
    }
  }
}
