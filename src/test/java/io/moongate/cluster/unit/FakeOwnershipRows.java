package io.moongate.cluster.unit;

import io.moongate.cluster.entity.Gate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** {@link OwnershipRows} in memory: what was decided is kept. */
public final class FakeOwnershipRows implements OwnershipRows {
  private final Map<String, List<Row>> decided = new ConcurrentHashMap<>();
  private final Map<String, Long> sharedVersions = new ConcurrentHashMap<>();
  private final Map<String, Map<Long, Long>> takenOver = new ConcurrentHashMap<>();
  private final List<List<String>> batches = new CopyOnWriteArrayList<>();
  private final AtomicInteger answersToLose = new AtomicInteger();

  /** Before a compare-and-set reaches the row. */
  public final Gate claims = new Gate();

  /** Before the bound of the shared version is raised. */
  public final Gate raises = new Gate();

  /** Before a read reaches the row. */
  public final Gate reads = new Gate();

  @Override
  public CompletionStage<Row> claim(String unitId, Row proposed, long sharedVersion, String cause) {
    return claims.pass(
        () -> {
          Row row = compareAndSet(unitId, proposed, sharedVersion);
          loseAnswer();
          return row;
        });
  }

  @Override
  public CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units) {
    batches.add(units.stream().map(TakeOver::unitId).toList());
    return claims.pass(
        () -> {
          Map<String, Row> rows = new HashMap<>();
          for (TakeOver unit : units) {
            takeOverNow(unit).ifPresent(row -> rows.put(unit.unitId(), row));
          }
          loseAnswer();
          return rows;
        });
  }

  /** Units that were asked for together, by each transaction. */
  public List<List<String>> batches() {
    return List.copyOf(batches);
  }

  private synchronized Optional<Row> takeOverNow(TakeOver unit) {
    List<Row> rows = decided.get(unit.unitId());
    if (rows == null) {
      return Optional.empty();
    }
    boolean granted =
        rows.get(rows.size() - 1).epoch() == unit.proposed().epoch() - 1
            && sharedVersions.get(unit.unitId()) == unit.sharedVersion();
    if (granted) {
      rows.add(unit.proposed());
      takenOver
          .computeIfAbsent(unit.unitId(), id -> new ConcurrentHashMap<>())
          .put(unit.proposed().epoch(), unit.sharedVersion());
    }
    Row last = rows.get(rows.size() - 1);
    boolean uponAnother =
        last.equals(unit.proposed()) && sharedVersions.get(unit.unitId()) != unit.sharedVersion();
    return uponAnother ? Optional.empty() : Optional.of(last);
  }

  /** Epochs in which gateways took the unit over by the row, and the versions that they knew. */
  public Map<Long, Long> takenOver(String unitId) {
    return takenOver.getOrDefault(unitId, Map.of());
  }

  private void loseAnswer() {
    if (answersToLose.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new IllegalStateException("no answer");
    }
  }

  /** Decides. */
  public synchronized Row compareAndSet(String unitId, Row proposed, long sharedVersion) {
    List<Row> rows = decided.computeIfAbsent(unitId, id -> new CopyOnWriteArrayList<>());
    long epoch = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).epoch();
    if (epoch == proposed.epoch() - 1) {
      rows.add(proposed);
      sharedVersions.putIfAbsent(unitId, sharedVersion);
    }
    if (rows.isEmpty()) {
      throw new IllegalStateException("the row was not set");
    }
    return rows.get(rows.size() - 1);
  }

  @Override
  public CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion) {
    return raises.pass(
        () -> {
          Optional<Row> moved = raiseNow(unitId, epoch, sharedVersion);
          loseAnswer();
          return moved;
        });
  }

  private synchronized Optional<Row> raiseNow(String unitId, long epoch, long sharedVersion) {
    List<Row> rows = decided.get(unitId);
    Row row = rows.get(rows.size() - 1);
    if (row.epoch() < epoch) {
      throw new IllegalStateException("the row is behind epoch " + epoch);
    }
    if (row.epoch() != epoch) {
      return Optional.of(row);
    }
    sharedVersions.merge(unitId, sharedVersion, Math::max);
    return Optional.empty();
  }

  /** The bound of the shared version. */
  public long sharedVersion(String unitId) {
    return sharedVersions.get(unitId);
  }

  @Override
  public CompletionStage<Optional<Row>> read(String unitId) {
    return reads.pass(
        () -> {
          List<Row> rows = decided(unitId);
          return rows.isEmpty() ? Optional.empty() : Optional.of(rows.get(rows.size() - 1));
        });
  }

  /** The next claims are decided, and their answers are lost. */
  public void loseAnswers(int claimsToLose) {
    answersToLose.set(claimsToLose);
  }

  /** Everything that was decided, in order. */
  public List<Row> decided(String unitId) {
    return new ArrayList<>(decided.getOrDefault(unitId, List.of()));
  }
}
