package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import io.moongate.cluster.unit.OwnershipRows;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/** {@link OwnershipRows} in the table {@code unit_owners}: a group is a partition. */
public final class CassandraOwnershipRows implements OwnershipRows {
  /**
   * How often rows are asked of which others have kept the transaction from them. Each time the
   * others are left out, so that it is more than two only when they change meanwhile.
   */
  private static final int ROUNDS = 4;

  private static final String COLUMNS = "epoch, owner, incarnation, serving, shared_version";

  private final Serial serial;
  private final String table;
  private final Clock clock;

  private record Present(Row row, long sharedVersion) {
    /**
     * Whether it is what is proposed, and can't have been set by that: the owner before has handed
     * the unit over to the one that asks, who does not know of the same changes.
     */
    boolean isProposedUponAnother(TakeOver unit) {
      return row.equals(unit.proposed()) && sharedVersion != unit.sharedVersion();
    }

    /** Whether the conditions hold upon which it is asked for. */
    boolean admits(TakeOver unit) {
      return row.epoch() == unit.proposed().epoch() - 1 && sharedVersion == unit.sharedVersion();
    }
  }

  /** Makes them over the driver's session. */
  public CassandraOwnershipRows(
      Supplier<CompletionStage<CqlSession>> session, String keyspace, Clock clock) {
    this.serial = new Serial(session);
    this.table = keyspace + ".unit_owners";
    this.clock = clock;
  }

  @Override
  public CompletionStage<Row> claim(String unitId, Row proposed, long sharedVersion, String cause) {
    CompletionStage<AsyncResultSet> decided =
        proposed.epoch() == 1
            ? serial.transact(
                "INSERT INTO %s (unit_group, unit_id, %s, cause, changed_at)"
                        .formatted(table, COLUMNS)
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
                OwnershipRows.group(unitId),
                unitId,
                proposed.epoch(),
                proposed.owner(),
                proposed.incarnation(),
                proposed.serving(),
                sharedVersion,
                cause,
                clock.instant())
            : serial.transact(succession(""), successor(unitId, proposed, cause).toArray());
    return decidedOr(decided, proposed, () -> present(unitId));
  }

  @Override
  public CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion) {
    CompletionStage<AsyncResultSet> decided =
        serial.transact(
            "UPDATE %s SET shared_version = ? WHERE unit_group = ? AND unit_id = ?".formatted(table)
                + " IF epoch = ? AND shared_version < ?",
            sharedVersion,
            OwnershipRows.group(unitId),
            unitId,
            epoch,
            sharedVersion);
    return decidedOr(
        decided,
        Optional.empty(),
        () ->
            find(unitId)
                .thenApply(
                    found -> {
                      Present present =
                          found.orElseThrow(
                              () ->
                                  new IllegalStateException(
                                      "there is no ownership row of " + unitId));
                      if (present.row().epoch() < epoch) {
                        // Nobody may rely upon it: whoever claims from it could miss this change.
                        throw new IllegalStateException(
                            "the ownership row of %s is behind epoch %d: %s"
                                .formatted(unitId, epoch, present.row()));
                      }
                      if (present.row().epoch() != epoch) {
                        return Optional.of(present.row());
                      }
                      if (present.sharedVersion() < sharedVersion) {
                        throw new IllegalStateException(
                            "the ownership row of " + unitId + " was not raised");
                      }
                      return Optional.empty();
                    }));
  }

  @Override
  public CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units) {
    if (units.stream().mapToInt(unit -> OwnershipRows.group(unit.unitId())).distinct().count()
        != 1) {
      throw new IllegalArgumentException("units of one group are taken over together, not others");
    }
    return takeOver(units, ROUNDS);
  }

  private CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units, int rounds) {
    List<Object[]> statements = new ArrayList<>();
    Map<String, Row> proposed = new HashMap<>();
    for (TakeOver unit : units) {
      List<Object> values = successor(unit.unitId(), unit.proposed(), unit.cause());
      values.add(unit.sharedVersion());
      statements.add(values.toArray());
      proposed.put(unit.unitId(), unit.proposed());
    }
    return serial
        .transactAll(succession(" AND shared_version = ?"), statements)
        .handle(
            (result, failure) -> {
              if (failure == null && result.wasApplied()) {
                return CompletableFuture.completedStage(proposed);
              }
              return find(units).thenCompose(found -> others(units, found, failure, rounds));
            })
        .thenCompose(Function.identity());
  }

  /** None was set by the transaction, as far as is known: the rows say what they are. */
  private CompletionStage<Map<String, Row>> others(
      List<TakeOver> units, Map<String, Present> found, Throwable failure, int rounds) {
    Map<String, Row> rows = new HashMap<>();
    for (TakeOver unit : units) {
      Present present = found.get(unit.unitId());
      if (present != null && !present.isProposedUponAnother(unit)) {
        rows.put(unit.unitId(), present.row());
      }
    }
    List<TakeOver> admitted =
        units.stream()
            .filter(
                unit -> found.containsKey(unit.unitId()) && found.get(unit.unitId()).admits(unit))
            .toList();
    if (failure != null || admitted.isEmpty() || rounds == 1) {
      return CompletableFuture.completedStage(rows);
    }
    return takeOver(admitted, rounds - 1)
        .thenApply(
            decided -> {
              rows.putAll(decided);
              return rows;
            });
  }

  /** Sets a row from the epoch before, if that and what else is asked for hold. */
  private String succession(String andIf) {
    return "UPDATE %s SET epoch = ?, owner = ?, incarnation = ?, serving = ?, cause = ?, changed_at = ?"
            .formatted(table)
        + " WHERE unit_group = ? AND unit_id = ? IF epoch = ?"
        + andIf;
  }

  private List<Object> successor(String unitId, Row proposed, String cause) {
    return new ArrayList<>(
        List.of(
            proposed.epoch(),
            proposed.owner(),
            proposed.incarnation(),
            proposed.serving(),
            cause,
            clock.instant(),
            OwnershipRows.group(unitId),
            unitId,
            proposed.epoch() - 1));
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
    return find(unitId).thenApply(found -> found.map(Present::row));
  }

  private CompletionStage<Optional<Present>> find(String unitId) {
    return serial
        .read(
            "SELECT %s FROM %s WHERE unit_group = ? AND unit_id = ?".formatted(COLUMNS, table),
            OwnershipRows.group(unitId),
            unitId)
        .thenApply(result -> Optional.ofNullable(result.one()).map(this::toPresent));
  }

  /** All of one group, by one read: it is one partition. */
  private CompletionStage<Map<String, Present>> find(List<TakeOver> units) {
    return serial
        .read(
            "SELECT unit_id, %s FROM %s WHERE unit_group = ? AND unit_id IN ?"
                .formatted(COLUMNS, table),
            OwnershipRows.group(units.get(0).unitId()),
            units.stream().map(TakeOver::unitId).toList())
        .thenApply(
            result -> {
              Map<String, Present> found = new HashMap<>();
              for (com.datastax.oss.driver.api.core.cql.Row row : result.currentPage()) {
                found.put(row.getString("unit_id"), toPresent(row));
              }
              if (result.hasMorePages()) {
                throw new IllegalStateException("too many rows were asked for at once");
              }
              return found;
            });
  }

  private Present toPresent(com.datastax.oss.driver.api.core.cql.Row row) {
    return new Present(
        new Row(
            row.getLong("epoch"),
            row.getString("owner"),
            row.getString("incarnation"),
            row.getBoolean("serving")),
        row.getLong("shared_version"));
  }
}
