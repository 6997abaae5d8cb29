package io.moongate.cluster.membership;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.entity.EntityKit;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.Member$;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.GetCurrentState;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.util.Version;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A node that is a cluster by itself. What the membership says of others is published by the test,
 * on the event stream where the membership itself publishes.
 */
final class ClusterNode implements AutoCloseable {
  static final String SELF = "p1";

  final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  """
                  pekko.loglevel = WARNING
                  pekko.actor.provider = cluster
                  pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                  pekko.cluster.jmx.enabled = off
                  pekko.cluster.run-coordinated-shutdown-when-down = off
                  pekko.coordinated-shutdown.terminate-actor-system = off
                  pekko.coordinated-shutdown.run-by-actor-system-terminate = off
                  pekko.cluster.periodic-tasks-initial-delay = 20 ms
                  pekko.cluster.leader-actions-interval = 20 ms
                  pekko.cluster.distributed-data.notify-subscribers-interval = 20 ms
                  pekko.cluster.roles = ["gateway", "name:gw1", "incarnation:p1", "watch:1"]
                  """)
              .withFallback(EntityKit.serialization())
              .withFallback(ConfigFactory.load("reference")));

  ClusterNode() {
    Cluster cluster = Cluster.get(kit.system());
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    TestProbe<Object> probe = kit.createTestProbe();
    probe.awaitAssert(
        Duration.ofSeconds(10),
        Duration.ofMillis(20),
        () -> {
          if (cluster.selfMember().status() != MemberStatus.up()) {
            throw new AssertionError("not up yet");
          }
          return null;
        });
  }

  /** Waits until those have subscribed that asked for it. */
  void awaitSubscriptions() {
    Cluster cluster = Cluster.get(kit.system());
    TestProbe<CurrentClusterState> state = kit.createTestProbe();
    cluster.subscriptions().tell(new GetCurrentState(state.ref()));
    state.receiveMessage();
    TestProbe<Object> probe = kit.createTestProbe();
    org.apache.pekko.cluster.Cluster.get(kit.system().classicSystem())
        .subscribe(
            Adapter.toClassic(probe.ref()),
            ClusterEvent.initialStateAsSnapshot(),
            ClusterEvent.LeaderChanged.class);
    probe.receiveMessage(Duration.ofSeconds(10));
  }

  void publish(Object event) {
    kit.system().classicSystem().eventStream().publish(event);
  }

  /** A member that joins; {@code number} names gateway, process and address. */
  static Member joining(int number) {
    return member(number, MemberIdentity.roles("gw" + number, "p" + number, 1));
  }

  static Member member(int number, List<String> roles) {
    Set<String> all = new HashSet<>(roles);
    all.add("dc-default");
    return Member$.MODULE$.apply(
        new UniqueAddress(address(number), (long) number),
        CollectionConverters.asScala(all).<String>toSet(),
        Version.Zero());
  }

  static Address address(int number) {
    return new Address("pekko", "moongate", "127.0.0." + number, 1);
  }

  static MemberIdentity identity(int number) {
    return MemberIdentity.of(joining(number)).orElseThrow();
  }

  void up(int number) {
    publish(new ClusterEvent.MemberUp(joining(number).copy(MemberStatus.up())));
  }

  void downed(int number) {
    publish(new ClusterEvent.MemberDowned(joining(number).copy(MemberStatus.down())));
  }

  void removed(int number, MemberStatus before) {
    publish(
        new ClusterEvent.MemberRemoved(
            joining(number).copy(MemberStatus.down()).copy(MemberStatus.removed()), before));
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
