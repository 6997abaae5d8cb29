package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.ClusterStanding;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.HeldPortal;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.management.api.Cluster;
import io.moongate.management.api.Portal;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about the cluster that the gateways are, and the portals that it has. */
final class ClusterRoutes extends AllDirectives {
  private static final List<String> STATES = List.of("well", "doubted", "lost", "down");

  private final ApiRoutes api;
  private final Metadata metadata;

  ClusterRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return concat(
        pathPrefix(
            segment("portals"),
            () ->
                pathEndOrSingleSlash(
                    () ->
                        api.list(
                            request,
                            (view, query) ->
                                portals(view)
                                    .filter(Filters.equal(query, "gateway", Portal::gateway))
                                    .filter(Filters.oneOf(query, "state", STATES, Portal::state)),
                            portal -> List.of(portal.gateway(), portal.portal()),
                            "gateway",
                            "state"))),
        pathPrefix(
            segment("cluster"),
            () ->
                pathEndOrSingleSlash(
                    () -> api.read(request, (view, query) -> JsonEntity.of(cluster(view))))));
  }

  private Stream<Portal> portals(View view) {
    List<Observation> observations = metadata.observations();
    return view.gateways().stream()
        .flatMap(
            gateway ->
                gateway.portals().stream()
                    .sorted(Comparator.comparing(PortalAddress::toString))
                    .map(portal -> portal(gateway, portal, observations)));
  }

  private static Portal portal(
      GatewayEntry gateway, PortalAddress portal, List<Observation> observations) {
    List<Observation> against =
        observations.stream()
            .filter(
                seen ->
                    seen.kind().isOfPortal()
                        && seen.subject().equals(gateway.name())
                        && seen.incarnation().equals(gateway.incarnation())
                        && seen.part().equals(portal.toString()))
            .toList();
    boolean lost = against.stream().anyMatch(seen -> seen.kind() == Observation.Kind.PORTAL_LOST);
    String state =
        gateway.state() != GatewayEntry.State.UP
            ? "down"
            : lost ? "lost" : against.isEmpty() ? "well" : "doubted";
    return new Portal(
        gateway.name(),
        portal.toString(),
        gateway.portGroup(),
        state,
        gateway.takeover().holder(portal.address()).map(HeldPortal::gateway).orElse(null),
        against.stream().map(Resources::evidence).sorted(Resources.EVIDENCE_ORDER).toList());
  }

  private Cluster cluster(View view) {
    ClusterStanding standing = metadata.cluster();
    long margin = Math.max(0, TimeUnit.NANOSECONDS.toMillis(standing.leaseMarginNanos()));
    return new Cluster(
        metadata.gateway(),
        standing.leader().orElse(null),
        standing.members().stream()
            .map(
                member ->
                    new Cluster.Member(
                        member.gateway(),
                        member.incarnation(),
                        member.address(),
                        member.status(),
                        member.reachable()))
            .toList(),
        new Cluster.Lease(
            standing.leaseMarginNanos() > 0,
            margin,
            standing.charterWaits().isEmpty() ? null : standing.charterWaits()),
        view.gateways().stream()
            .filter(gateway -> gateway.state() == GatewayEntry.State.UP)
            .map(GatewayEntry::softwareVersion)
            .distinct()
            .sorted(Comparator.naturalOrder())
            .toList());
  }
}
