package io.moongate;

import static io.moongate.metrics.Metric.*;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.NodeReading;
import io.moongate.cluster.cassandra.CassandraRequests;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.failure.Observation;
import io.moongate.metrics.Samples;
import io.moongate.metrics.Source;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The lease, the membership, the view, and Cassandra. */
final class ClusterMetrics implements Source {
  private final Supplier<NodeReading> node;
  private final Metadata metadata;
  private final String incarnation;

  ClusterMetrics(Supplier<NodeReading> node, Metadata metadata, String incarnation) {
    this.node = node;
    this.metadata = metadata;
    this.incarnation = incarnation;
  }

  @Override
  public void read(Samples out) {
    NodeReading now = node.get();
    out.gauge(LEASE, Math.max(0, now.leaseSeconds()));
    out.counter(LEASE_EXTENSIONS, now.leaseExtensions());
    out.counter(LEASE_LOSSES, now.leaseLosses());
    out.gauge(LEASE_KEEPER, now.keptSeconds());
    // Two processes of one gateway can both be members for a moment: the older one is unreachable.
    Map<String, NodeReading.Peer> peers = new TreeMap<>();
    now.peers()
        .forEach(
            peer ->
                peers.merge(peer.gateway(), peer, (one, other) -> one.reachable() ? one : other));
    peers.forEach(
        (name, peer) -> {
          out.gauge(PEER_REACHABLE, peer.reachable() ? 1 : 0, name);
          peer.phi().ifPresent(phi -> out.gauge(PEER_PHI, phi, name));
        });
    out.gauge(CASSANDRA_NODES, now.cassandra().nodes());
    out.gauge(CASSANDRA_CONNECTED, now.cassandra().connected());
    CassandraRequests.read()
        .forEach(
            (asked, took) ->
                out.histogram(
                    CASSANDRA_LATENCY, took, asked.kind(), asked.failed() ? "failed" : "ok"));
    view(out);
  }

  private void view(Samples out) {
    Map<GatewayEntry.State, Integer> gateways = new EnumMap<>(GatewayEntry.State.class);
    for (GatewayEntry gateway : metadata.view().gateways()) {
      gateways.merge(gateway.state(), 1, Integer::sum);
    }
    for (GatewayEntry.State state : GatewayEntry.State.values()) {
      if (state != GatewayEntry.State.REMOVED) {
        out.gauge(GATEWAYS, gateways.getOrDefault(state, 0), word(state));
      }
    }
    Map<UnitEntry.Phase, Integer> phases = new EnumMap<>(UnitEntry.Phase.class);
    int owned = 0;
    for (UnitEntry unit : metadata.view().units()) {
      phases.merge(unit.ownership().phase(), 1, Integer::sum);
      if (unit.ownership().ownedBy(metadata.gateway(), incarnation)) {
        owned++;
      }
    }
    for (UnitEntry.Phase phase : UnitEntry.Phase.values()) {
      out.gauge(UNITS, phases.getOrDefault(phase, 0), word(phase));
    }
    out.gauge(UNITS_OWNED, owned);
    out.gauge(UNITS_WAITING, metadata.waiting().size());
    observations(out);
  }

  private void observations(Samples out) {
    Map<String, Map<Observation.Kind, Integer>> standing = new TreeMap<>();
    for (Observation seen : metadata.observations()) {
      if (seen.kind().passes()) {
        standing
            .computeIfAbsent(seen.subject(), first -> new EnumMap<>(Observation.Kind.class))
            .merge(seen.kind(), 1, Integer::sum);
      }
    }
    standing.forEach(
        (subject, kinds) ->
            kinds.forEach((kind, count) -> out.gauge(OBSERVATIONS, count, subject, word(kind))));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
