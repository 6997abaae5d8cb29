package io.moongate.management;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.snapshot.Snapshots;
import io.moongate.cluster.view.UnitEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/** Snapshots in a map, by unit. */
public final class FakeSnapshots implements Snapshots {
  private final Map<String, Map<String, Snapshot>> units = new TreeMap<>();
  private final List<String> causes = new ArrayList<>();
  private final List<String> ids = new ArrayList<>();
  private BiFunction<String, String, UnitEntry> rollbacks = (unitId, name) -> null;
  private Refusal refusal;

  synchronized void reset() {
    units.clear();
    causes.clear();
    refusal = null;
  }

  /** What everything is refused with from now on. */
  public synchronized void refuse(Kind kind, String message) {
    refusal = new Refusal(kind, "id", message);
  }

  public synchronized void put(String unitId, Snapshot snapshot) {
    units.computeIfAbsent(unitId, absent -> new TreeMap<>()).put(snapshot.name(), snapshot);
  }

  /** Of the rollbacks that were asked for. */
  public synchronized List<String> ids() {
    return List.copyOf(ids);
  }

  public synchronized List<String> causes() {
    return List.copyOf(causes);
  }

  /** What rollbacks are answered with: the unit as this makes it of what was asked for. */
  public synchronized void answerRollbacks(BiFunction<String, String, UnitEntry> answers) {
    rollbacks = answers;
  }

  @Override
  public synchronized CompletionStage<UnitEntry> rollBack(
      String unitId, String name, String id, String cause) {
    causes.add(cause);
    ids.add(id);
    return answer(rollbacks.apply(unitId, name));
  }

  private <T> CompletionStage<T> answer(T value) {
    return refusal == null
        ? CompletableFuture.completedStage(value)
        : CompletableFuture.failedStage(refusal);
  }

  @Override
  public synchronized CompletionStage<List<Snapshot>> of(String unitId) {
    return answer(List.copyOf(units.getOrDefault(unitId, Map.of()).values()));
  }

  @Override
  public synchronized CompletionStage<Made> make(String unitId, String name, String cause) {
    causes.add(cause);
    Snapshot there = units.getOrDefault(unitId, Map.of()).get(name);
    if (there == null && refusal == null) {
      put(unitId, new Snapshot(name, 1 << 20, FakeMetadata.SINCE, 0, false));
    }
    return answer(new Made(units.getOrDefault(unitId, Map.of()).get(name), there != null));
  }

  @Override
  public synchronized CompletionStage<Void> delete(String unitId, String name, String cause) {
    causes.add(cause);
    Snapshot there = units.getOrDefault(unitId, Map.of()).get(name);
    if (there != null && there.clones() > 0) {
      return CompletableFuture.failedStage(
          new Refusal(Kind.CONFLICT, "name", "there are clones of " + name));
    }
    units.getOrDefault(unitId, new TreeMap<>()).remove(name);
    return answer(null);
  }
}
