package io.moongate.cluster.ownership;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.FailureDecision.Verdict;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What the steward of a gateway wants done, from the view, the observations that stand and the
 * time. It knows no actor and no clock, and remembers only which units it has moved before, so that
 * it does not try again at once what has just failed.
 *
 * <p>Units without a living owner come first: every gateway computes the same {@linkplain Placement
 * plan} and proposes itself for its own part of it. What is moved beside that, is moved by the
 * gateway that owns it ({@link Movements}).
 */
public final class Stewardship {

  /** A proposal of this gateway as the owner of a unit. */
  public record TakeOver(UnitEntry unit, String cause, List<Observation> evidence) {}

  /**
   * A unit of this gateway that is to be another's.
   *
   * @param evidence the observations that led to it, when it is for a fault
   */
  public record Move(UnitEntry unit, GatewayEntry to, String cause, List<Observation> evidence) {
    public Move {
      evidence = List.copyOf(evidence);
    }

    /** For no fault. */
    Move(UnitEntry unit, GatewayEntry to, String cause) {
      this(unit, to, cause, List.of());
    }
  }

  /**
   * Units that were taken over by their rows, and are to be recorded by whoever has done it,
   * whatever the plan says by now: it changes with each record.
   *
   * @param here ids of those that this gateway has taken over: nobody waits for their records, so
   *     these come after all others
   * @param wanted but for these of them
   * @param elsewhere ids of those that other gateways have, which live
   */
  public record Claims(Set<String> here, Set<String> wanted, Set<String> elsewhere) {
    boolean isLast(String unitId) {
      return here.contains(unitId) && !wanted.contains(unitId);
    }

    boolean has(String unitId) {
      return here.contains(unitId) || elsewhere.contains(unitId);
    }

    /** Whether somebody has taken over each of some units. */
    boolean cover(List<UnitEntry> units) {
      return units.stream().allMatch(unit -> has(unit.id()));
    }
  }

  /** A gateway that has failed, and is not recorded to. */
  public record Failure(GatewayEntry gateway, List<Observation> evidence) {}

  /**
   * What is to be done.
   *
   * @param failures to tell the gateways' entities
   * @param takeOvers to ask the units' entities for
   * @param moves to ask the units' entities for
   * @param othersToo whether other gateways are to take units over, which they have not done yet
   * @param emptied whether this gateway is out of service and owns nothing any more, which its
   *     entity does not know yet
   * @param others to whom units may go, for all that is known
   */
  public record Plan(
      List<Failure> failures,
      List<TakeOver> takeOvers,
      boolean othersToo,
      List<Move> moves,
      boolean emptied,
      Others others) {
    /** Nothing. */
    public static final Plan NOTHING =
        new Plan(List.of(), List.of(), false, List.of(), false, Others.NOBODY);
  }

  /** Entities that are asked at the same time; the rest follows as they answer. */
  static final int PROPOSALS = 256;

  /** The same for what is only recorded: nobody waits for it, and I/O goes on beside it. */
  private static final int RECORDS = 32;

  private final String self;
  private final String incarnation;
  private final Movements movements;
  private final RefusedUnits refused;

  /**
   * Makes the stewardship of a gateway.
   *
   * @param self name of the gateway
   * @param incarnation its process
   * @param loads what is asked of the units
   */
  public Stewardship(String self, String incarnation, Movements.Policy policy, Loads loads) {
    this.self = self;
    this.incarnation = incarnation;
    this.movements = new Movements(self, incarnation, policy, loads);
    this.refused = new RefusedUnits(self);
  }

  /** Moves units by another policy from now on. */
  void policy(Movements.Policy other) {
    movements.policy(other);
  }

  /** Looks at everything once, with nothing that other gateways have claimed. */
  public Plan look(
      View view,
      Collection<Observation> observations,
      Set<String> underWay,
      Set<String> claimed,
      Instant now) {
    return look(view, observations, underWay, new Claims(claimed, Set.of(), Set.of()), now);
  }

  /**
   * Looks at everything once.
   *
   * @param view as this gateway has it
   * @param observations everything that stands
   * @param underWay ids of the units that were asked for something and have not answered
   * @param claims what has been taken over by the rows already
   */
  public Plan look(
      View view,
      Collection<Observation> observations,
      Set<String> underWay,
      Claims claims,
      Instant now) {
    Optional<GatewayEntry> own =
        view.gateway(self)
            .filter(
                entry ->
                    entry.incarnation().equals(incarnation)
                        && entry.state() == GatewayEntry.State.UP);
    if (own.isEmpty()) {
      return Plan.NOTHING;
    }
    Verdicts verdicts = new Verdicts(view, observations, self);
    Map<String, FailureDecision.Decision> decisions = new TreeMap<>();
    Set<String> alive = new TreeSet<>();
    List<Failure> failures = new ArrayList<>();
    for (GatewayEntry gateway : view.gateways()) {
      FailureDecision.Decision decision = verdicts.of(gateway.name(), gateway.incarnation());
      decisions.put(gateway.name(), decision);
      if (gateway.state() == GatewayEntry.State.UP && decision.failed()) {
        failures.add(new Failure(gateway, decision.evidence()));
      } else if (gateway.state() == GatewayEntry.State.UP
          && decision.verdict() != Verdict.EXPELLED) {
        alive.add(gateway.name());
      }
    }
    alive.add(self);

    List<UnitEntry> units = view.units();
    PartialFaults faults = PartialFaults.of(view, observations, alive);
    Needy needy = needy(units, verdicts);
    refused.look(units, now);
    // Once all are taken over there is a look at each record, and nothing to plan.
    Map<String, String> owners =
        claims.cover(needy.units)
            ? Map.of()
            : Placement.plan(needy.units, view, alive, faults::suits);
    List<TakeOver> takeOvers = takeOvers(needy, owners, underWay, claims, now);
    boolean othersToo =
        owners.entrySet().stream()
            .anyMatch(each -> !each.getValue().equals(self) && !claims.has(each.getKey()));
    Set<String> healthy = new TreeSet<>();
    for (String gateway : alive) {
      if (gateway.equals(self) || decisions.get(gateway).verdict() == Verdict.HEALTHY) {
        healthy.add(gateway);
      }
    }
    Others others = new Others(self, healthy, faults);
    List<Move> moves = movements.plan(view, units, others, underWay, needy.units.isEmpty(), now);
    boolean emptied =
        own.get().service().duty() == GatewayEntry.Duty.DRAINING
            && underWay.isEmpty()
            && units.stream().noneMatch(unit -> concerns(unit.ownership()));
    return new Plan(failures, takeOvers, othersToo, moves, emptied, others);
  }

  /** Whether this process owns it, or is about to. */
  private boolean concerns(Ownership now) {
    return now.ownedBy(self, incarnation)
        || (now.phase() == Phase.RELEASING && now.successor().equals(self));
  }

  private static final class Needy {
    final List<UnitEntry> units = new ArrayList<>();
    final Map<String, List<Observation>> evidence = new HashMap<>();

    void add(UnitEntry unit, List<Observation> why) {
      units.add(unit);
      evidence.put(unit.id(), why);
    }
  }

  private Needy needy(List<UnitEntry> units, Verdicts verdicts) {
    Needy needy = new Needy();
    for (UnitEntry unit : units) {
      Ownership now = unit.ownership();
      if (now.phase() == Phase.UNOWNED) {
        needy.add(unit, List.of());
      } else if (!now.ownedBy(self, incarnation)) {
        FailureDecision.Decision decision = verdicts.of(now.owner(), now.incarnation());
        if (decision.failed()) {
          needy.add(unit, decision.evidence());
        }
      }
    }
    return needy;
  }

  private List<TakeOver> takeOvers(
      Needy needy, Map<String, String> plan, Set<String> underWay, Claims claims, Instant now) {
    List<TakeOver> takeOvers = new ArrayList<>();
    List<TakeOver> records = new ArrayList<>();
    for (UnitEntry unit : needy.units) {
      boolean own = claims.here().contains(unit.id());
      boolean planned = self.equals(plan.get(unit.id())) && !claims.elsewhere().contains(unit.id());
      if ((own || (planned && !refused.isResting(unit, now))) && !underWay.contains(unit.id())) {
        List<TakeOver> all = claims.isLast(unit.id()) ? records : takeOvers;
        all.add(new TakeOver(unit, cause(unit.ownership()), needy.evidence.get(unit.id())));
      }
    }
    return takeOvers.isEmpty()
        ? few(records, each -> true, RECORDS - underWay.size())
        : few(
            takeOvers,
            each -> !Claimant.mayClaim(each.unit(), each.evidence()),
            PROPOSALS - underWay.size());
  }

  /** No more of some than entities may be asked, and all others: rows are asked many at a time. */
  private static List<TakeOver> few(
      List<TakeOver> all, Predicate<TakeOver> ofEntities, int entities) {
    int left = entities;
    List<TakeOver> some = new ArrayList<>();
    for (TakeOver each : all) {
      if (!ofEntities.test(each) || left-- > 0) {
        some.add(each);
      }
    }
    return List.copyOf(some);
  }

  private static String cause(Ownership now) {
    if (now.phase() != Phase.UNOWNED) {
      return "failover from " + now.owner();
    }
    return now.epoch() == 0 ? "first owner" : "no owner: " + now.cause();
  }
}
