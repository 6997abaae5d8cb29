package io.moongate.cluster;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.metadata.Node;
import io.moongate.cluster.entity.UnreadableEntities;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.membership.ProofAwareDetector;
import io.moongate.cluster.membership.ServingLease;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/** Makes {@link NodeReading}s: of what is in memory, so that it never waits. */
final class NodeReader {
  private static final double SECOND_NANOS = 1e9;

  private final ActorSystem<?> system;
  private final String incarnation;
  private final ServingLease lease;
  private final Supplier<CompletionStage<CqlSession>> session;

  NodeReader(
      ActorSystem<?> system,
      String incarnation,
      ServingLease lease,
      Supplier<CompletionStage<CqlSession>> session) {
    this.system = system;
    this.incarnation = incarnation;
    this.lease = lease;
    this.session = session;
  }

  NodeReading read(boolean viewComplete, String charterWaits) {
    long now = System.nanoTime();
    return new NodeReading(
        (lease.untilNanos() - now) / SECOND_NANOS,
        lease.extensions(),
        lease.losses(),
        (now - lease.keptNanos()) / SECOND_NANOS,
        viewComplete,
        charterWaits,
        peers(),
        cassandra(),
        UnreadableEntities.get(system).reasons());
  }

  private List<NodeReading.Peer> peers() {
    CurrentClusterState state = Cluster.get(system).state();
    Set<Member> unreachable = state.getUnreachable();
    List<NodeReading.Peer> peers = new ArrayList<>();
    Set<String> addresses = new HashSet<>();
    for (Member member : state.getMembers()) {
      String address = member.address().toString();
      addresses.add(address);
      MemberIdentity.of(member)
          .filter(peer -> !peer.incarnation().equals(incarnation))
          .ifPresent(
              peer ->
                  peers.add(
                      new NodeReading.Peer(
                          peer.name(),
                          !unreachable.contains(member),
                          ProofAwareDetector.phi(address))));
    }
    ProofAwareDetector.retain(addresses);
    return peers;
  }

  private NodeReading.Cassandra cassandra() {
    CompletableFuture<CqlSession> made = session.get().toCompletableFuture();
    if (!made.isDone() || made.isCompletedExceptionally()) {
      return new NodeReading.Cassandra(0, 0);
    }
    Collection<Node> nodes = made.join().getMetadata().getNodes().values();
    int connected = (int) nodes.stream().filter(node -> node.getOpenConnections() > 0).count();
    return new NodeReading.Cassandra(nodes.size(), connected);
  }
}
