package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import io.moongate.cluster.unit.OwnershipRows;
import java.time.Clock;
import java.util.Optional;
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
  public CompletionStage<Row> claim(String unitId, Row proposed, String cause) {
    CompletionStage<AsyncResultSet> decided =
        proposed.epoch() == 1
            ? serial.transact(
                "INSERT INTO %s (unit_id, epoch, owner, incarnation, cause, changed_at)"
                        .formatted(table)
                    + " VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS",
                unitId,
                proposed.epoch(),
                proposed.owner(),
                proposed.incarnation(),
                cause,
                clock.instant())
            : serial.transact(
                "UPDATE %s SET epoch = ?, owner = ?, incarnation = ?, cause = ?, changed_at = ?"
                        .formatted(table)
                    + " WHERE unit_id = ? IF epoch = ?",
                proposed.epoch(),
                proposed.owner(),
                proposed.incarnation(),
                cause,
                clock.instant(),
                unitId,
                proposed.epoch() - 1);
    // Applied, not applied, or unknown to the driver: the row itself says what was decided.
    return decided
        .handle(
            (result, failure) -> {
              if (failure == null && result.wasApplied()) {
                return java.util.concurrent.CompletableFuture.completedStage(proposed);
              }
              return read(unitId)
                  .thenApply(
                      row -> {
                        if (row.isPresent()) {
                          return row.get();
                        }
                        throw new IllegalStateException(
                            "the ownership row of " + unitId + " was not set", failure);
                      });
            })
        .thenCompose(Function.identity());
  }

  @Override
  public CompletionStage<Optional<Row>> read(String unitId) {
    return serial
        .read("SELECT epoch, owner, incarnation FROM %s WHERE unit_id = ?".formatted(table), unitId)
        .thenApply(
            result ->
                Optional.ofNullable(result.one())
                    .map(
                        row ->
                            new Row(
                                row.getLong("epoch"),
                                row.getString("owner"),
                                row.getString("incarnation"))));
  }
}
