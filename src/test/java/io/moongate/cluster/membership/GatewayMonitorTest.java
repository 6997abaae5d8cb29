package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.MemberStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GatewayMonitorTest {
  private static final Instant NOW = Instant.parse("2026-11-22T03:12:00Z");

  private final BlockingQueue<List<Observation>> changes = new LinkedBlockingQueue<>();
  private ClusterNode node;
  private PeerWatch watch;
  private ActorRef<GatewayMonitor.Command> monitor;
  private TestProbe<GatewayMonitor.Command> other;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    node = new ClusterNode();
    watch = new PeerWatch("127.0.0.1", 0, (peer, proof) -> {});
    monitor =
        node.kit.spawn(
            GatewayMonitor.create(
                "gw1", ClusterNode.SELF, watch, changes::add, Clock.fixed(NOW, ZoneOffset.UTC)));
    other = node.kit.createTestProbe();
    node.kit
        .system()
        .receptionist()
        .tell(Receptionist.register(GatewayMonitor.SERVICE, other.ref()));
    monitor.tell(
        new GatewayMonitor.Shared(
            "gw8", List.of(new Observation("gw8", "gw7", "p7", Kind.UNREACHABLE, NOW, "")), false));
    changes.poll(10, TimeUnit.SECONDS);
    node.awaitSubscriptions();
    // The monitor is there and knows the other one when what it is told comes back by share.
    node.up(9);
    node.publish(unreachable(9));
    while (!nextShared().contains(Kind.UNREACHABLE)) {}
    changes.clear();
  }

  @AfterEach
  void stop() throws IOException {
    watch.close();
    node.close();
  }

  private static ClusterEvent.UnreachableMember unreachable(int number) {
    return new ClusterEvent.UnreachableMember(ClusterNode.joining(number).copy(MemberStatus.up()));
  }

  private Set<Kind> nextShared() {
    Set<Kind> kinds = new TreeSet<>();
    GatewayMonitor.Shared shared =
        (GatewayMonitor.Shared) other.receiveMessage(Duration.ofSeconds(10));
    shared.observations().forEach(seen -> kinds.add(seen.kind()));
    return kinds;
  }

  private Set<Kind> nextChange(String incarnation) throws InterruptedException {
    List<Observation> standing = changes.poll(10, TimeUnit.SECONDS);
    Set<Kind> kinds = new TreeSet<>();
    standing.stream()
        .filter(seen -> seen.incarnation().equals(incarnation))
        .forEach(seen -> kinds.add(seen.kind()));
    return kinds;
  }

  @Test
  void aRemovalAloneSaysNothingOfTheLease() throws InterruptedException {
    node.up(2);
    node.downed(2);
    node.removed(2, MemberStatus.down());
    assertEquals(Set.of(Kind.REMOVED), nextChange("p2"));
    monitor.tell(new GatewayMonitor.LeftOut("gw2", "p2", 7, Duration.ofMillis(10), true));
    assertEquals(Set.of(Kind.REMOVED, Kind.LEASE_OUT), nextChange("p2"));
  }

  @Test
  void whoWasNoMemberHereIsOutByTheCharterToo() throws InterruptedException {
    monitor.tell(new GatewayMonitor.LeftOut("gw4", "p4", 7, Duration.ZERO, false));
    assertEquals(Set.of(Kind.REMOVED), nextChange("p4"));
    assertEquals(Set.of(Kind.REMOVED, Kind.LEASE_OUT), nextChange("p4"));
  }

  @Test
  void heartbeatsThatComeBackTakeUnreachableBack() throws InterruptedException {
    node.up(2);
    node.publish(unreachable(2));
    assertEquals(Set.of(Kind.UNREACHABLE), nextChange("p2"));
    node.publish(new ClusterEvent.ReachableMember(ClusterNode.joining(2).copy(MemberStatus.up())));
    assertEquals(Set.of(), nextChange("p2"));
  }

  @Test
  void aProofIsToldToTheOthersAtOnce() throws InterruptedException {
    node.up(2);
    monitor.tell(new GatewayMonitor.ProcessGone(ClusterNode.identity(2), "refused"));
    assertEquals(Set.of(Kind.PROCESS_GONE), nextChange("p2"));
    while (!nextShared().contains(Kind.PROCESS_GONE)) {}
  }

  /** What it follows from is not: each has the charter by itself. */
  @Test
  void thatALeaseIsOutIsToldToTheOthersAtOnce() throws InterruptedException {
    monitor.tell(new GatewayMonitor.LeftOut("gw3", "p3", 7, Duration.ofMillis(10), false));
    monitor.tell(new GatewayMonitor.LeftOut("gw4", "p4", 7, Duration.ofMillis(20), true));
    Set<Kind> told = nextShared();
    while (!told.contains(Kind.LEASE_OUT)) {
      assertFalse(told.contains(Kind.REMOVED));
      told = nextShared();
    }
  }

  @Test
  void whatOthersSayOfThisProcessIsLeftToThem() throws InterruptedException {
    monitor.tell(
        new GatewayMonitor.Shared(
            "gw8",
            List.of(
                new Observation("gw3", "gw1", ClusterNode.SELF, Kind.REMOVED, NOW, ""),
                new Observation("gw3", "gw2", "p2", Kind.REMOVED, NOW, "")),
            false));
    List<Observation> standing = changes.poll(10, TimeUnit.SECONDS);
    assertTrue(standing.stream().anyMatch(seen -> seen.incarnation().equals("p2")));
    assertTrue(standing.stream().noneMatch(seen -> seen.incarnation().equals(ClusterNode.SELF)));
  }

  private static Observation portal(String observer, Kind kind) {
    return new Observation(observer, "gw1", ClusterNode.SELF, kind, NOW, "", "10.0.0.1:3260");
  }

  @Test
  void whetherItsPortalsAreReachedOthersKnowBetter() throws InterruptedException {
    monitor.tell(
        new GatewayMonitor.Shared("gw3", List.of(portal("gw3", Kind.PORTAL_UNREACHABLE)), false));
    assertEquals(Set.of(Kind.PORTAL_UNREACHABLE), nextChange(ClusterNode.SELF));
    monitor.tell(
        new GatewayMonitor.Shared("gw3", List.of(portal("gw3", Kind.PORTAL_UNREACHABLE)), true));
    monitor.tell(new GatewayMonitor.Shared("gw3", List.of(), true));
    assertEquals(Set.of(), nextChange(ClusterNode.SELF));
  }

  @Test
  void whatIsSeenOfAPartIsSharedUntilItIsTakenBack() throws InterruptedException {
    monitor.tell(
        new GatewayMonitor.PartSeen("gw1", ClusterNode.SELF, Kind.STORE_FAILING, "u1", "3 of 3"));
    assertEquals(Set.of(Kind.STORE_FAILING), nextChange(ClusterNode.SELF));
    while (!nextShared().contains(Kind.STORE_FAILING)) {}
    monitor.tell(new GatewayMonitor.PartSeen("gw1", ClusterNode.SELF, Kind.STORE_WELL, "u1", ""));
    assertEquals(Set.of(), nextChange(ClusterNode.SELF));
    GatewayMonitor.Shared shared;
    do {
      shared = (GatewayMonitor.Shared) other.receiveMessage(Duration.ofSeconds(10));
    } while (!shared.all()
        || shared.observations().stream().anyMatch(seen -> seen.part().equals("u1")));
    assertEquals("gw1", shared.observer());
  }

  @Test
  void theEndOfTheOwnMembershipIsNoEvidenceAgainstTheOthers() throws InterruptedException {
    node.up(2);
    node.up(3);
    node.removed(2, MemberStatus.up());
    node.removed(3, MemberStatus.up());
    node.kit.createTestProbe().expectTerminated(monitor);
    assertNull(changes.poll(), "nothing was observed");
  }

  @Test
  void aDownedGatewayObservesNothingMore() throws InterruptedException {
    node.up(2);
    node.publish(new ClusterEvent.MemberDowned(ClusterNode.joining(1).copy(MemberStatus.down())));
    node.downed(2);
    node.removed(2, MemberStatus.down());
    node.kit.createTestProbe().expectTerminated(monitor);
    assertNull(changes.poll());
  }
}
