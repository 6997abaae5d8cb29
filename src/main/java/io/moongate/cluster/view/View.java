package io.moongate.cluster.view;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The view as this gateway's replica holds it. Readable from any thread; each entry is immutable
 * and replaced as a whole by a newer one. Deleted entries are not returned.
 */
public final class View {
  // Ordered: lists are asked for all the time, and would be sorted each time.
  private final Map<String, GatewayEntry> gateways = new ConcurrentSkipListMap<>();
  private final Map<String, TargetEntry> targets = new ConcurrentSkipListMap<>();
  private final Map<String, UnitEntry> units = new ConcurrentSkipListMap<>();

  /** Names of the targets that map each unit, deleted targets not among them. */
  private final Map<String, Set<String>> targetsOfUnit = new ConcurrentHashMap<>();

  /**
   * For each target that was ever asked about or known, how often its mappings may have changed.
   */
  private final Map<String, AtomicLong> mappings = new ConcurrentHashMap<>();

  /** The gateway of that name; empty also when it was removed. */
  public Optional<GatewayEntry> gateway(String name) {
    return lastOf(name).filter(gateway -> gateway.state() != GatewayEntry.State.REMOVED);
  }

  /** What is known of the gateway of that name, be it that it was removed. */
  public Optional<GatewayEntry> lastOf(String name) {
    return Optional.ofNullable(gateways.get(name));
  }

  /** The target of that iSCSI name. */
  public Optional<TargetEntry> target(String name) {
    return Optional.ofNullable(targets.get(name)).filter(target -> !target.deleted());
  }

  /** The logical unit of that id. */
  public Optional<UnitEntry> unit(String id) {
    return Optional.ofNullable(units.get(id)).filter(unit -> !unit.deleted());
  }

  /** Every gateway by name, without those that were removed. */
  public List<GatewayEntry> gateways() {
    List<GatewayEntry> all = new ArrayList<>(gateways.values());
    all.removeIf(gateway -> gateway.state() == GatewayEntry.State.REMOVED);
    return all;
  }

  /** Every gateway by name, with those that were removed. */
  public List<GatewayEntry> everyGateway() {
    return List.copyOf(gateways.values());
  }

  /** Every target by name. */
  public List<TargetEntry> targets() {
    List<TargetEntry> all = new ArrayList<>(targets.values());
    all.removeIf(TargetEntry::deleted);
    return all;
  }

  /** Every logical unit by id. */
  public List<UnitEntry> units() {
    List<UnitEntry> all = new ArrayList<>(units.values());
    all.removeIf(UnitEntry::deleted);
    return all;
  }

  /** The targets that map a unit, by name. */
  public List<TargetEntry> targetsOf(String unitId) {
    List<TargetEntry> all = new ArrayList<>();
    for (String name : targetsOfUnit.getOrDefault(unitId, Set.of())) {
      target(name).ifPresent(all::add);
    }
    all.sort(Comparator.comparing(TargetEntry::name));
    return all;
  }

  /**
   * A number that grows whenever the target's entry changes, or one of its units comes into being
   * or is deleted. To be asked once and read often: reading is one volatile read.
   */
  public LongSupplier mappings(String target) {
    return counter(target)::get;
  }

  private AtomicLong counter(String target) {
    return mappings.computeIfAbsent(target, absent -> new AtomicLong());
  }

  /** Every entry, deleted ones included: what one replica gives another. */
  public List<ViewEntry> entries() {
    List<ViewEntry> all = new ArrayList<>(gateways.values());
    all.addAll(targets.values());
    all.addAll(units.values());
    return all;
  }

  /** The version held of an entity; 0 when it is unknown. */
  public long versionOf(ViewEntry entry) {
    ViewEntry held = held(entry);
    return held == null ? 0 : held.version();
  }

  /**
   * Takes an entry when it is newer than what is held. Called by the replica alone.
   *
   * @return whether it was newer
   */
  public boolean apply(ViewEntry entry) {
    if (entry.version() <= versionOf(entry)) {
      return false;
    }
    if (entry instanceof GatewayEntry gateway) {
      gateways.put(gateway.name(), gateway);
    } else if (entry instanceof TargetEntry target) {
      index(targets.put(target.name(), target), target);
      counter(target.name()).incrementAndGet();
    } else if (entry instanceof UnitEntry unit) {
      UnitEntry before = units.put(unit.id(), unit);
      if (before == null || before.deleted() != unit.deleted()) {
        targetsOfUnit
            .getOrDefault(unit.id(), Set.of())
            .forEach(target -> counter(target).incrementAndGet());
      }
    }
    return true;
  }

  /** Goes through the LUNs that differ; nothing per unit is done for those that don't. */
  private void index(TargetEntry before, TargetEntry now) {
    Map<Integer, String> then = mapped(before);
    Map<Integer, String> since = mapped(now);
    then.forEach(
        (lun, unit) -> {
          if (!unit.equals(since.get(lun)) && !since.containsValue(unit)) {
            targetsOfUnit.computeIfPresent(unit, (id, names) -> without(names, now.name()));
          }
        });
    since.forEach(
        (lun, unit) -> {
          if (!unit.equals(then.get(lun))) {
            targetsOfUnit.merge(unit, Set.of(now.name()), View::union);
          }
        });
  }

  private static Map<Integer, String> mapped(TargetEntry target) {
    return target == null || target.deleted() ? Map.of() : target.luns();
  }

  private static Set<String> without(Set<String> names, String name) {
    Set<String> rest = new HashSet<>(names);
    rest.remove(name);
    return rest.isEmpty() ? null : Set.copyOf(rest);
  }

  private static Set<String> union(Set<String> some, Set<String> others) {
    Set<String> all = new HashSet<>(some);
    all.addAll(others);
    return Set.copyOf(all);
  }

  private ViewEntry held(ViewEntry entry) {
    if (entry instanceof GatewayEntry gateway) {
      return gateways.get(gateway.name());
    } else if (entry instanceof TargetEntry target) {
      return targets.get(target.name());
    } else {
      return units.get(((UnitEntry) entry).id());
    }
  }
}
