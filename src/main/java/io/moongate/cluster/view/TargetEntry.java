package io.moongate.cluster.view;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A target in the view.
 *
 * @param name iSCSI name
 * @param gateways names of the gateways that export it; empty means every gateway
 * @param luns LUN number to id of the logical unit
 * @param deleted whether it was deleted: such an entry is kept so that no older one revives it
 * @param access who may log in; entries from before there were access lists are open
 * @param explicitAlua whether hosts may choose a unit's owner by SET TARGET PORT GROUPS through it
 */
public record TargetEntry(
    String name,
    long version,
    List<String> gateways,
    Map<Integer, String> luns,
    boolean deleted,
    Instant since,
    TargetAccess access,
    boolean explicitAlua)
    implements ViewEntry {

  public TargetEntry {
    gateways = List.copyOf(gateways);
    luns = java.util.Collections.unmodifiableMap(new TreeMap<>(luns));
    access = access == null ? TargetAccess.OPEN : access;
  }

  /** A target without explicit ALUA. */
  public TargetEntry(
      String name,
      long version,
      List<String> gateways,
      Map<Integer, String> luns,
      boolean deleted,
      Instant since,
      TargetAccess access) {
    this(name, version, gateways, luns, deleted, since, access, false);
  }

  /** A target without explicit ALUA that whoever comes may log in to. */
  public TargetEntry(
      String name,
      long version,
      List<String> gateways,
      Map<Integer, String> luns,
      boolean deleted,
      Instant since) {
    this(name, version, gateways, luns, deleted, since, TargetAccess.OPEN);
  }

  /** What an initiator sees: LUN number to id of the logical unit. */
  public Map<Integer, String> lunsFor(String initiator) {
    if (!access.allows(initiator)) {
      return Map.of();
    }
    Optional<Map<Integer, Integer>> mask = access.of(initiator).flatMap(InitiatorEntry::luns);
    if (mask.isEmpty()) {
      return luns;
    }
    Map<Integer, String> seen = new TreeMap<>();
    mask.get()
        .forEach(
            (lun, targetLun) -> {
              String unit = luns.get(targetLun);
              if (unit != null) {
                seen.put(lun, unit);
              }
            });
    return seen;
  }

  /** Whether this gateway exports the target. */
  public boolean exportedBy(String gateway) {
    return !deleted && (gateways.isEmpty() || gateways.contains(gateway));
  }

  @Override
  public String entityId() {
    return "target|" + name;
  }
}
