package io.moongate.cluster.ownership;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be thought of processes of gateways, by the observations that stand and what the view
 * itself says of them. Each is judged once.
 */
final class Verdicts {
  private final View view;
  private final Collection<Observation> observations;
  private final String self;
  private final Map<String, FailureDecision.Decision> known = new HashMap<>();

  /**
   * @param self the gateway that judges: what the view says is its word
   */
  Verdicts(View view, Collection<Observation> observations, String self) {
    this.view = view;
    this.observations = observations;
    this.self = self;
  }

  FailureDecision.Decision of(String gateway, String incarnation) {
    return known.computeIfAbsent(incarnation, process -> decide(gateway, process));
  }

  private FailureDecision.Decision decide(String gateway, String incarnation) {
    Set<String> electors = new HashSet<>();
    view.gateways().stream()
        .filter(entry -> entry.state() == GatewayEntry.State.UP && !entry.name().equals(gateway))
        .forEach(entry -> electors.add(entry.name()));
    List<Observation> about = new ArrayList<>();
    for (Observation observation : observations) {
      // Who is gone can't take back that it saw no heartbeats.
      boolean stale =
          observation.kind() == Kind.UNREACHABLE && !electors.contains(observation.observer());
      if (observation.subject().equals(gateway)
          && observation.incarnation().equals(incarnation)
          && !stale) {
        about.add(observation);
      }
    }
    view.lastOf(gateway).flatMap(entry -> byView(entry, incarnation)).ifPresent(about::add);
    return FailureDecision.decide(gateway, incarnation, about, electors);
  }

  /**
   * An entry of another incarnation proves something only when that one came later: this replica
   * may have the unit's newer entry, and of its owner an older one yet.
   */
  private Optional<Observation> byView(GatewayEntry entry, String incarnation) {
    if (!entry.incarnation().equals(incarnation)) {
      if (!entry.succeeds(incarnation)) {
        return Optional.empty();
      }
      return Optional.of(
          new Observation(
              self,
              entry.name(),
              incarnation,
              Kind.SUPERSEDED,
              entry.since(),
              "by " + entry.incarnation()));
    }
    Kind kind =
        switch (entry.state()) {
          case UP -> null;
          case STOPPED -> Kind.STOPPED;
          case FAILED, REMOVED -> Kind.RECORDED_FAILED;
        };
    return Optional.ofNullable(kind)
        .map(
            recorded ->
                new Observation(
                    self, entry.name(), incarnation, recorded, entry.since(), entry.cause()));
  }
}
