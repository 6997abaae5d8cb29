package io.moongate.cluster.ownership;

import io.moongate.cluster.ownership.Stewardship.Move;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which of its units a gateway gives away though it is alive: because it has lost what it served
 * them with and another has not, because it is taken out of service, because a gateway that is
 * preferred is back, or because it has more than others.
 *
 * <p>Each of these has a damper. A unit that was moved is not moved again by its owner for a while,
 * which doubles each time; a gateway that keeps failing gets units back ever later; and no move for
 * balance makes a reason for the way back ({@link Balance}).
 */
public final class Movements {

  /**
   * What is moved without anybody asking for the single unit.
   *
   * @param failback whether a unit goes back to a gateway that it prefers
   * @param stableFor how long that gateway must have been up, and the unit where it is; longer
   *     after failures: see {@link Movements#patience}
   * @param rebalance whether units without a preference are spread evenly, by load and by number
   * @param tolerance what is left uneven
   * @param atOnce moves under way at the same time
   */
  public record Policy(
      boolean failback,
      Duration stableFor,
      boolean rebalance,
      Balance.Tolerance tolerance,
      int atOnce) {
    public Policy {
      if (atOnce < 1) {
        throw new IllegalArgumentException("no move at once: " + atOnce);
      }
    }
  }

  /** How long a unit that was moved rests before its owner moves it again: the first time. */
  private static final Duration REST = Duration.ofSeconds(5);

  /** Each time after the first doubles it, so often at most. */
  private static final int DOUBLINGS = 6;

  /** After such a time without a move, the next one is a first one again. */
  private static final Duration FORGET = Duration.ofMinutes(15);

  private record Moved(Instant last, int times, String to) {
    /** A wall clock that was set back must not keep it at rest. */
    boolean resting(Instant now) {
      return !now.isBefore(last) && now.isBefore(last.plus(doubled(REST, times - 1)));
    }
  }

  private final String self;
  private final String incarnation;
  private Policy policy;
  private final Loads loads;
  private final Map<String, Moved> moved = new HashMap<>();

  /**
   * @param loads what is asked of the units
   */
  Movements(String self, String incarnation, Policy policy, Loads loads) {
    this.self = self;
    this.incarnation = incarnation;
    this.policy = policy;
    this.loads = loads;
  }

  /** Moves by another policy from now on; what is under way goes on. */
  void policy(Policy other) {
    policy = other;
  }

  /**
   * How long a gateway must have been up before anything is moved to it for policy's sake: as it
   * was set, doubled with each failure since a process of it was up for {@link
   * GatewayEntry#FLAP_MEMORY}, the first one not counted.
   */
  static Duration patience(Duration stableFor, GatewayEntry gateway) {
    return doubled(stableFor, Math.max(0, gateway.flaps() - 1));
  }

  private static Duration doubled(Duration once, int times) {
    return once.multipliedBy(1L << Math.min(DOUBLINGS, times));
  }

  /**
   * The moves to begin now.
   *
   * @param units those of the view
   * @param others the gateways against which nothing stands as a whole, this one among them
   * @param underWay ids of the units that were asked for something and have not answered
   * @param quiet whether every unit has a living owner: faults and a drain don't wait for that
   */
  List<Move> plan(
      View view,
      Collection<UnitEntry> units,
      Others others,
      Set<String> underWay,
      boolean quiet,
      Instant now) {
    moved.values().removeIf(one -> one.last().plus(FORGET).isBefore(now));
    List<UnitEntry> own = new ArrayList<>();
    Set<String> inTransition = new HashSet<>(underWay);
    for (UnitEntry unit : units) {
      if (inTransition(unit.ownership())) {
        inTransition.add(unit.id());
      } else if (unit.ownership().phase() == Phase.SERVING
          && unit.ownership().ownedBy(self, incarnation)
          && !underWay.contains(unit.id())
          && !says(others.faults().store(self, unit.id()), Kind.STORE_LOST)) {
        own.add(unit); // What may be lost is not released (see DataPath.release).
      }
    }
    int room = policy.atOnce() - inTransition.size();
    if (room <= 0 || own.isEmpty()) {
      return List.of();
    }
    List<Move> wanted =
        wanted(view, units, own, others, underWay, quiet, inTransition.isEmpty(), now);
    List<Move> begun = new ArrayList<>();
    for (Move move : wanted) {
      Moved before = moved.get(move.unit().id());
      if (begun.size() < room && !resting(move.unit(), now)) {
        moved.put(
            move.unit().id(),
            new Moved(now, before == null ? 1 : before.times() + 1, move.to().name()));
        begun.add(move);
      }
    }
    return begun;
  }

  /** What nobody could open so far is no reason to wait: it may stay like that for long. */
  private static boolean inTransition(Ownership now) {
    return now.phase() == Phase.RELEASING
        || (now.phase() == Phase.ACQUIRING && now.refusedBy().isEmpty());
  }

  private List<Move> wanted(
      View view,
      Collection<UnitEntry> units,
      List<UnitEntry> own,
      Others others,
      Set<String> underWay,
      boolean quiet,
      boolean nothingUnderWay,
      Instant now) {
    List<Move> away = new ArrayList<>(away(own, view, others));
    away.removeIf(move -> resting(move.unit(), now));
    GatewayEntry here = view.gateway(self).orElseThrow();
    if (!here.inService()) {
      Set<String> leaving = new HashSet<>();
      away.forEach(move -> leaving.add(move.unit().id()));
      drain(here, own, view, others, underWay).stream()
          .filter(move -> !leaving.contains(move.unit().id()))
          .forEach(away::add);
      return away;
    }
    if (!away.isEmpty()) {
      return away;
    }
    if (!quiet) {
      return List.of();
    }
    List<Move> back = policy.failback() ? failBack(own, view, others, now) : List.of();
    // One thing at a time: failing back changes what is balanced.
    return back.isEmpty() && policy.rebalance() && nothingUnderWay
        ? rebalance(units, view, others, now)
        : back;
  }

  /** What this gateway has lost its portals or its store for, and another one has not. */
  private List<Move> away(List<UnitEntry> own, View view, Others others) {
    PartialFaults faults = others.faults();
    List<Observation> portals = faults.portals(self);
    List<UnitEntry> concerned = new ArrayList<>();
    Map<String, List<Observation>> evidence = new HashMap<>();
    for (UnitEntry unit : own) {
      List<Observation> store = faults.store(self, unit.id());
      List<Observation> why = portals.isEmpty() ? store : portals;
      if (!why.isEmpty() && !says(store, Kind.STORE_STUCK)) {
        concerned.add(unit);
        evidence.put(unit.id(), why);
      }
    }
    if (concerned.isEmpty()) {
      return List.of();
    }
    Map<String, String> plan =
        Placement.plan(
            concerned,
            view,
            inService(view, others),
            (unit, gateway) -> faults.suits(unit, gateway) && !cameFrom(unit, gateway));
    List<Move> moves = new ArrayList<>();
    for (UnitEntry unit : concerned) {
      Optional.ofNullable(plan.get(unit.id()))
          .filter(to -> others.maySuit(unit, to, view) && !cameFrom(unit, to))
          .flatMap(view::gateway)
          .ifPresent(
              to ->
                  moves.add(
                      new Move(
                          unit,
                          to,
                          portals.isEmpty()
                              ? "trouble of %s with the store".formatted(self)
                              : "hosts can't reach %s".formatted(self),
                          evidence.get(unit.id()))));
    }
    return moves;
  }

  /**
   * Whether something is said of the store for a unit. One whose operations don't end can't be
   * released: to try would only hold up the rest.
   */
  private static boolean says(List<Observation> trouble, Kind kind) {
    return trouble.stream().anyMatch(seen -> seen.kind() == kind);
  }

  /** Whether a unit was moved here because of the other's store: what fails here too is no way. */
  private static boolean cameFrom(UnitEntry unit, String gateway) {
    return unit.ownership().evidence().stream()
        .anyMatch(seen -> seen.kind().isOfStore() && seen.subject().equals(gateway));
  }

  private boolean resting(UnitEntry unit, Instant now) {
    Moved before = moved.get(unit.id());
    return before != null && before.resting(now);
  }

  private Set<String> inService(View view, Others others) {
    Set<String> able = new HashSet<>();
    for (String name : others.healthy()) {
      view.gateway(name)
          .filter(gateway -> !name.equals(self) && gateway.inService())
          .ifPresent(gateway -> able.add(name));
    }
    return able;
  }

  private List<Move> drain(
      GatewayEntry here, List<UnitEntry> own, View view, Others others, Set<String> underWay) {
    Set<String> able = inService(view, others);
    Map<String, String> plan =
        Placement.plan(
            own,
            view,
            able,
            others.faults()::suits,
            loads,
            policy.tolerance(),
            unit -> destined(unit, underWay));
    List<Move> moves = new ArrayList<>();
    for (UnitEntry unit : own) {
      Optional.ofNullable(plan.get(unit.id()))
          // Who can't open it would leave its hosts without: the drain waits.
          .filter(to -> others.faults().reaches(unit, to))
          .flatMap(view::gateway)
          .ifPresent(
              to ->
                  moves.add(
                      new Move(
                          unit, to, "drain of %s: %s".formatted(self, here.service().cause()))));
    }
    // What is planned next counts what is under way: the heavy ones must not come in the end.
    moves.sort(Comparator.comparingDouble(move -> -loads.of(move.unit())));
    return moves;
  }

  /** What was asked for counts before the view says so. */
  private String destined(UnitEntry unit, Set<String> underWay) {
    Moved asked = underWay.contains(unit.id()) ? moved.get(unit.id()) : null;
    return asked == null ? unit.ownership().destined() : asked.to();
  }

  private List<Move> failBack(List<UnitEntry> own, View view, Others others, Instant now) {
    List<Move> moves = new ArrayList<>();
    for (UnitEntry unit : own) {
      if (!lasted(unit, now)) {
        continue;
      }
      for (String preferred : unit.preferred()) {
        if (preferred.equals(self)) {
          break;
        }
        Optional<GatewayEntry> to =
            view.gateway(preferred)
                .filter(gateway -> takes(gateway, others, now))
                .filter(gateway -> others.maySuit(unit, gateway.name(), view));
        if (to.isPresent()) {
          moves.add(new Move(unit, to.get(), "failback to " + preferred));
          break;
        }
      }
    }
    return moves;
  }

  private List<Move> rebalance(Collection<UnitEntry> units, View view, Others others, Instant now) {
    Set<String> givers = inService(view, others);
    givers.add(self);
    Set<String> takers = new HashSet<>();
    for (String name : others.healthy()) {
      view.gateway(name)
          .filter(gateway -> takes(gateway, others, now))
          .ifPresent(gateway -> takers.add(name));
    }
    PartialFaults faults = others.faults();
    Balance balance =
        new Balance(
            givers,
            takers,
            units,
            loads,
            policy.tolerance(),
            unit ->
                unit.preferred().isEmpty()
                    && unit.ownership().phase() == Phase.SERVING
                    && faults.store(unit.ownership().owner(), unit.id()).isEmpty(),
            (unit, to) -> faults.suits(unit, to) && Others.exported(unit, to, view));
    return balance.next(self, unit -> lasted(unit, now) && !resting(unit, now)).stream()
        .map(gift -> new Move(gift.unit(), view.gateway(gift.to()).orElseThrow(), gift.cause()))
        .toList();
  }

  private boolean lasted(UnitEntry unit, Instant now) {
    return unit.ownership().since().plus(policy.stableFor()).isBefore(now);
  }

  /** Whether units may be moved to it for policy's sake. */
  private boolean takes(GatewayEntry gateway, Others others, Instant now) {
    return others.healthy().contains(gateway.name())
        && others.faults().portals(gateway.name()).isEmpty()
        && gateway.state() == GatewayEntry.State.UP
        && gateway.inService()
        && gateway.since().plus(patience(policy.stableFor(), gateway)).isBefore(now);
  }
}
