package io.moongate;

import io.moongate.cluster.unit.DataPath.Way;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.measure.Counts;
import io.moongate.measure.Latencies;
import io.moongate.measure.SharedLatencies;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** How units changed their owners, as one gateway sees it, and what opening them took. */
final class TransitionCounts {
  private static final String PLANNED = "planned";
  private static final String FAULT = "fault";

  /** Why owners change. */
  static final List<String> CAUSES = List.of(PLANNED, FAULT);

  private final Counts causes = new Counts();

  /** By unit, the last epoch on record that had an owner. */
  private final Map<String, Long> epochs = new ConcurrentHashMap<>();

  private final SharedLatencies held = new SharedLatencies();
  private final Map<Opening, SharedLatencies> openings = new ConcurrentHashMap<>();

  /** How a volume of a kind of store was opened. */
  record Opening(String store, boolean failed) implements Comparable<Opening> {
    @Override
    public int compareTo(Opening other) {
      int order = store.compareTo(other.store);
      return order != 0 ? order : Boolean.compare(failed, other.failed);
    }
  }

  /** Of one unit. What is published of it comes one after the other. */
  final class OfUnit {
    private boolean holds;
    private long heldFromNanos;

    /** The unit is served like that from now on. */
    synchronized void published(Way way, long nowNanos) {
      if (way == Way.HELD && !holds) {
        heldFromNanos = nowNanos;
      } else if (way != Way.HELD && holds) {
        held.record(nowNanos - heldFromNanos);
      }
      holds = way == Way.HELD;
    }
  }

  /** A unit is on record like that. What serves it before that is on record says nothing of why. */
  void recorded(UnitEntry unit) {
    Ownership ownership = unit.ownership();
    if (unit.deleted()) {
      epochs.remove(unit.id());
    } else if (ownership.phase() != Phase.UNOWNED) {
      Long before = epochs.put(unit.id(), ownership.epoch());
      if (before != null && before < ownership.epoch()) {
        causes.add(ownership.evidence().isEmpty() ? PLANNED : FAULT);
      }
    }
  }

  void opened(String store, boolean failed, long tookNanos) {
    openings
        .computeIfAbsent(new Opening(store, failed), first -> new SharedLatencies())
        .record(tookNanos);
  }

  /** Changes of owners: for a fault, or planned. */
  Map<String, Long> causes() {
    return causes.read();
  }

  /** How long units were held, as far as that is over. */
  Latencies held() {
    return held.read();
  }

  Map<Opening, Latencies> openings() {
    Map<Opening, Latencies> all = new TreeMap<>();
    openings.forEach((opening, times) -> all.put(opening, times.read()));
    return all;
  }
}
