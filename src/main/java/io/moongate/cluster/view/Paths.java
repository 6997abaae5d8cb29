package io.moongate.cluster.view;

import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.TargetPortGroup;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The paths that follow from the view: pure functions, so that every gateway gives the same answer
 * for the same view.
 *
 * <p>While a unit is in transition its live paths are reported active/non-optimized, not
 * transitioning: a gateway accepts commands then and holds them, and a host that read TRANSITIONING
 * would itself hold back for its next poll of the states, a second or two later
 * (docs/decisions/0004).
 */
public final class Paths {
  private Paths() {}

  /** One logical unit through one gateway. */
  public record Path(
      String target,
      int lun,
      String unitId,
      String gateway,
      int portGroup,
      List<PortalAddress> portals,
      String state,
      String owner,
      long epoch,
      Instant since,
      String cause) {}

  /** Every path of every LUN. */
  public static List<Path> of(View view) {
    List<Path> paths = new ArrayList<>();
    for (TargetEntry target : view.targets()) {
      for (Map.Entry<Integer, String> lun : target.luns().entrySet()) {
        Optional<UnitEntry> unit = view.unit(lun.getValue());
        if (unit.isEmpty()) {
          continue;
        }
        for (GatewayEntry gateway : view.gateways()) {
          if (target.exportedBy(gateway.name())) {
            paths.add(path(target, lun.getKey(), unit.get(), gateway, view));
          }
        }
      }
    }
    return paths;
  }

  private static Path path(
      TargetEntry target, int lun, UnitEntry unit, GatewayEntry gateway, View view) {
    Ownership ownership = unit.ownership();
    Optional<GatewayEntry> owner = view.gateway(ownership.owner());
    boolean ofGateway = gateway.since().isAfter(ownership.since());
    return new Path(
        target.name(),
        lun,
        unit.id(),
        gateway.name(),
        gateway.portGroup(),
        gateway.portals(),
        state(unit, gateway, owner).word(),
        ownership.owner(),
        ownership.epoch(),
        ofGateway ? gateway.since() : ownership.since(),
        ofGateway ? gateway.cause() : ownership.cause());
  }

  /** The access state of a unit through a gateway. */
  public static AccessState state(
      UnitEntry unit, GatewayEntry gateway, Optional<GatewayEntry> owner) {
    if (gateway.state() != GatewayEntry.State.UP) {
      return AccessState.UNAVAILABLE;
    }
    boolean owns = unit.ownership().ownedBy(gateway.name(), gateway.incarnation());
    return owns && served(unit, owner)
        ? AccessState.ACTIVE_OPTIMIZED
        : AccessState.ACTIVE_NON_OPTIMIZED;
  }

  /** Whether the unit is served: its owner has opened it, and is not known to be gone. */
  public static boolean served(UnitEntry unit, Optional<GatewayEntry> owner) {
    Ownership ownership = unit.ownership();
    return ownership.phase() == Phase.SERVING
        && owner.isPresent()
        && owner.get().state() == GatewayEntry.State.UP
        && ownership.ownedBy(owner.get().name(), owner.get().incarnation());
  }

  /**
   * The target port groups of a unit, in order of their ids. PREF is set only on the group that is
   * optimized and is the first in the unit's order of preference: Linux would prefer a demoted
   * group that kept it to the optimized one.
   */
  public static List<TargetPortGroup> groups(
      UnitEntry unit, List<GatewayEntry> exporters, Optional<GatewayEntry> owner) {
    return exporters.stream()
        .sorted(Comparator.comparingInt(GatewayEntry::portGroup))
        .map(
            gateway -> {
              AccessState state = state(unit, gateway, owner);
              boolean first =
                  !unit.preferred().isEmpty() && unit.preferred().get(0).equals(gateway.name());
              return new TargetPortGroup(
                  gateway.portGroup(),
                  state,
                  first && state == AccessState.ACTIVE_OPTIMIZED,
                  List.of(gateway.portGroup()));
            })
        .toList();
  }
}
