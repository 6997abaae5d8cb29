package io.moongate.cluster.ownership;

import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * Which gateway takes a unit: of those in service the first in its order of preference, else the
 * least loaded. A pure function of the view: every gateway computes the same plan and acts on its
 * own part of it.
 *
 * <p>How many each takes follows from the load; which, from where their rows are: units of one
 * {@linkplain OwnershipRows#group group} go to one gateway as far as that comes out even, since the
 * transactions of two on one group hinder one another.
 */
public final class Placement {
  /** Who has no choice is placed first, so that the others even it out. */
  private static final Comparator<Map.Entry<List<String>, List<String>>> NARROWEST_FIRST =
      Comparator.<Map.Entry<List<String>, List<String>>>comparingInt(each -> each.getKey().size())
          .thenComparing(each -> String.join(" ", each.getKey()));

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
    Map<String, String> plan = new HashMap<>();
    List<String> all = List.copyOf(load.keySet());
    Map<List<String>, List<String>> others = new HashMap<>();
    for (UnitEntry unit : needy) {
      List<String> candidates =
          candidates(unit, targets.getOrDefault(unit.id(), List.of()), all, resting, suits);
      unit.preferred().stream()
          .filter(candidates::contains)
          .findFirst()
          .ifPresentOrElse(
              preferred -> {
                plan.put(unit.id(), preferred);
                load.merge(preferred, 1, Integer::sum);
              },
              () -> others.computeIfAbsent(candidates, fresh -> new ArrayList<>()).add(unit.id()));
    }
    others.entrySet().stream()
        .sorted(NARROWEST_FIRST)
        .forEach(each -> deal(each.getValue(), each.getKey(), load, plan));
    return plan;
  }

  /**
   * Deals units, which may go to the same gateways, by group: one gateway after the other gets as
   * many as even out the load. So what one has taken leaves the parts of the others as they are,
   * where all units may go to the same gateways; else some can change hands once more.
   */
  private static void deal(
      List<String> units,
      List<String> candidates,
      Map<String, Integer> load,
      Map<String, String> plan) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int unit = 0; unit < units.size(); unit++) {
      leastLoaded(candidates, load)
          .ifPresent(
              gateway -> {
                load.merge(gateway, 1, Integer::sum);
                counts.merge(gateway, 1, Integer::sum);
              });
    }
    Iterator<String> next = byGroup(units).iterator();
    counts.forEach(
        (gateway, count) -> {
          for (int taken = 0; taken < count; taken++) {
            plan.put(next.next(), gateway);
          }
        });
  }

  /** The same when nothing is known against parts of gateways. */
  public static Map<String, String> plan(
      Collection<UnitEntry> needy, View view, Set<String> alive) {
    return plan(needy, view, alive, (unit, gateway) -> true);
  }

  private static List<String> byGroup(List<String> units) {
    Map<Integer, List<String>> groups = new TreeMap<>();
    units.forEach(
        unit ->
            groups.computeIfAbsent(OwnershipRows.group(unit), none -> new ArrayList<>()).add(unit));
    return groups.values().stream().flatMap(group -> group.stream().sorted()).toList();
  }

  private static List<String> candidates(
      UnitEntry unit,
      List<TargetEntry> targets,
      List<String> all,
      Set<String> resting,
      BiPredicate<UnitEntry, String> suits) {
    List<String> candidates =
        narrow(all, gateway -> targets.stream().anyMatch(target -> target.exportedBy(gateway)));
    candidates = narrow(candidates, gateway -> !unit.ownership().refusedBy().contains(gateway));
    candidates = narrow(candidates, gateway -> suits.test(unit, gateway));
    // Last, so that a gateway that is out of service takes what nobody else can open: served there
    // a unit is better off than nowhere.
    return narrow(candidates, gateway -> !resting.contains(gateway));
  }

  private static Optional<String> leastLoaded(List<String> candidates, Map<String, Integer> load) {
    return candidates.stream()
        .min(Comparator.<String>comparingInt(load::get).thenComparing(Comparator.naturalOrder()));
  }

  /** A wish, not a condition: it counts only when somebody is left. */
  private static List<String> narrow(List<String> candidates, Predicate<String> wish) {
    List<String> better = new ArrayList<>(candidates.size());
    for (String candidate : candidates) {
      if (wish.test(candidate)) {
        better.add(candidate);
      }
    }
    return better.isEmpty() ? candidates : better;
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
