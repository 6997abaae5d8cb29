package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import io.moongate.cluster.unit.OwnershipRows;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/** {@link OwnershipRows} in the table {@code unit_ownership}. */
public final class CassandraOwnershipRows implements OwnershipRows {
  private final Serial serial;
  private final String table;
  private final Clock clock;

  /** Makes them over the driver's session. */
  public CassandraOwnershipRows(
      Supplier<CompletionStage<CqlSession>> session, String keyspace, Clock clock) {
    this.serial = new Serial(session);
    this.table = keyspace + ".unit_ownership";
    this.clock = clock;
  }

  @Override
  public CompletionStage<Row> claim(String unitId, Row proposed, long sharedVersion, String cause) {
    CompletionStage<AsyncResultSet> decided =
        proposed.epoch() == 1
            ? serial.transact(
                "INSERT INTO %s (unit_id, epoch, owner, incarnation, serving, shared_version,"
                        .formatted(table)
                    + " cause, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
                unitId,
                proposed.epoch(),
                proposed.owner(),
                proposed.incarnation(),
                proposed.serving(),
                sharedVersion,
                cause,
                clock.instant())
            : succeed(unitId, proposed, cause, "");
    return decidedOr(decided, proposed, () -> present(unitId));
  }

  @Override
  public CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion) {
    CompletionStage<AsyncResultSet> decided =
        serial.transact(
            "UPDATE %s SET shared_version = ? WHERE unit_id = ? IF epoch = ? AND shared_version < ?"
                .formatted(table),
            sharedVersion,
            unitId,
            epoch,
            sharedVersion);
    return decidedOr(
        decided,
        Optional.empty(),
        () ->
            select(unitId)
                .thenApply(
                    row -> {
                      if (row == null) {
                        throw new IllegalStateException("there is no ownership row of " + unitId);
                      }
                      if (row.getLong("epoch") != epoch) {
                        return Optional.of(toRow(row));
                      }
                      if (row.getLong("shared_version") < sharedVersion) {
                        throw new IllegalStateException(
                            "the ownership row of " + unitId + " was not raised");
                      }
                      return Optional.empty();
                    }));
  }

  @Override
  public CompletionStage<Row> takeOver(
      String unitId, Row proposed, long sharedVersion, String cause) {
    return decidedOr(
        succeed(unitId, proposed, cause, " AND shared_version = ?", sharedVersion),
        proposed,
        () -> present(unitId));
  }

  /** Sets the row from the epoch before, if that and what else is asked for hold. */
  private CompletionStage<AsyncResultSet> succeed(
      String unitId, Row proposed, String cause, String andIf, Object... andValues) {
    List<Object> values =
        new ArrayList<>(
            List.of(
                proposed.epoch(),
                proposed.owner(),
                proposed.incarnation(),
                proposed.serving(),
                cause,
                clock.instant(),
                unitId,
                proposed.epoch() - 1));
    values.addAll(List.of(andValues));
    return serial.transact(
        "UPDATE %s SET epoch = ?, owner = ?, incarnation = ?, serving = ?, cause = ?, changed_at = ?"
                .formatted(table)
            + " WHERE unit_id = ? IF epoch = ?"
            + andIf,
        values.toArray());
  }

  /** Applied, or else, not applied or unknown to the driver: the row itself says what it is. */
  private static <T> CompletionStage<T> decidedOr(
      CompletionStage<AsyncResultSet> decided, T applied, Supplier<CompletionStage<T>> otherwise) {
    return decided
        .handle(
            (result, failure) ->
                failure == null && result.wasApplied()
                    ? CompletableFuture.completedStage(applied)
                    : otherwise.get())
        .thenCompose(Function.identity());
  }

  private CompletionStage<Row> present(String unitId) {
    return read(unitId)
        .thenApply(
            row ->
                row.orElseThrow(
                    () ->
                        new IllegalStateException(
                            "the ownership row of " + unitId + " was not set")));
  }

  @Override
  public CompletionStage<Optional<Row>> read(String unitId) {
    return select(unitId).thenApply(row -> Optional.ofNullable(row).map(this::toRow));
  }

  /** Serially; null when there is none. */
  private CompletionStage<com.datastax.oss.driver.api.core.cql.Row> select(String unitId) {
    return serial
        .read(
            "SELECT epoch, owner, incarnation, serving, shared_version FROM %s WHERE unit_id = ?"
                .formatted(table),
            unitId)
        .thenApply(AsyncResultSet::one);
  }

  private Row toRow(com.datastax.oss.driver.api.core.cql.Row row) {
    return new Row(
        row.getLong("epoch"),
        row.getString("owner"),
        row.getString("incarnation"),
        row.getBoolean("serving"));
  }
}
