package io.moongate.simulation;

import io.moongate.cluster.ownership.Placement;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Sees to it that every unit has an owner. A stand-in for {@code ownership.Steward}, which is an
 * actor; whether a gateway has failed is the product's {@link FailureDecision}, who takes a unit
 * its {@link Placement}.
 */
final class SimulatedSteward {
  private static final long LOOK = 250 * Scheduler.MS;
  private static final long COALESCE = 5 * Scheduler.MS;

  /** One that does not depend on this Java machine's hash codes of enums. */
  static final Comparator<Observation> IN_ORDER =
      Comparator.comparing(Observation::observer)
          .thenComparing(Observation::incarnation)
          .thenComparing(Observation::kind);

  private static final long ANSWER = 300 * Scheduler.MS;

  private final GatewayLife life;
  private final Map<String, Long> proposals = new HashMap<>();
  private boolean soon;

  SimulatedSteward(GatewayLife life) {
    this.life = life;
    life.process().every(LOOK, this::look);
  }

  void lookSoon() {
    if (!soon) {
      soon = true;
      life.process()
          .after(
              COALESCE,
              () -> {
                soon = false;
                look();
              });
    }
  }

  void look() {
    View view = life.view();
    if (!life.ready() || !registered()) {
      return;
    }
    Collection<Observation> observations = observations();
    Set<String> alive = new TreeSet<>();
    for (GatewayEntry gateway : view.gateways()) {
      FailureDecision.Decision decision =
          decide(observations, gateway.name(), gateway.incarnation());
      if (gateway.state() == GatewayEntry.State.UP
          && !decision.failed()
          && decision.verdict() != FailureDecision.Verdict.EXPELLED) {
        alive.add(gateway.name());
      }
      if (gateway.state() == GatewayEntry.State.UP && decision.failed()) {
        report(gateway);
      }
    }
    alive.add(life.name());
    List<UnitEntry> needy = new ArrayList<>();
    Map<String, List<Observation>> evidence = new TreeMap<>();
    for (UnitEntry unit : view.units()) {
      Ownership now = unit.ownership();
      if (now.phase() == Phase.UNOWNED) {
        needy.add(unit);
        evidence.put(unit.id(), List.of());
      } else if (!now.ownedBy(life.name(), life.incarnation())) {
        FailureDecision.Decision decision = decide(observations, now.owner(), now.incarnation());
        if (decision.failed()) {
          needy.add(unit);
          evidence.put(unit.id(), decision.evidence());
        }
      }
    }
    if (needy.isEmpty()) {
      return;
    }
    Map<String, String> plan = Placement.plan(needy, view, alive);
    for (UnitEntry unit : needy) {
      if (life.name().equals(plan.get(unit.id()))) {
        propose(unit, evidence.get(unit.id()));
      }
    }
  }

  private Collection<Observation> observations() {
    List<Observation> all = new ArrayList<>(life.board().all());
    all.sort(IN_ORDER);
    return all;
  }

  private boolean registered() {
    return life.view()
        .gateway(life.name())
        .filter(
            entry ->
                entry.incarnation().equals(life.incarnation())
                    && entry.state() == GatewayEntry.State.UP)
        .isPresent();
  }

  private FailureDecision.Decision decide(
      Collection<Observation> observations, String gateway, String ofIncarnation) {
    List<Observation> known = new ArrayList<>();
    for (Observation observation : observations) {
      if (observation.subject().equals(gateway)
          && observation.incarnation().equals(ofIncarnation)) {
        known.add(observation);
      }
    }
    life.view()
        .gateway(gateway)
        .ifPresent(
            entry -> {
              if (!entry.incarnation().equals(ofIncarnation)) {
                if (isNewer(entry.incarnation(), ofIncarnation)
                    || life.world().lacks(Mutation.ANY_OTHER_PROCESS_SUPERSEDES)) {
                  known.add(byView(gateway, ofIncarnation, Kind.SUPERSEDED));
                }
              } else if (entry.state() == GatewayEntry.State.FAILED) {
                known.add(byView(gateway, ofIncarnation, Kind.RECORDED_FAILED));
              }
            });
    return FailureDecision.decide(gateway, ofIncarnation, known, Set.of());
  }

  /** This replica may not have heard yet of the newer one, and have its predecessor's entry. */
  private static boolean isNewer(String incarnation, String than) {
    return number(incarnation) > number(than);
  }

  private static int number(String incarnation) {
    return Integer.parseInt(incarnation.substring(incarnation.lastIndexOf('p') + 1));
  }

  private Observation byView(String gateway, String ofIncarnation, Kind kind) {
    return new Observation(life.name(), gateway, ofIncarnation, kind, Samples.WHEN, "");
  }

  private void report(GatewayEntry gateway) {
    GatewayEntry failed =
        Samples.gateway(
            gateway.name(), gateway.portGroup(), gateway.incarnation(), GatewayEntry.State.FAILED);
    life.world()
        .cassandra()
        .gateway(life.name(), life.process(), failed, true)
        .whenComplete(
            (entry, failure) -> {
              if (failure == null) {
                life.publish(entry);
              }
            });
  }

  private void propose(UnitEntry unit, List<Observation> evidence) {
    long now = life.process().nanoTime();
    Long asked = proposals.get(unit.id());
    if (asked != null && now - asked < ANSWER) {
      return;
    }
    proposals.put(unit.id(), now);
    life.world().trace(() -> "%s proposes itself for %s: %s".formatted(life, unit.id(), evidence));
    life.askEntity(
        unit.id(),
        new LogicalUnit.TakeOver(
            life.name(), life.incarnation(), unit.ownership().epoch(), "", evidence, null),
        answer -> proposals.remove(unit.id()));
  }
}
