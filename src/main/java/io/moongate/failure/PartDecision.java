package io.moongate.failure;

import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether a gateway that is alive has lost a part of what it serves with: pure functions of what
 * several gateways saw, like {@link FailureDecision}. What is decided here moves units and expels
 * nobody: a gateway keeps what still works.
 *
 * <ul>
 *   <li>Of its store for a unit only the gateway itself can speak.
 *   <li>Of a portal it can, when the address or the link is gone from its host. Others see only
 *       that they can't reach it, which may be their own fault: that counts when more than half of
 *       those that look say so, and at least two.
 * </ul>
 */
public final class PartDecision {
  /** Fewer can't outvote their own faults. */
  private static final int LEAST_OBSERVERS = 2;

  private PartDecision() {}

  /**
   * Whether hosts can't reach a gateway through any of its portals.
   *
   * @param portals all of them, as in {@link Observation#part}
   * @param observations what stands
   * @param observers names of those that look at the portals of this gateway
   * @return the observations that say so; empty when some portal can be reached, as far as is known
   */
  public static List<Observation> portalsLost(
      String gateway,
      String incarnation,
      Collection<String> portals,
      Collection<Observation> observations,
      Set<String> observers) {
    List<Observation> evidence = new ArrayList<>();
    for (String portal : portals) {
      List<Observation> lost = lost(gateway, incarnation, portal, observations, observers);
      if (lost.isEmpty()) {
        return List.of();
      }
      evidence.addAll(lost);
    }
    return evidence;
  }

  private static List<Observation> lost(
      String gateway,
      String incarnation,
      String portal,
      Collection<Observation> observations,
      Set<String> observers) {
    List<Observation> own = new ArrayList<>();
    List<Observation> ofOthers = new ArrayList<>();
    Set<String> saying = new TreeSet<>();
    for (Observation seen : observations) {
      if (!seen.subject().equals(gateway)
          || !seen.incarnation().equals(incarnation)
          || !seen.part().equals(portal)) {
        continue;
      }
      if (seen.kind() == Kind.PORTAL_LOST && seen.observer().equals(gateway)) {
        own.add(seen);
      } else if (seen.kind() == Kind.PORTAL_UNREACHABLE && observers.contains(seen.observer())) {
        ofOthers.add(seen);
        saying.add(seen.observer());
      }
    }
    if (!own.isEmpty()) {
      return own;
    }
    boolean enough = saying.size() >= LEAST_OBSERVERS && saying.size() * 2 > observers.size();
    return enough ? ofOthers : List.of();
  }

  /**
   * What stands against a gateway's store for a unit, in its own word.
   *
   * @return empty when nothing does
   */
  public static List<Observation> storeTrouble(
      String gateway, String incarnation, String unit, Collection<Observation> observations) {
    List<Observation> evidence = new ArrayList<>();
    for (Observation seen : observations) {
      if (seen.kind().isOfStore()
          && seen.part().equals(unit)
          && seen.subject().equals(gateway)
          && seen.observer().equals(gateway)
          && seen.incarnation().equals(incarnation)) {
        evidence.add(seen);
      }
    }
    return evidence;
  }
}
