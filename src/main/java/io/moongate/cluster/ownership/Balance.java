package io.moongate.cluster.ownership;

import io.moongate.cluster.view.UnitEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/**
 * Which unit is given away so that what is asked of the gateways, and the number of units that they
 * own, come out even. A pure function: every gateway comes to the same, and only the one whose unit
 * it is gives.
 *
 * <p>The load comes first: of the gateways that could give something for it the one that has the
 * most does, and each such gift brings two gateways closer to one another. Only when there is none
 * one is given for the number, and none that would take back what was gained: see {@link
 * #keepsEven}. So nothing goes to and fro for as long as the loads are what they are.
 */
public final class Balance {

  /**
   * What is left uneven.
   *
   * @param units by how many units more than another a gateway may own before it gives any away; at
   *     least 2
   * @param loadShare by what part of the mean load of the gateways one may have more than another
   * @param leastLoad in operations a second, by how much it may in any case
   */
  public record Tolerance(int units, double loadShare, double leastLoad) {
    public Tolerance {
      if (units < 2 || !(loadShare > 0) || !(leastLoad > 0)) {
        throw new IllegalArgumentException(
            "a tolerance of %d units, %s of the load and %s operations/s"
                .formatted(units, loadShare, leastLoad));
      }
    }

    /** In operations a second, what is even enough where gateways have so many on average. */
    double even(double mean) {
      return Math.max(leastLoad, loadShare * mean);
    }
  }

  /** A unit, to whom, and why. */
  record Gift(UnitEntry unit, String to, String cause) {}

  private final Set<String> givers;
  private final Set<String> takers;
  private final Loads loads;
  private final Tolerance tolerance;
  private final BiPredicate<UnitEntry, String> suits;
  private final Map<String, Double> counts = new TreeMap<>();
  private final Map<String, Double> sums = new TreeMap<>();

  /** What each may give away, now or later. */
  private final Map<String, List<UnitEntry>> givable = new HashMap<>();

  /** In operations a second, what is even enough. */
  private final double even;

  /** A load of so little that even if every unit had it, that would be no reason to move any. */
  private final double negligible;

  /**
   * @param givers the gateways that are well and in service
   * @param takers those that may be given something
   * @param units those of the view
   * @param mayGo whether a unit may be given away at all
   * @param suits whether a gateway may have a unit
   */
  Balance(
      Set<String> givers,
      Set<String> takers,
      Collection<UnitEntry> units,
      Loads loads,
      Tolerance tolerance,
      Predicate<UnitEntry> mayGo,
      BiPredicate<UnitEntry, String> suits) {
    this.givers = givers;
    this.takers = takers;
    this.tolerance = tolerance;
    this.suits = suits;
    Set<String> all = new TreeSet<>(givers);
    all.addAll(takers);
    // Whoever is silent would pass for idle.
    this.loads = loads.knownOf(all) ? loads : Loads.UNKNOWN;
    for (String gateway : all) {
      counts.put(gateway, 0.0);
      sums.put(gateway, 0.0);
    }
    for (UnitEntry unit : units) {
      String owner = unit.ownership().destined();
      counts.computeIfPresent(owner, (gateway, count) -> count + 1);
      sums.computeIfPresent(owner, (gateway, sum) -> sum + this.loads.of(unit));
      if (givers.contains(owner) && mayGo.test(unit)) {
        givable.computeIfAbsent(owner, none -> new ArrayList<>()).add(unit);
      }
    }
    double total = sums.values().stream().mapToDouble(Double::doubleValue).sum();
    this.even = tolerance.even(total / Math.max(1, all.size()));
    this.negligible = even / 2 / Math.max(1, units.size());
  }

  /** A way to choose what a gateway gives, of those of its units that are let through. */
  private interface Choice {
    Optional<Gift> of(String giver, Predicate<UnitEntry> among);
  }

  /**
   * What a gateway gives away next.
   *
   * @param ready which of its units can be given just now: when it is its turn and none is, all
   *     others wait for it
   */
  Optional<Gift> next(String self, Predicate<UnitEntry> ready) {
    for (Choice choice : List.<Choice>of(this::byLoad, this::byNumber)) {
      Optional<String> giver = first(choice);
      if (giver.isPresent()) {
        return giver.get().equals(self) ? choice.of(self, ready) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private Optional<String> first(Choice choice) {
    return givers.stream()
        .filter(givable::containsKey)
        .sorted(
            Comparator.<String>comparingDouble(giver -> -rounded(sums.get(giver)))
                .thenComparing(giver -> -counts.get(giver))
                .thenComparing(giver -> giver))
        .filter(giver -> choice.of(giver, unit -> true).isPresent())
        .findFirst();
  }

  /** Sums of the same loads differ by their order. */
  private static double rounded(double sum) {
    return Math.rint(sum);
  }

  /** The unit that brings it closest to the one that has the least. */
  private Optional<Gift> byLoad(String giver, Predicate<UnitEntry> among) {
    for (String to : fromTheLeast(sums, giver)) {
      double apart = sums.get(giver) - sums.get(to);
      if (apart <= even) {
        break;
      }
      Optional<UnitEntry> best =
          givable.get(giver).stream()
              .filter(unit -> loads.of(unit) > negligible && loads.of(unit) <= apart * 3 / 4)
              .filter(among)
              .sorted(Comparator.comparingDouble(unit -> Math.abs(apart / 2 - loads.of(unit))))
              .filter(unit -> suits.test(unit, to))
              .findFirst();
      if (best.isPresent()) {
        return best.map(
            unit ->
                new Gift(
                    unit,
                    to,
                    "rebalance: %s has %.0f operations/s, %s %.0f, of this unit are %.0f"
                        .formatted(giver, sums.get(giver), to, sums.get(to), loads.of(unit))));
      }
    }
    return Optional.empty();
  }

  /** The unit of which the least is asked, to the one that owns the fewest. */
  private Optional<Gift> byNumber(String giver, Predicate<UnitEntry> among) {
    for (String to : fromTheLeast(counts, giver)) {
      if (counts.get(giver) - counts.get(to) < tolerance.units()) {
        break;
      }
      Optional<UnitEntry> least =
          givable.get(giver).stream()
              .filter(unit -> keepsEven(loads.of(unit), giver, to))
              .filter(among)
              .sorted(Comparator.comparingDouble(loads::of))
              .filter(unit -> suits.test(unit, to))
              .findFirst();
      if (least.isPresent()) {
        return least.map(
            unit ->
                new Gift(
                    unit,
                    to,
                    "rebalance: %s owns %.0f units, %s %.0f"
                        .formatted(giver, counts.get(giver), to, counts.get(to))));
      }
    }
    return Optional.empty();
  }

  /**
   * Whether a gift leaves the loads no less even than they were, or even enough. With the first the
   * sum of their squares does not grow, which each gift for the load makes smaller; with the second
   * there was no reason for such a gift, and is none.
   */
  private boolean keepsEven(double load, String from, String to) {
    return load <= negligible
        || sums.get(to) + load <= sums.get(from)
        || (spread(0, from, to) <= even && spread(load, from, to) <= even);
  }

  /** Between the most and the least loaded, were so much given. */
  private double spread(double given, String from, String to) {
    double most = Double.NEGATIVE_INFINITY;
    double least = Double.POSITIVE_INFINITY;
    for (Map.Entry<String, Double> each : sums.entrySet()) {
      double gets = each.getKey().equals(to) ? given : each.getKey().equals(from) ? -given : 0;
      most = Math.max(most, each.getValue() + gets);
      least = Math.min(least, each.getValue() + gets);
    }
    return most - least;
  }

  private List<String> fromTheLeast(Map<String, Double> parts, String giver) {
    return takers.stream()
        .filter(taker -> !taker.equals(giver))
        .sorted(
            Comparator.<String>comparingDouble(taker -> rounded(parts.get(taker)))
                .thenComparing(taker -> taker))
        .toList();
  }
}
