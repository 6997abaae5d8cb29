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
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** {@link Journal} in the tables of pekko-persistence-cassandra. */
public final class CassandraJournal implements Journal {
  private static final int PAGE_ROWS = 200;
  private static final int PLACES_PAGE_ROWS = 5_000;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Rows of a partition: {@code journal.target-partition-size}, which is never changed. */
  private static final long PARTITION_ROWS = 500_000;

  private final CqlSession session;
  private final String keyspace;
  private final Map<String, PreparedStatement> prepared = new ConcurrentHashMap<>();

  /** Reads in this keyspace; the session stays the caller's to close. */
  public CassandraJournal(CqlSession session, String keyspace) {
    this.session = session;
    this.keyspace = keyspace;
  }

  @Override
  public Iterator<Entity> entities(long afterToken) {
    Iterator<Row> partitions =
        query(
            "SELECT DISTINCT persistence_id, partition_nr, token(persistence_id, partition_nr)"
                + " AS place FROM %s.messages WHERE token(persistence_id, partition_nr) > ?",
            PLACES_PAGE_ROWS, afterToken);
    return new Filtered<>(partitions) {
      @Override
      Entity next(Row row) {
        return row.getLong("partition_nr") == 0
            ? new Entity(row.getString("persistence_id"), row.getLong("place"))
            : null;
      }
    };
  }

  @Override
  public Iterator<JournalRow> rows(String persistenceId, long fromSequenceNr) {
    return new Partitions(persistenceId, fromSequenceNr);
  }

  /** An entity's partitions one after another, until one is empty that is not the first. */
  private final class Partitions implements Iterator<JournalRow> {
    private final String persistenceId;
    private final long from;
    private final long first;
    private long partition;
    private boolean any;
    private Iterator<Row> rows;

    Partitions(String persistenceId, long from) {
      this.persistenceId = persistenceId;
      this.from = from;
      this.first = Math.max(0, (from - 1) / PARTITION_ROWS);
      this.partition = first;
      this.rows = partition();
    }

    private Iterator<Row> partition() {
      any = false;
      return query(
          "SELECT sequence_nr, timestamp, event_manifest, ser_id, ser_manifest, event"
              + " FROM %s.messages WHERE persistence_id = ? AND partition_nr = ?"
              + " AND sequence_nr >= ?",
          PAGE_ROWS, persistenceId, partition, from);
    }

    @Override
    public boolean hasNext() {
      while (!rows.hasNext()) {
        // A write at a partition's end is in the next one as a whole.
        if (!any && partition > first) {
          return false;
        }
        partition++;
        rows = partition();
      }
      any = true;
      return true;
    }

    @Override
    public JournalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = rows.next();
      return new JournalRow(
          persistenceId,
          row.getLong("sequence_nr"),
          written(row),
          manifest(row),
          new ChainDigest.Stored(
              row.getInt("ser_id"), text(row, "ser_manifest"), bytes(row, "event")));
    }
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId, Instant until) {
    Iterator<Row> rows =
        query(
            "SELECT sequence_nr, timestamp, ser_id, ser_manifest, snapshot_data"
                + " FROM %s.snapshots WHERE persistence_id = ? AND timestamp <= ?"
                + " ALLOW FILTERING",
            2, persistenceId, until.toEpochMilli());
    return new Filtered<>(rows) {
      @Override
      StoredSnapshot next(Row row) {
        Instant saved = Instant.ofEpochMilli(row.getLong("timestamp"));
        return row.isNull("snapshot_data")
            ? null
            : new StoredSnapshot(
                row.getLong("sequence_nr"),
                saved,
                new ChainDigest.Stored(
                    row.getInt("ser_id"), text(row, "ser_manifest"), bytes(row, "snapshot_data")));
      }
    };
  }

  @Override
  public void places(int part, int parts, Consumer<JournalRow> row) {
    // The ring of Murmur3 is all of a long; each part but the last ends where the next begins.
    double width = 0x1p64 / parts;
    long after = (long) (Long.MIN_VALUE + part * width);
    long upTo = part + 1 == parts ? Long.MAX_VALUE : (long) (Long.MIN_VALUE + (part + 1) * width);
    Iterator<Row> rows =
        query(
            "SELECT persistence_id, sequence_nr, timestamp, event_manifest FROM %s.messages"
                + " WHERE token(persistence_id, partition_nr) > ?"
                + " AND token(persistence_id, partition_nr) <= ?",
            PLACES_PAGE_ROWS, after, upTo);
    while (rows.hasNext()) {
      Row each = rows.next();
      row.accept(
          new JournalRow(
              each.getString("persistence_id"),
              each.getLong("sequence_nr"),
              written(each),
              manifest(each),
              null));
    }
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

  /** Rows made into something else, without those of which nothing is made. */
  private abstract static class Filtered<T> implements Iterator<T> {
    private final Iterator<Row> rows;
    private Iterator<T> ready = Collections.emptyIterator();

    Filtered(Iterator<Row> rows) {
      this.rows = rows;
    }

    /** Null for none. */
    abstract T next(Row row);

    @Override
    public boolean hasNext() {
      while (!ready.hasNext() && rows.hasNext()) {
        T made = next(rows.next());
        if (made != null) {
          ready = Collections.singleton(made).iterator();
        }
      }
      return ready.hasNext();
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.next();
    }
  }
}
