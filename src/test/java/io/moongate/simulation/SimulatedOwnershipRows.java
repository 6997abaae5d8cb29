package io.moongate.simulation;

import io.moongate.cluster.unit.OwnershipRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The ownership rows as one process reaches them. A stand-in for {@code
 * cassandra.CassandraOwnershipRows}: the same conditions, and the same reads after what was refused
 * or not learnt.
 */
final class SimulatedOwnershipRows implements OwnershipRows {
  private static final int ROUNDS = 4;

  private final GatewayLife life;
  private final SimulatedCassandra cassandra;
  private final Map<String, Present> table;

  /** What a row holds. */
  record Present(Row row, long sharedVersion) {
    boolean isProposedUponAnother(TakeOver unit) {
      return row.equals(unit.proposed()) && sharedVersion != unit.sharedVersion();
    }
  }

  SimulatedOwnershipRows(
      GatewayLife life, SimulatedCassandra cassandra, Map<String, Present> table) {
    this.life = life;
    this.cassandra = cassandra;
    this.table = table;
  }

  @Override
  public CompletionStage<Row> claim(String unitId, Row proposed, long sharedVersion, String cause) {
    return decidedOr(
        transact(
            () -> {
              Present present = table.get(unitId);
              if ((present == null ? 0 : present.row().epoch()) != proposed.epoch() - 1) {
                return false;
              }
              set(unitId, proposed, present == null ? sharedVersion : present.sharedVersion());
              return true;
            }),
        proposed,
        () -> read(unitId).thenApply(Optional::orElseThrow));
  }

  @Override
  public CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion) {
    return decidedOr(
        transact(
            () -> {
              Present present = table.get(unitId);
              if (present == null
                  || present.row().epoch() != epoch
                  || present.sharedVersion() >= sharedVersion) {
                return false;
              }
              table.put(unitId, new Present(present.row(), sharedVersion));
              return true;
            }),
        Optional.empty(),
        () ->
            find(List.of(unitId))
                .thenApply(found -> raised(found.get(unitId), epoch, sharedVersion)));
  }

  private static Optional<Row> raised(Present present, long epoch, long sharedVersion) {
    if (present == null || present.row().epoch() < epoch) {
      throw new IllegalStateException("the row is behind");
    }
    if (present.row().epoch() != epoch) {
      return Optional.of(present.row());
    }
    if (present.sharedVersion() < sharedVersion) {
      throw new IllegalStateException("the row was not raised");
    }
    return Optional.empty();
  }

  @Override
  public CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units) {
    return takeOver(units, ROUNDS);
  }

  private CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units, int rounds) {
    Map<String, Row> proposed = new HashMap<>();
    units.forEach(unit -> proposed.put(unit.unitId(), unit.proposed()));
    CompletionStage<Boolean> decided =
        transact(
            () -> {
              if (!units.stream().allMatch(unit -> admits(table.get(unit.unitId()), unit))) {
                return false;
              }
              units.forEach(
                  unit ->
                      set(
                          unit.unitId(),
                          unit.proposed(),
                          table.get(unit.unitId()).sharedVersion()));
              return true;
            });
    return decided
        .handle(
            (applied, failure) -> {
              boolean taken =
                  failure == null ? applied : life.world().lacks(Mutation.UNKNOWN_IS_GRANTED);
              return taken
                  ? CompletableFuture.completedStage(proposed)
                  : find(units.stream().map(TakeOver::unitId).toList())
                      .thenCompose(found -> others(units, found, failure, rounds));
            })
        .thenCompose(Function.identity());
  }

  private CompletionStage<Map<String, Row>> others(
      List<TakeOver> units, Map<String, Present> found, Throwable failure, int rounds) {
    Map<String, Row> said = new HashMap<>();
    for (TakeOver unit : units) {
      Present present = found.get(unit.unitId());
      if (present != null
          && (!present.isProposedUponAnother(unit)
              || life.world().lacks(Mutation.GIVEN_TAKEN_FOR_CLAIMED))) {
        said.put(unit.unitId(), present.row());
      }
    }
    List<TakeOver> admitted =
        units.stream().filter(unit -> admits(found.get(unit.unitId()), unit)).toList();
    if (failure != null || admitted.isEmpty() || rounds == 1) {
      return CompletableFuture.completedStage(said);
    }
    return takeOver(admitted, rounds - 1)
        .thenApply(
            decided -> {
              said.putAll(decided);
              return said;
            });
  }

  private boolean admits(Present present, TakeOver unit) {
    if (present == null) {
      return false;
    }
    long epoch = unit.proposed().epoch();
    boolean follows =
        present.row().epoch() == epoch - 1
            || (life.world().lacks(Mutation.CLAIM_WITHOUT_EPOCH)
                && present.row().epoch() == epoch
                && !present.row().equals(unit.proposed()));
    return follows
        && (present.sharedVersion() == unit.sharedVersion()
            || life.world().lacks(Mutation.CLAIM_WITHOUT_VERSION));
  }

  @Override
  public CompletionStage<Optional<Row>> read(String unitId) {
    return find(List.of(unitId))
        .thenApply(found -> Optional.ofNullable(found.get(unitId)).map(Present::row));
  }

  private CompletionStage<Map<String, Present>> find(List<String> unitIds) {
    return cassandra.ask(
        life.name(),
        life.process(),
        () -> {
          Map<String, Present> found = new HashMap<>();
          for (String unitId : unitIds) {
            if (table.containsKey(unitId)) {
              found.put(unitId, table.get(unitId));
            }
          }
          return found;
        });
  }

  private CompletionStage<Boolean> transact(BooleanSupplier transaction) {
    return cassandra.transact(life.name(), life.process(), transaction);
  }

  private void set(String unitId, Row row, long sharedVersion) {
    table.put(unitId, new Present(row, sharedVersion));
    life.world().rowSet(life, unitId, row);
  }

  private static <T> CompletionStage<T> decidedOr(
      CompletionStage<Boolean> decided, T applied, Supplier<CompletionStage<T>> otherwise) {
    return decided
        .handle(
            (was, failure) ->
                failure == null && was
                    ? CompletableFuture.completedStage(applied)
                    : otherwise.get())
        .thenCompose(Function.identity());
  }
}
