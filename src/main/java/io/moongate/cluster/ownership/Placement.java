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
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Which gateway takes a unit: of those in service the first in its order of preference, else the
 * one that owns the fewest. A pure function of the view: every gateway computes the same plan and
 * acts on its own part of it.
 *
 * <p>How many each takes follows from how many each owns; which, from where their rows are: units
 * of one {@linkplain OwnershipRows#group group} go to one gateway as far as that comes out even,
 * since the transactions of two on one group hinder one another.
 */
public final class Placement {
  /** Who has no choice is placed first, so that the others even it out. */
  private static final Comparator<Map.Entry<List<String>, List<String>>> NARROWEST_FIRST =
      Comparator.<Map.Entry<List<String>, List<String>>>comparingInt(each -> each.getKey().size())
          .thenComparing(each -> String.join(" ", each.getKey()));

  /** Where nothing is known of loads there is none that makes a difference. */
  private static final Balance.Tolerance NO_LOADS = new Balance.Tolerance(2, 1, 1);

  /** Of a unit whose load makes a difference, where it may go. */
  private record Choices(String unit, double load, List<String> candidates) {
    static final Comparator<Choices> NARROWEST_AND_HEAVIEST_FIRST =
        Comparator.<Choices>comparingInt(each -> each.candidates().size())
            .thenComparing(each -> -each.load())
            .thenComparing(Choices::unit);
  }

  private Placement() {}

  /**
   * Plans owners for units that need one: by number alone, for what is known of loads is not the
   * same everywhere.
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
    return plan(
        needy, view, alive, suits, Loads.UNKNOWN, NO_LOADS, unit -> unit.ownership().destined());
  }

  /**
   * The same where one gateway plans for all of the units. Those that make a difference by their
   * load go each to the gateway of which the least is asked so far, the heaviest first, and the
   * others by number.
   *
   * @param destined which gateway has a unit, or is to have it soon
   */
  static Map<String, String> plan(
      Collection<UnitEntry> needy,
      View view,
      Set<String> alive,
      BiPredicate<UnitEntry, String> suits,
      Loads loads,
      Balance.Tolerance tolerance,
      Function<UnitEntry, String> destined) {
    Map<String, Integer> counts = new TreeMap<>();
    Map<String, Double> sums = new HashMap<>();
    alive.forEach(gateway -> counts.put(gateway, 0));
    double total = 0;
    for (UnitEntry unit : view.units()) {
      String owner = destined.apply(unit);
      double load = loads.of(unit);
      total += load;
      counts.computeIfPresent(owner, (gateway, units) -> units + 1);
      sums.merge(owner, load, Double::sum);
    }
    double difference = tolerance.even(total / Math.max(1, alive.size())) / 10;
    Set<String> resting = new HashSet<>();
    for (GatewayEntry gateway : view.gateways()) {
      if (!gateway.inService()) {
        resting.add(gateway.name());
      }
    }
    Map<String, List<TargetEntry>> targets = targetsByUnit(view);
    Map<String, String> plan = new HashMap<>();
    List<String> all = List.copyOf(counts.keySet());
    List<Choices> heavy = new ArrayList<>();
    Map<List<String>, List<String>> others = new HashMap<>();
    for (UnitEntry unit : needy) {
      List<String> candidates =
          candidates(unit, targets.getOrDefault(unit.id(), List.of()), all, resting, suits);
      double load = loads.of(unit);
      Optional<String> preferred =
          unit.preferred().stream().filter(candidates::contains).findFirst();
      if (preferred.isPresent()) {
        plan.put(unit.id(), preferred.get());
        counts.merge(preferred.get(), 1, Integer::sum);
        sums.merge(preferred.get(), load, Double::sum);
      } else if (load > difference) {
        heavy.add(new Choices(unit.id(), load, candidates));
      } else {
        others.computeIfAbsent(candidates, fresh -> new ArrayList<>()).add(unit.id());
      }
    }
    heavy.sort(Choices.NARROWEST_AND_HEAVIEST_FIRST);
    for (Choices each : heavy) {
      leastAsked(each.candidates(), sums, counts)
          .ifPresent(
              gateway -> {
                plan.put(each.unit(), gateway);
                counts.merge(gateway, 1, Integer::sum);
                sums.merge(gateway, each.load(), Double::sum);
              });
    }
    others.entrySet().stream()
        .sorted(NARROWEST_FIRST)
        .forEach(each -> deal(each.getValue(), each.getKey(), counts, plan));
    return plan;
  }

  /**
   * Deals units, which may go to the same gateways, by group: one gateway after the other gets as
   * many as even out their numbers. So what one has taken leaves the parts of the others as they
   * are, where all units may go to the same gateways; else some can change hands once more.
   */
  private static void deal(
      List<String> units,
      List<String> candidates,
      Map<String, Integer> counts,
      Map<String, String> plan) {
    Map<String, Integer> shares = new TreeMap<>();
    for (int unit = 0; unit < units.size(); unit++) {
      fewest(candidates, counts)
          .ifPresent(
              gateway -> {
                counts.merge(gateway, 1, Integer::sum);
                shares.merge(gateway, 1, Integer::sum);
              });
    }
    Iterator<String> next = byGroup(units).iterator();
    shares.forEach(
        (gateway, share) -> {
          for (int taken = 0; taken < share; taken++) {
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
    List<String> refused = unit.ownership().refusedBy();
    if (!candidates.isEmpty() && refused.containsAll(candidates)) {
      // In turns: the trouble of each ends at a time of its own.
      return refused.stream().filter(candidates::contains).limit(1).toList();
    }
    candidates = narrow(candidates, gateway -> !refused.contains(gateway));
    candidates = narrow(candidates, gateway -> suits.test(unit, gateway));
    // Last, so that a gateway that is out of service takes what nobody else can open: served there
    // a unit is better off than nowhere.
    return narrow(candidates, gateway -> !resting.contains(gateway));
  }

  private static Optional<String> leastAsked(
      List<String> candidates, Map<String, Double> sums, Map<String, Integer> counts) {
    return candidates.stream()
        .min(
            Comparator.<String>comparingDouble(gateway -> sums.getOrDefault(gateway, 0.0))
                .thenComparing(counts::get)
                .thenComparing(Comparator.naturalOrder()));
  }

  private static Optional<String> fewest(List<String> candidates, Map<String, Integer> counts) {
    return candidates.stream()
        .min(Comparator.<String>comparingInt(counts::get).thenComparing(Comparator.naturalOrder()));
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
