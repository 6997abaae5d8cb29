package io.moongate.cluster.view;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The view as this gateway's replica holds it. Readable from any thread; each entry is immutable
 * and replaced as a whole by a newer one. Deleted entries are not returned.
 */
public final class View {
  private final Map<String, GatewayEntry> gateways = new ConcurrentHashMap<>();
  private final Map<String, TargetEntry> targets = new ConcurrentHashMap<>();
  private final Map<String, UnitEntry> units = new ConcurrentHashMap<>();

  /** The gateway of that name. */
  public Optional<GatewayEntry> gateway(String name) {
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

  /** Every gateway by name. */
  public List<GatewayEntry> gateways() {
    List<GatewayEntry> all = new ArrayList<>(gateways.values());
    all.sort(Comparator.comparing(GatewayEntry::name));
    return all;
  }

  /** Every target by name. */
  public List<TargetEntry> targets() {
    List<TargetEntry> all = new ArrayList<>(targets.values());
    all.removeIf(TargetEntry::deleted);
    all.sort(Comparator.comparing(TargetEntry::name));
    return all;
  }

  /** Every logical unit by id. */
  public List<UnitEntry> units() {
    List<UnitEntry> all = new ArrayList<>(units.values());
    all.removeIf(UnitEntry::deleted);
    all.sort(Comparator.comparing(UnitEntry::id));
    return all;
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
      targets.put(target.name(), target);
    } else if (entry instanceof UnitEntry unit) {
      units.put(unit.id(), unit);
    }
    return true;
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
