package io.moongate.cli;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Target;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a cluster has already, before anything is restored in it.
 *
 * @param gateways by name
 * @param targets by name
 * @param initiators by target, those on its list, by name
 * @param units by id
 */
record ConfigurationPresent(
    Map<String, Gateway> gateways,
    Map<String, Target> targets,
    Map<String, Map<String, Initiator>> initiators,
    Map<String, LogicalUnit> units) {

  /** Asks for all of it. */
  static ConfigurationPresent of(ApiClient api) {
    Map<String, Gateway> gateways = new HashMap<>();
    api.asList(api.get("/gateways"), Gateway.class)
        .forEach(each -> gateways.put(each.name(), each));
    Map<String, Target> targets = new HashMap<>();
    Map<String, Map<String, Initiator>> initiators = new HashMap<>();
    for (Target each : api.asList(api.get("/targets"), Target.class)) {
      targets.put(each.name(), each);
      initiators.put(
          each.name(),
          api
              .asList(
                  api.get("/targets/" + ApiClient.encode(each.name()) + "/initiators"),
                  Initiator.class)
              .stream()
              .collect(Collectors.toMap(Initiator::initiator, one -> one)));
    }
    Map<String, LogicalUnit> units = new HashMap<>();
    api.asList(api.get("/luns"), LogicalUnit.class).forEach(each -> units.put(each.id(), each));
    return new ConfigurationPresent(gateways, targets, initiators, units);
  }

  /** Whether it has what an operator has made: gateways register by themselves. */
  boolean empty() {
    return targets.isEmpty() && units.isEmpty();
  }

  Optional<Target> target(String name) {
    return Optional.ofNullable(targets.get(name));
  }

  Map<String, Initiator> list(String target) {
    return initiators.getOrDefault(target, Map.of());
  }

  /** The unit itself, or the one by which hosts know it: no two have one designator. */
  Optional<LogicalUnit> unit(Configuration.Lun lun) {
    LogicalUnit same = units.get(lun.id());
    return same != null
        ? Optional.of(same)
        : units.values().stream().filter(each -> each.naa().equals(lun.naa())).findFirst();
  }

  /** The unit that a LUN of a target is. */
  Optional<String> at(Configuration.Place place) {
    return target(place.target()).stream()
        .flatMap(target -> target.luns().stream())
        .filter(mapping -> mapping.lun() == place.lun())
        .map(Target.Mapping::id)
        .findFirst();
  }

  /** The number that a unit has in a target. */
  Optional<Integer> lun(String target, String unit) {
    return target(target).stream()
        .flatMap(there -> there.luns().stream())
        .filter(mapping -> mapping.id().equals(unit))
        .map(Target.Mapping::lun)
        .findFirst();
  }

  /**
   * Whether nobody could log in to a target yet, as an import leaves one until it has let hosts in.
   */
  boolean unopened(String name) {
    Target target = targets.get(name);
    if (target == null) {
      return true;
    }
    boolean nothing =
        target.luns().isEmpty() && target.chap() == null && target.mutualChap() == null;
    return list(name).isEmpty() && (nothing || target.access().equals("listed"));
  }
}
