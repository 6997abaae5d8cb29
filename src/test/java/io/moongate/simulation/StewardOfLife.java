package io.moongate.simulation;

import io.moongate.cluster.Answer;
import io.moongate.cluster.ownership.SimulatedSteward;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/** A process of a gateway as its steward needs it. */
final class StewardOfLife implements SimulatedSteward.Place {
  /** One that does not depend on this Java machine's hash codes of enums. */
  static final Comparator<Observation> IN_ORDER =
      Comparator.comparing(Observation::observer)
          .thenComparing(Observation::incarnation)
          .thenComparing(Observation::kind);

  private final GatewayLife life;

  StewardOfLife(GatewayLife life) {
    this.life = life;
  }

  @Override
  public long nanoTime() {
    return life.process().nanoTime();
  }

  @Override
  public void after(Duration delay, Runnable action) {
    life.process().after(delay.toNanos(), action);
  }

  @Override
  public String gateway() {
    return life.name();
  }

  @Override
  public String incarnation() {
    return life.incarnation();
  }

  @Override
  public View view() {
    return life.view();
  }

  @Override
  public boolean isReady() {
    return life.ready();
  }

  @Override
  public List<Observation> observations() {
    List<Observation> all = new ArrayList<>(life.board().all());
    if (life.world().lacks(Mutation.ANY_OTHER_PROCESS_SUPERSEDES)) {
      life.view().units().forEach(unit -> all.addAll(supersededByAny(unit)));
    }
    all.sort(IN_ORDER);
    return all;
  }

  private List<Observation> supersededByAny(UnitEntry unit) {
    String owner = unit.ownership().incarnation();
    return life
        .view()
        .gateway(unit.ownership().owner())
        .filter(entry -> !entry.incarnation().equals(owner))
        .map(
            entry ->
                new Observation(
                    life.name(), entry.name(), owner, Kind.SUPERSEDED, Samples.WHEN, ""))
        .stream()
        .toList();
  }

  @Override
  public boolean holdsLease() {
    return life.lease().covers(nanoTime());
  }

  @Override
  public void report(GatewayEntry gateway) {
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

  @Override
  public void ask(String unitId, LogicalUnit.Command command, Consumer<Answer> answer) {
    life.world().trace(() -> "%s asks %s for %s".formatted(life, unitId, command));
    life.askEntity(unitId, command, answer::accept);
  }

  @Override
  public void claimed(Luns.Claim claim) {
    life.process().after(1, () -> life.luns().claimed(claim));
  }

  @Override
  public boolean isClaimedWithoutProof(String incarnation) {
    return life.world().lacks(Mutation.CLAIM_WITHOUT_PROOF)
        && life.board().all().stream()
            .anyMatch(
                seen -> seen.incarnation().equals(incarnation) && seen.kind() == Kind.REMOVED);
  }
}
