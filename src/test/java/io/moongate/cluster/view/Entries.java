package io.moongate.cluster.view;

import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Short ways to entries of a view. */
public final class Entries {
  /** When everything happened. */
  public static final Instant NOW = Instant.parse("2026-11-22T03:12:00Z");

  private Entries() {}

  /** A gateway that is up; its process is {@code <name>-p1}. */
  public static GatewayEntry up(String name, int portGroup) {
    return gateway(name, 1, GatewayEntry.State.UP, name + "-p1", portGroup);
  }

  /** A gateway. */
  public static GatewayEntry gateway(
      String name, long version, GatewayEntry.State state, String incarnation, int portGroup) {
    return new GatewayEntry(
        name,
        version,
        state,
        incarnation,
        portGroup,
        List.of(new PortalAddress("127.0.0." + portGroup, 3260)),
        new PortalAddress("127.0.0." + portGroup, 3261),
        "http://" + name,
        "1",
        1,
        NOW,
        "test");
  }

  /** A target that every named gateway exports; none named means all. */
  public static TargetEntry target(String name, Map<Integer, String> luns, String... gateways) {
    return new TargetEntry(name, 1, List.of(gateways), luns, false, NOW);
  }

  /** A unit in a phase; its owner's process is {@code <owner>-p1}. */
  public static UnitEntry unit(
      String id, long version, Phase phase, long epoch, String owner, String... preferred) {
    return unit(
        id,
        version,
        new Ownership(
            phase,
            epoch,
            owner,
            owner.isEmpty() ? "" : owner + "-p1",
            "",
            NOW,
            "test",
            List.of(),
            List.of()),
        preferred);
  }

  /** A unit. */
  public static UnitEntry unit(String id, long version, Ownership ownership, String... preferred) {
    return new UnitEntry(
        id,
        version,
        0x3000_0000_0000_0001L,
        "s",
        "memory",
        4096,
        512,
        List.of(preferred),
        ownership,
        false);
  }
}
