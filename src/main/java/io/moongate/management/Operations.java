package io.moongate.management;

import io.moongate.cluster.ownership.WaitingUnits.Waiting;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.View;
import io.moongate.management.api.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is under way, read off the view, and what waits by the observations that stand: nothing is
 * kept of it beside these, so that no operation is left behind that nobody works on.
 */
final class Operations {
  private static final String DRAIN = "drain-";
  private static final String UNIT = "unit-";

  private Operations() {}

  /**
   * Drains first, by gateway; then units by id.
   *
   * @param waiting units whose owner has failed
   */
  static List<Operation> of(View view, List<Waiting> waiting) {
    Map<String, Waiting> bereft = new HashMap<>();
    waiting.forEach(each -> bereft.put(each.unit().id(), each));
    List<Operation> operations = new ArrayList<>();
    for (GatewayEntry gateway : view.gateways()) {
      drain(gateway, view).ifPresent(operations::add);
    }
    for (UnitEntry unit : view.units()) {
      Optional.ofNullable(bereft.get(unit.id()))
          .map(Operations::of)
          .or(() -> of(unit))
          .ifPresent(operations::add);
    }
    return operations;
  }

  /** Id of the drain of a gateway. */
  static String idOfDrain(String gateway) {
    return DRAIN + gateway;
  }

  /** Id of whatever is under way with a unit. */
  static String idOfUnit(String unit) {
    return UNIT + unit;
  }

  /** The one of that id. */
  static Optional<Operation> find(View view, List<Waiting> waiting, String id) {
    return of(view, waiting).stream().filter(operation -> operation.id().equals(id)).findFirst();
  }

  /** The drain of a gateway; empty while it is not being drained. */
  static Optional<Operation> drain(GatewayEntry gateway, View view) {
    if (gateway.service().duty() != Duty.DRAINING) {
      return Optional.empty();
    }
    int remaining = 0;
    for (UnitEntry unit : view.units()) {
      remaining += unit.ownership().owner().equals(gateway.name()) ? 1 : 0;
    }
    return Optional.of(
        new Operation(
            idOfDrain(gateway.name()),
            "drain",
            gateway.name(),
            null,
            null,
            remaining,
            gateway.service().since(),
            gateway.service().cause(),
            true));
  }

  /** What is under way with a unit by its own entry; empty while it is served. */
  static Optional<Operation> of(UnitEntry unit) {
    Ownership now = unit.ownership();
    return switch (now.phase()) {
      case SERVING -> Optional.empty();
      case RELEASING -> Optional.of(of(unit, "move", now.successor(), now.owner()));
      case ACQUIRING -> Optional.of(of(unit, "open", now.owner(), null));
      case UNOWNED -> Optional.of(of(unit, "wait", null, null));
    };
  }

  private static Operation of(Waiting waiting) {
    UnitEntry unit = waiting.unit();
    return new Operation(
        idOfUnit(unit.id()),
        "wait",
        null,
        unit.ownership().owner(),
        unit.id(),
        null,
        waiting.since(),
        waiting.cause(),
        false);
  }

  private static Operation of(UnitEntry unit, String kind, String gateway, String from) {
    Ownership now = unit.ownership();
    return new Operation(
        idOfUnit(unit.id()),
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
