package io.moongate.cluster.ownership;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import java.util.List;
import java.util.Set;

/**
 * The other gateways, as those to which a unit may be moved away from a fault. Immutable.
 *
 * @param self this gateway
 * @param healthy names of the gateways against which nothing stands as a whole
 * @param faults what stands against parts of them
 */
public record Others(String self, Set<String> healthy, PartialFaults faults) {
  /** As long as nothing is known. */
  public static final Others NOBODY = new Others("", Set.of(), PartialFaults.NONE);

  public Others {
    healthy = Set.copyOf(healthy);
  }

  /** Whether a gateway may have the unit, and would not only have the same fault. */
  boolean maySuit(UnitEntry unit, String gateway, View view) {
    return !gateway.equals(self)
        && healthy.contains(gateway)
        && faults.suits(unit, gateway)
        && view.gateway(gateway).filter(GatewayEntry::inService).isPresent()
        && exported(unit, gateway, view);
  }

  /** Whether there is any such gateway. */
  public boolean anySuits(String unitId, View view) {
    return view.unit(unitId)
        .filter(unit -> healthy.stream().anyMatch(gateway -> maySuit(unit, gateway, view)))
        .isPresent();
  }

  /** Whether it serves the unit's hosts itself, where anybody does. */
  static boolean exported(UnitEntry unit, String gateway, View view) {
    List<TargetEntry> targets = view.targetsOf(unit.id());
    return targets.isEmpty() || targets.stream().anyMatch(target -> target.exportedBy(gateway));
  }
}
