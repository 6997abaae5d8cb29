package io.moongate.cluster.ownership;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import io.moongate.failure.PartDecision;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What gateways that are alive have lost of what they serve with: all their portals, or their store
 * for some units. Made from the view and the observations at one moment, by every gateway alike;
 * immutable.
 */
public final class PartialFaults {
  /** Nothing is lost. */
  public static final PartialFaults NONE = new PartialFaults(Map.of(), Map.of(), Map.of());

  /** So many gateways look at the portals of each. */
  private static final int OBSERVERS = 3;

  private final Map<String, List<Observation>> portals;

  /** By gateway and unit, or kind of a store. */
  private final Map<String, Map<String, List<Observation>>> stores;

  /** By gateway, the kinds of its stores that are in trouble for some unit. */
  private final Map<String, Set<String>> kinds;

  private PartialFaults(
      Map<String, List<Observation>> portals,
      Map<String, Map<String, List<Observation>>> stores,
      Map<String, Set<String>> kinds) {
    this.portals = portals;
    this.stores = stores;
    this.kinds = kinds;
  }

  /**
   * Reads them off.
   *
   * @param alive names of the gateways that may own units; only their word counts
   */
  public static PartialFaults of(
      View view, Collection<Observation> observations, Set<String> alive) {
    List<Observation> parts = observations.stream().filter(seen -> !seen.part().isEmpty()).toList();
    if (parts.isEmpty()) {
      return NONE;
    }
    Map<String, List<Observation>> bySubject = bySubject(parts);
    Map<String, Set<String>> observers = observers(view, bySubject, alive);
    Map<String, List<Observation>> portals = new HashMap<>();
    Map<String, Map<String, List<Observation>>> stores = new HashMap<>();
    for (String name : alive) {
      GatewayEntry gateway = view.gateway(name).orElse(null);
      List<Observation> about = bySubject.getOrDefault(name, List.of());
      if (gateway == null || about.isEmpty()) {
        continue;
      }
      List<Observation> lost = portalsLost(gateway, about, observers.get(name));
      if (!lost.isEmpty()) {
        portals.put(name, lost);
      }
      stores.put(name, storeTrouble(gateway, about));
    }
    return new PartialFaults(portals, stores, kinds(view, stores));
  }

  private static Map<String, List<Observation>> bySubject(Collection<Observation> observations) {
    return observations.stream().collect(Collectors.groupingBy(Observation::subject));
  }

  /**
   * A unit that is in trouble through two gateways says nothing of the way of either. What a
   * gateway says of a store as a whole is of its own way.
   */
  private static Map<String, Set<String>> kinds(
      View view, Map<String, Map<String, List<Observation>>> stores) {
    Map<String, Integer> troubled = new HashMap<>();
    stores
        .values()
        .forEach(units -> units.keySet().forEach(id -> troubled.merge(id, 1, Integer::sum)));
    Map<String, Set<String>> kinds = new HashMap<>();
    stores.forEach(
        (gateway, units) -> {
          for (String part : units.keySet()) {
            Optional<UnitEntry> unit = view.unit(part);
            if (unit.isEmpty() || troubled.get(part) == 1) {
              kinds
                  .computeIfAbsent(gateway, absent -> new TreeSet<>())
                  .add(unit.map(UnitEntry::store).orElse(part));
            }
          }
        });
    return kinds;
  }

  /**
   * The observers of each gateway that count: not one that reaches fewer than half of those that it
   * looks at, for then it is more likely its own link.
   */
  private static Map<String, Set<String>> observers(
      View view, Map<String, List<Observation>> bySubject, Set<String> alive) {
    Map<String, Set<String>> observers = new HashMap<>();
    Map<String, Integer> looksAt = new HashMap<>();
    Map<String, Integer> misses = new HashMap<>();
    Set<String> able = able(view, bySubject, alive);
    for (String name : alive) {
      Set<String> ofThis = following(name, able);
      observers.put(name, ofThis);
      Set<String> missing = new TreeSet<>();
      for (Observation seen : bySubject.getOrDefault(name, List.of())) {
        if (seen.kind() == Kind.PORTAL_UNREACHABLE && isPresent(seen, view)) {
          missing.add(seen.observer());
        }
      }
      for (String observer : ofThis) {
        looksAt.merge(observer, 1, Integer::sum);
        misses.merge(observer, missing.contains(observer) ? 1 : 0, Integer::sum);
      }
    }
    observers
        .values()
        .forEach(each -> each.removeIf(name -> misses.get(name) * 2 > looksAt.get(name)));
    return observers;
  }

  private static boolean isPresent(Observation seen, View view) {
    return view.gateway(seen.subject())
        .filter(gateway -> gateway.incarnation().equals(seen.incarnation()))
        .isPresent();
  }

  /**
   * The gateways whose portals a gateway has to look at. Those of each are looked at by the ones
   * that follow it in the order of names, beginning again with the first after the last; not by one
   * that says itself that its portals are lost.
   *
   * @param observations what stands
   * @param alive names of the gateways that may own units
   */
  public static Set<String> observedBy(
      String observer, View view, Collection<Observation> observations, Set<String> alive) {
    Set<String> able = able(view, bySubject(observations), alive);
    Set<String> observed = new TreeSet<>(alive);
    observed.removeIf(gateway -> !following(gateway, able).contains(observer));
    return observed;
  }

  private static Set<String> able(
      View view, Map<String, List<Observation>> bySubject, Set<String> alive) {
    Set<String> able = new TreeSet<>(alive);
    able.removeIf(
        name ->
            view.gateway(name)
                .filter(
                    entry ->
                        !portalsLost(entry, bySubject.getOrDefault(name, List.of()), Set.of())
                            .isEmpty())
                .isPresent());
    return able;
  }

  private static Set<String> following(String gateway, Set<String> able) {
    TreeSet<String> names = new TreeSet<>(able);
    names.remove(gateway);
    Set<String> observers = new LinkedHashSet<>();
    Stream.concat(names.tailSet(gateway).stream(), names.headSet(gateway).stream())
        .limit(OBSERVERS)
        .forEach(observers::add);
    return observers;
  }

  private static List<Observation> portalsLost(
      GatewayEntry gateway, Collection<Observation> observations, Set<String> observers) {
    return PartDecision.portalsLost(
        gateway.name(),
        gateway.incarnation(),
        gateway.portals().stream().map(PortalAddress::toString).toList(),
        observations,
        observers);
  }

  private static Map<String, List<Observation>> storeTrouble(
      GatewayEntry gateway, List<Observation> parts) {
    Map<String, List<Observation>> units =
        parts.stream()
            .filter(seen -> seen.kind().isOfStore())
            .collect(Collectors.groupingBy(Observation::part));
    units.replaceAll(
        (id, said) -> PartDecision.storeTrouble(gateway.name(), gateway.incarnation(), id, said));
    units.values().removeIf(List::isEmpty);
    return units;
  }

  /** What says that hosts reach no portal of a gateway; empty when nothing does. */
  public List<Observation> portals(String gateway) {
    return portals.getOrDefault(gateway, List.of());
  }

  /** What a gateway says against its store for a unit; empty when nothing. */
  public List<Observation> store(String gateway, String unitId) {
    return stores.getOrDefault(gateway, Map.of()).getOrDefault(unitId, List.of());
  }

  /** Whether a gateway reaches the store of a unit, as far as it says: else it can't open it. */
  boolean reaches(UnitEntry unit, String gateway) {
    return store(gateway, unit.store()).isEmpty();
  }

  /**
   * Whether a gateway can do for a unit what another one can't: hosts reach it, and its store of
   * that kind is in trouble neither for this unit nor for one of its own. For then it may be the
   * store and not the way to it.
   */
  public boolean suits(UnitEntry unit, String gateway) {
    return !portals.containsKey(gateway)
        && store(gateway, unit.id()).isEmpty()
        && !kinds.getOrDefault(gateway, Set.of()).contains(unit.store());
  }
}
