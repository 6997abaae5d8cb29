package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import io.moongate.cluster.charter.Charter;
import io.moongate.cluster.charter.CharterRow;
import io.moongate.cluster.charter.Seat;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** {@link CharterRow} in the table {@code lease_charter}, which has one row. */
public final class CassandraCharterRow implements CharterRow {
  private static final String ID = "leases";

  private final Serial serial;
  private final String table;
  private final String proposer;
  private final Clock clock;

  /**
   * Makes it over the driver's session.
   *
   * @param proposer who proposes here, for people that read the table
   */
  public CassandraCharterRow(
      Supplier<CompletionStage<CqlSession>> session,
      String keyspace,
      String proposer,
      Clock clock) {
    this.serial = new Serial(session);
    this.table = keyspace + ".lease_charter";
    this.proposer = proposer;
    this.clock = clock;
  }

  @Override
  public CompletionStage<Content> read() {
    return serial
        .read(
            "SELECT version, guardians, previous, departed, lease_nanos, in_force FROM %s WHERE id = ?"
                .formatted(table),
            ID)
        .thenApply(
            result -> {
              Row row = result.one();
              return row == null
                  ? new Content(Optional.empty(), 0)
                  : new Content(Optional.of(charter(row)), row.getLong("in_force"));
            })
        .exceptionally(
            failure -> {
              throw explained(failure);
            });
  }

  /** A keyspace of an older version lacks the table: without it there is never a lease. */
  private CompletionException explained(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof InvalidQueryException
        ? new CompletionException(
            "%s can't be read: apply the schema anew (moongate schema apply); if it is of an older shape, stop every gateway and drop the table before that: %s"
                .formatted(table, cause.getMessage()),
            cause)
        : new CompletionException(cause);
  }

  @Override
  public CompletionStage<Content> propose(Charter charter, String cause) {
    boolean first = charter.version() == 1;
    String cql =
        first
            ? "INSERT INTO %s (version, guardians, previous, departed, lease_nanos, in_force, proposer,"
                + " cause, changed_at, id) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?) IF NOT EXISTS"
            : "UPDATE %s SET version = ?, guardians = ?, previous = ?, departed = ?, lease_nanos = ?,"
                + " proposer = ?, cause = ?, changed_at = ? WHERE id = ? IF version = ?";
    List<Object> values =
        new ArrayList<>(
            List.of(
                charter.version(),
                texts(charter.guardians()),
                texts(charter.previous()),
                texts(charter.departed()),
                charter.leaseNanos(),
                proposer,
                cause,
                clock.instant(),
                ID));
    if (!first) {
      values.add(charter.version() - 1);
    }
    return serial
        .transact(cql.formatted(table), values.toArray())
        .thenCompose(
            result ->
                result.wasApplied()
                    ? CompletableFuture.completedStage(new Content(Optional.of(charter), 0))
                    : read());
  }

  @Override
  public CompletionStage<Content> confirm(long version) {
    return serial
        .transact(
            "UPDATE %s SET in_force = ? WHERE id = ? IF version = ?".formatted(table),
            version,
            ID,
            version)
        .thenCompose(
            result ->
                result.wasApplied()
                    ? CompletableFuture.completedStage(new Content(Optional.empty(), version))
                    : read());
  }

  private static Map<String, String> texts(Map<String, Seat> guardians) {
    Map<String, String> texts = new TreeMap<>();
    guardians.forEach((incarnation, seat) -> texts.put(incarnation, seat.toString()));
    return texts;
  }

  private static List<String> texts(List<Charter.Departed> departed) {
    List<String> texts = new ArrayList<>();
    departed.forEach(
        was -> texts.add(was.incarnation() + " " + was.leaseNanos() + " " + was.seat()));
    return texts;
  }

  private Charter charter(Row row) {
    if (row.isNull("lease_nanos") || row.getLong("lease_nanos") <= 0) {
      // Taken for no time at all, it would let nobody wait for these leases.
      throw new IllegalStateException(
          table
              + " was written by an older Moongate: stop every gateway, wait as long as their leases"
              + " were, drop it, and apply the schema anew");
    }
    List<Charter.Departed> departed = new ArrayList<>();
    for (String text : row.getList("departed", String.class)) {
      String[] words = text.split(" ", 3);
      departed.add(new Charter.Departed(words[0], Seat.parse(words[2]), Long.parseLong(words[1])));
    }
    return new Charter(
        row.getLong("version"),
        seats(row.getMap("guardians", String.class, String.class)),
        seats(row.getMap("previous", String.class, String.class)),
        departed,
        row.getLong("lease_nanos"));
  }

  private static Map<String, Seat> seats(Map<String, String> texts) {
    Map<String, Seat> seats = new TreeMap<>();
    texts.forEach((incarnation, seat) -> seats.put(incarnation, Seat.parse(seat)));
    return seats;
  }
}
