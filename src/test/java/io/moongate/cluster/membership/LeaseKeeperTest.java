package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.ClusterShuttingDown$;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The lease by a clock that the test moves; beats come often and change nothing by themselves. */
class LeaseKeeperTest {
  private static final long LENGTH = Duration.ofSeconds(3).toNanos();
  private static final long START = Long.MAX_VALUE - LENGTH; // The clock may overflow.

  private static ClusterNode node;
  private final AtomicLong now = new AtomicLong();
  private ServingLease lease;
  private BlockingQueue<Boolean> lost;
  private ActorRef<LeaseKeeper.Command> keeper;
  private TestProbe<LeaseKeeper.Command> peer;

  @BeforeAll
  static void start() {
    node = new ClusterNode();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @BeforeEach
  void fresh() {
    now.set(START);
    lease = new ServingLease(START);
    lost = new LinkedBlockingQueue<>();
    peer = node.kit.createTestProbe();
    keeper =
        node.kit.spawn(
            LeaseKeeper.create(
                ClusterNode.SELF,
                Duration.ofNanos(LENGTH),
                Duration.ofMillis(20),
                lease,
                () -> lost.add(lease.coversNanos(now.get())),
                now::get));
    roundTrip();
    node.awaitSubscriptions();
  }

  @AfterEach
  void end() {
    node.kit.stop(keeper);
    peer.stop();
  }

  /** Waits until the keeper has taken in what was published. */
  private void roundTrip() {
    TestProbe<LeaseKeeper.Command> self = node.kit.createTestProbe();
    keeper.tell(new LeaseKeeper.Ping(ClusterNode.SELF, 0, self.ref()));
    self.receiveMessage();
  }

  private void up(int... numbers) {
    for (int number : numbers) {
      node.up(number);
    }
    roundTrip();
  }

  private void pong(int number, long sent) {
    keeper.tell(new LeaseKeeper.Pong("p" + number, sent));
  }

  /** The sending of a ping that was sent at or after the present instant of the clock. */
  private long ping() {
    node.kit.system().receptionist().tell(Receptionist.register(LeaseKeeper.SERVICE, peer.ref()));
    long at = now.get();
    while (true) {
      LeaseKeeper.Ping ping = (LeaseKeeper.Ping) peer.receiveMessage(Duration.ofSeconds(10));
      assertEquals(ClusterNode.SELF, ping.incarnation());
      if (ping.sentNanos() - at >= 0) {
        return ping.sentNanos();
      }
    }
  }

  /** Waits for two beats: whatever a beat does was done. */
  private void beat() {
    ping();
    now.incrementAndGet();
    ping();
  }

  @Test
  void aloneItIsItsOwnMajority() {
    beat();
    assertTrue(lease.coversNanos(now.get()));
    long before = lease.untilNanos();
    now.addAndGet(LENGTH / 2);
    beat();
    assertTrue(lease.untilNanos() - before >= LENGTH / 2);
  }

  @Test
  void itCountsFromTheSendingOfTheAcknowledgedPing() {
    up(2, 3);
    long promised = lease.untilNanos(); // While it was alone.
    now.addAndGet(LENGTH / 2);
    long sent = ping();
    assertEquals(promised, lease.untilNanos(), "nobody has acknowledged yet");
    now.addAndGet(LENGTH / 4);
    pong(2, sent);
    roundTrip();
    assertEquals(sent + LENGTH, lease.untilNanos());
    // The slowest of five decides for a majority of three.
    up(4, 5);
    long later = ping();
    pong(2, later);
    roundTrip();
    assertEquals(sent + LENGTH, lease.untilNanos(), "two of five");
    pong(3, sent + 7);
    roundTrip();
    assertEquals(sent + 7 + LENGTH, lease.untilNanos());
    pong(4, later);
    roundTrip();
    assertEquals(later + LENGTH, lease.untilNanos());
  }

  @Test
  void ofTwoBothAreNeeded() {
    up(2);
    long promised = lease.untilNanos();
    now.addAndGet(LENGTH / 2);
    beat();
    assertEquals(promised, lease.untilNanos());
    long sent = ping();
    pong(2, sent);
    roundTrip();
    assertEquals(sent + LENGTH, lease.untilNanos());
  }

  @Test
  void whoIsNoMemberOrOnlyJoinsHasNoVote() {
    up(2);
    node.publish(new ClusterEvent.MemberJoined(ClusterNode.joining(3)));
    roundTrip();
    long promised = lease.untilNanos();
    now.addAndGet(LENGTH / 2);
    long sent = ping();
    pong(3, sent);
    pong(9, sent);
    pong(1, sent);
    roundTrip();
    assertEquals(promised, lease.untilNanos());
  }

  @Test
  void theLossIsToldBeforeALateAcknowledgementExtendsIt() throws InterruptedException {
    up(2);
    long sent = ping();
    pong(2, sent);
    roundTrip();
    now.addAndGet(LENGTH + 1);
    pong(2, now.get());
    assertEquals(false, lost.poll(10, TimeUnit.SECONDS), "told while it is out");
    beat();
    assertTrue(lost.isEmpty(), "told once");
  }

  @Test
  void itComesBackWithTheNextAcknowledgements() throws InterruptedException {
    up(2);
    pong(2, ping());
    roundTrip();
    now.addAndGet(2 * LENGTH);
    assertEquals(false, lost.poll(10, TimeUnit.SECONDS));
    assertFalse(lease.coversNanos(now.get()));
    long sent = ping();
    pong(2, sent);
    roundTrip();
    assertTrue(lease.coversNanos(now.get()));
  }

  @Test
  void whoWasDownedIsAcknowledgedNoMore() {
    TestProbe<LeaseKeeper.Command> downed = node.kit.createTestProbe();
    up(2);
    keeper.tell(new LeaseKeeper.Ping("p2", 17, downed.ref()));
    assertEquals(new LeaseKeeper.Pong(ClusterNode.SELF, 17), downed.receiveMessage());
    node.downed(2);
    roundTrip();
    keeper.tell(new LeaseKeeper.Ping("p2", 18, downed.ref()));
    keeper.tell(new LeaseKeeper.Ping("unknown", 19, downed.ref()));
    keeper.tell(new LeaseKeeper.Ping(ClusterNode.SELF, 20, downed.ref()));
    assertEquals(new LeaseKeeper.Pong(ClusterNode.SELF, 20), downed.receiveMessage());
  }

  @Test
  void theSurvivorOfTwoIsAMajorityAgain() {
    up(2);
    now.addAndGet(LENGTH / 2);
    node.downed(2);
    node.removed(2, MemberStatus.down());
    roundTrip();
    beat();
    assertTrue(lease.untilNanos() - (START + LENGTH) > 0);
  }

  @Test
  void aNodeThatIsDownedItselfNeverServesAgain() throws InterruptedException {
    onANodeOfItsOwn(
        own -> {
          Cluster cluster = Cluster.get(own.kit.system());
          cluster.manager().tell(new Down(cluster.selfMember().address()));
        });
  }

  @Test
  void aNodeThatShutsDownDoesNotTakeTheOthersForGone() throws InterruptedException {
    // As the membership does when it ends: everybody is removed, whatever they were.
    onANodeOfItsOwn(own -> own.removed(2, MemberStatus.up()));
  }

  @Test
  void theEndOfTheMembershipEndsTheLease() throws InterruptedException {
    onANodeOfItsOwn(own -> own.publish(ClusterShuttingDown$.MODULE$));
  }

  private void onANodeOfItsOwn(Consumer<ClusterNode> ending) throws InterruptedException {
    end();
    ClusterNode shared = node;
    try (ClusterNode own = new ClusterNode()) {
      node = own;
      fresh();
      up(2, 3);
      pong(2, ping());
      roundTrip();
      assertTrue(lease.coversNanos(now.get()));
      ending.accept(own);
      assertEquals(false, lost.poll(10, TimeUnit.SECONDS), "told once it is out");
      assertFalse(lease.coversNanos(now.get()));
      lease.extendTo(now.get() + LENGTH);
      assertFalse(lease.coversNanos(now.get()), "and nothing extends it");
    } finally {
      node = shared;
      fresh();
    }
  }
}
