package io.moongate.simulation;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetEntry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Entries of the view as the simulation needs them. */
final class Samples {
  /** Every event's wall-clock time: nothing may depend on it. */
  static final Instant WHEN = Instant.parse("2026-11-28T12:00:00Z");

  static final String TARGET = "iqn.2026-11.io.moongate:simulated";

  private Samples() {}

  static GatewayEntry gateway(
      String name, int portGroup, String incarnation, GatewayEntry.State state) {
    return new GatewayEntry(
        name,
        1,
        state,
        incarnation,
        portGroup,
        List.of(),
        new PortalAddress(name, 3261),
        "",
        "",
        1,
        WHEN,
        "simulated");
  }

  /** What comes after an entry; {@code before} is null when there was none. */
  static GatewayEntry after(GatewayEntry before, GatewayEntry entry) {
    boolean same = before != null && before.incarnation().equals(entry.incarnation());
    return new GatewayEntry(
        entry.name(),
        before == null ? 1 : before.version() + 1,
        entry.state(),
        entry.incarnation(),
        entry.portGroup(),
        entry.portals(),
        entry.relay(),
        entry.managementUrl(),
        entry.softwareVersion(),
        entry.pid(),
        entry.since(),
        entry.cause(),
        entry.service(),
        entry.flaps(),
        before == null ? List.of() : same ? before.former() : before.formerOfNext(),
        entry.takeover());
  }

  /** A target that every gateway exports, with every unit. */
  static TargetEntry target(List<String> units) {
    Map<Integer, String> luns = new TreeMap<>();
    for (String unit : units) {
      luns.put(luns.size(), unit);
    }
    return new TargetEntry(TARGET, 1, List.of(), luns, false, WHEN);
  }
}
