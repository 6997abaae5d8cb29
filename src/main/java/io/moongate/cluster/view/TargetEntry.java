package io.moongate.cluster.view;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A target in the view.
 *
 * @param name iSCSI name
 * @param gateways names of the gateways that export it; empty means every gateway
 * @param luns LUN number to id of the logical unit
 * @param deleted whether it was deleted: such an entry is kept so that no older one revives it
 */
public record TargetEntry(
    String name,
    long version,
    List<String> gateways,
    Map<Integer, String> luns,
    boolean deleted,
    Instant since)
    implements ViewEntry {

  public TargetEntry {
    gateways = List.copyOf(gateways);
    luns = java.util.Collections.unmodifiableMap(new TreeMap<>(luns));
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
