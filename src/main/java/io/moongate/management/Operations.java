package io.moongate.management;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.View;
import io.moongate.management.api.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is under way, read off the view: nothing is kept of it beside that, so that every gateway
 * answers alike and no operation is left behind that nobody works on.
 */
final class Operations {
  private static final String DRAIN = "drain-";
  private static final String UNIT = "unit-";

  private Operations() {}

  /** Drains first, by gateway; then units by id. */
  static List<Operation> of(View view) {
    List<Operation> operations = new ArrayList<>();
    for (GatewayEntry gateway : view.gateways()) {
      drain(gateway, view).ifPresent(operations::add);
    }
    for (UnitEntry unit : view.units()) {
      of(unit).ifPresent(operations::add);
    }
    return operations;
  }

  /** The one of that id. */
  static Optional<Operation> find(View view, String id) {
    if (id.startsWith(DRAIN)) {
      return view.gateway(id.substring(DRAIN.length())).flatMap(gateway -> drain(gateway, view));
    }
    return id.startsWith(UNIT)
        ? view.unit(id.substring(UNIT.length())).flatMap(Operations::of)
        : Optional.empty();
  }

  private static Optional<Operation> drain(GatewayEntry gateway, View view) {
    if (gateway.service().duty() != Duty.DRAINING) {
      return Optional.empty();
    }
    int remaining = 0;
    for (UnitEntry unit : view.units()) {
      remaining += unit.ownership().owner().equals(gateway.name()) ? 1 : 0;
    }
    return Optional.of(
        new Operation(
            DRAIN + gateway.name(),
            "drain",
            gateway.name(),
            null,
            null,
            remaining,
            gateway.service().since(),
            gateway.service().cause(),
            true));
  }

  private static Optional<Operation> of(UnitEntry unit) {
    Ownership now = unit.ownership();
    return switch (now.phase()) {
      case SERVING -> Optional.empty();
      case RELEASING -> Optional.of(of(unit, "move", now.successor(), now.owner()));
      case ACQUIRING -> Optional.of(of(unit, "open", now.owner(), null));
      case UNOWNED -> Optional.of(of(unit, "wait", null, null));
    };
  }

  private static Operation of(UnitEntry unit, String kind, String gateway, String from) {
    Ownership now = unit.ownership();
    return new Operation(
        UNIT + unit.id(),
        kind,
        gateway,
        from,
        unit.id(),
        null,
        now.since(),
        now.cause(),
        kind.equals("move"));
  }
}
