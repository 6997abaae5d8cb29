package io.moongate.cluster.membership;

import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.discovery.ServiceDiscovery.ResolvedTarget;
import org.apache.pekko.discovery.ServiceDiscovery.ResolvedTarget$;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrapSettings;
import org.apache.pekko.management.cluster.bootstrap.JoinDecision;
import org.apache.pekko.management.cluster.bootstrap.JoinSelf$;
import org.apache.pekko.management.cluster.bootstrap.KeepProbing$;
import org.apache.pekko.management.cluster.bootstrap.LowestAddressJoinDecider;
import org.apache.pekko.management.cluster.bootstrap.SeedNodesInformation;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Decides whether this gateway founds a cluster: the first of the seed nodes does, once a majority
 * of them has answered and none is in a cluster.
 *
 * <p>The decider that this one asks first lets the lowest of those <em>that have answered</em> do
 * it. On a busy host they answer one another at different times, so that two gateways could each
 * take themselves for the lowest and found a cluster of their own (seen). Here another one than the
 * first of the whole list has to have waited for it in vain for {@code
 * moongate.cluster.founder-patience}.
 */
public final class FounderDecider extends LowestAddressJoinDecider {
  private final long begun = System.nanoTime();
  private final Duration patience;

  /** Called by name, as {@code pekko.management.cluster.bootstrap.join-decider.class}. */
  public FounderDecider(ActorSystem system, ClusterBootstrapSettings settings) {
    super(system, settings);
    this.patience = system.settings().config().getDuration("moongate.cluster.founder-patience");
  }

  @Override
  public Future<JoinDecision> decide(SeedNodesInformation info) {
    Future<JoinDecision> decision = super.decide(info);
    boolean founds =
        decision.isCompleted() && decision.value().get().get().equals(JoinSelf$.MODULE$);
    Set<ResolvedTarget> answered =
        CollectionConverters.asJava(info.seedNodesObservations()).stream()
            .map(observation -> observation.contactPoint())
            .collect(Collectors.toSet());
    Duration waited = Duration.ofNanos(System.nanoTime() - begun);
    return founds
            && !mayFound(
                CollectionConverters.asJava(info.contactPoints()), answered, waited, patience)
        ? KeepProbing$.MODULE$.asCompletedFuture()
        : decision;
  }

  /**
   * Whether the lowest of those that have answered may found a cluster.
   *
   * @param all the seed nodes
   * @param waited since this gateway began to look for a cluster
   */
  static boolean mayFound(
      Set<ResolvedTarget> all, Set<ResolvedTarget> answered, Duration waited, Duration patience) {
    Comparator<ResolvedTarget> order = ResolvedTarget$.MODULE$.addressOrdering();
    ResolvedTarget first = all.stream().min(order).orElseThrow();
    return answered.contains(first) || waited.compareTo(patience) >= 0;
  }
}
