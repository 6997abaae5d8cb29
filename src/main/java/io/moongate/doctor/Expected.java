package io.moongate.doctor;

import io.moongate.cli.ApiView;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import io.moongate.management.api.Target;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What hosts should see through one gateway, from the API's records. */
final class Expected {
  private record Place(String target, int lun) {}

  private final List<Target> targets;
  private final int portGroup;
  private final Map<Place, String> naa = new HashMap<>();
  private final Map<Place, Map<Integer, String>> states = new HashMap<>();

  Expected(ApiView view, String gateway) {
    this.targets =
        view.targets().stream().filter(target -> target.gateways().contains(gateway)).toList();
    this.portGroup =
        view.gateways().stream()
            .filter(each -> each.name().equals(gateway))
            .mapToInt(Gateway::portGroup)
            .findFirst()
            .orElse(-1);
    for (LogicalUnit unit : view.units()) {
      if (unit.target() != null) {
        naa.put(new Place(unit.target(), unit.lun()), unit.naa());
      }
    }
    for (Path path : view.paths()) {
      states
          .computeIfAbsent(new Place(path.target(), path.lun()), place -> new TreeMap<>())
          .put(path.tpg(), path.state());
    }
  }

  List<Target> targets() {
    return targets;
  }

  Set<String> names() {
    return targets.stream().map(Target::name).collect(Collectors.toSet());
  }

  int portGroup() {
    return portGroup;
  }

  /** In hexadecimal digits. */
  String naa(String target, int lun) {
    return naa.getOrDefault(new Place(target, lun), "none");
  }

  /** The access state of each gateway's port group. */
  Map<Integer, String> states(String target, int lun) {
    return states.getOrDefault(new Place(target, lun), Map.of());
  }
}
