package io.moongate.cluster.view;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * Which gateway takes a unit: of those in service the first in its order of preference, else the
 * least loaded. A pure function of the view: every gateway computes the same plan and acts on its
 * own part of it.
 */
public final class Placement {
  private Placement() {}

  /**
   * Plans owners for units that need one.
   *
   * @param needy units without a living owner
   * @param view the view
   * @param alive names of the gateways that may own
   * @param suits whether nothing is known against a gateway that concerns a unit
   * @return unit id to gateway; a unit is missing when no gateway is left for it
   */
  public static Map<String, String> plan(
      Collection<UnitEntry> needy,
      View view,
      Set<String> alive,
      BiPredicate<UnitEntry, String> suits) {
    Map<String, Integer> load = new TreeMap<>();
    alive.forEach(gateway -> load.put(gateway, 0));
    for (UnitEntry unit : view.units()) {
      load.computeIfPresent(unit.ownership().owner(), (gateway, units) -> units + 1);
    }
    Set<String> resting = new HashSet<>();
    for (GatewayEntry gateway : view.gateways()) {
      if (!gateway.inService()) {
        resting.add(gateway.name());
      }
    }
    Map<String, List<TargetEntry>> targets = targetsByUnit(view);
    List<UnitEntry> inOrder = new ArrayList<>(needy);
    inOrder.sort(Comparator.comparing(UnitEntry::id));
    Map<String, String> plan = new HashMap<>();
    for (UnitEntry unit : inOrder) {
      String chosen =
          choose(unit, targets.getOrDefault(unit.id(), List.of()), load, resting, suits);
      if (chosen != null) {
        plan.put(unit.id(), chosen);
        load.merge(chosen, 1, Integer::sum);
      }
    }
    return plan;
  }

  /** The same when nothing is known against parts of gateways. */
  public static Map<String, String> plan(
      Collection<UnitEntry> needy, View view, Set<String> alive) {
    return plan(needy, view, alive, (unit, gateway) -> true);
  }

  private static String choose(
      UnitEntry unit,
      List<TargetEntry> targets,
      Map<String, Integer> load,
      Set<String> resting,
      BiPredicate<UnitEntry, String> suits) {
    List<String> candidates = new ArrayList<>(load.keySet());
    narrow(
        candidates,
        candidates.stream()
            .filter(gateway -> targets.stream().anyMatch(target -> target.exportedBy(gateway)))
            .toList());
    narrow(
        candidates,
        candidates.stream()
            .filter(gateway -> !unit.ownership().refusedBy().contains(gateway))
            .toList());
    narrow(candidates, candidates.stream().filter(gateway -> suits.test(unit, gateway)).toList());
    // Last, so that a gateway that is out of service takes what nobody else can open: served there
    // a unit is better off than nowhere.
    narrow(candidates, candidates.stream().filter(gateway -> !resting.contains(gateway)).toList());
    for (String preferred : unit.preferred()) {
      if (candidates.contains(preferred)) {
        return preferred;
      }
    }
    return candidates.stream()
        .min(Comparator.<String>comparingInt(load::get).thenComparing(Comparator.naturalOrder()))
        .orElse(null);
  }

  /** A wish, not a condition: it counts only when somebody is left. */
  private static void narrow(List<String> candidates, List<String> better) {
    if (!better.isEmpty()) {
      candidates.retainAll(better);
    }
  }

  private static Map<String, List<TargetEntry>> targetsByUnit(View view) {
    Map<String, List<TargetEntry>> byUnit = new HashMap<>();
    for (TargetEntry target : view.targets()) {
      for (String unit : target.luns().values()) {
        byUnit.computeIfAbsent(unit, absent -> new ArrayList<>()).add(target);
      }
    }
    return byUnit;
  }
}
