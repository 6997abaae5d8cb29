package io.moongate.cluster;

import io.moongate.cluster.membership.GatewayMonitor;
import io.moongate.cluster.membership.PortalWatch;
import io.moongate.cluster.ownership.Others;
import io.moongate.cluster.ownership.PartialFaults;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What is seen of parts of gateways, and what follows for the units of this one: its own portals
 * and those that it has to look at, its stores, and whether another gateway could do better.
 */
final class PartWatch {
  private final String self;
  private final String incarnation;
  private final View view;
  private final CompletionStage<ActorRef<GatewayMonitor.Command>> monitor;
  private final Predicate<String> storeMayPass;
  private volatile List<Observation> observations = List.of();
  private volatile Others others = Others.NOBODY;

  /**
   * @param storeMayPass whether, by what this gateway sees of its store for a unit, an operation
   *     that has failed may go well elsewhere
   */
  PartWatch(
      String self,
      String incarnation,
      View view,
      CompletionStage<ActorRef<GatewayMonitor.Command>> monitor,
      Predicate<String> storeMayPass) {
    this.self = self;
    this.incarnation = incarnation;
    this.view = view;
    this.monitor = monitor;
    this.storeMayPass = storeMayPass;
  }

  /** Begins to look at portals, until {@code ended}. */
  void start(PortalWatch.Settings settings, CompletionStage<?> ended) {
    if (settings.enabled()) {
      PortalWatch watch = new PortalWatch(settings, self, this::lookedAt, this::seen);
      var unused = ended.whenComplete((done, failure) -> watch.close());
    }
  }

  /** What stands has changed. */
  void observed(List<Observation> standing) {
    observations = standing;
  }

  /** What stands. */
  List<Observation> observations() {
    return observations;
  }

  /** The steward has looked. */
  void looked(Others able) {
    others = able;
  }

  /** What this gateway says against its store for a unit, or for all, or takes back. */
  void storeSeen(String part, Kind kind, String detail) {
    seen(self, incarnation, kind, part, detail);
  }

  /** As {@link io.moongate.scsi.shared.UnitPeers#mayServe}. */
  boolean mayServe(String unitId) {
    return storeMayPass.test(unitId) && others.anySuits(unitId, view);
  }

  private void seen(String gateway, String process, Kind kind, String part, String detail) {
    monitor.thenAccept(
        receiver ->
            receiver.tell(new GatewayMonitor.PartSeen(gateway, process, kind, part, detail)));
  }

  /** This gateway, and those of which it is one of the observers. */
  private List<GatewayEntry> lookedAt() {
    Set<String> up = new TreeSet<>();
    List<GatewayEntry> entries = new ArrayList<>();
    for (GatewayEntry gateway : view.gateways()) {
      if (gateway.state() == GatewayEntry.State.UP) {
        up.add(gateway.name());
        entries.add(gateway);
      }
    }
    Set<String> observed = PartialFaults.observedBy(self, view, observations, up);
    entries.removeIf(
        gateway ->
            gateway.name().equals(self)
                ? !gateway.incarnation().equals(incarnation)
                : !observed.contains(gateway.name()));
    return entries;
  }
}
