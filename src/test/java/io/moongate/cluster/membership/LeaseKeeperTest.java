package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.charter.Charter;
import io.moongate.cluster.charter.CharterRow;
import io.moongate.cluster.charter.Effect;
import io.moongate.cluster.charter.LeaseMessage;
import io.moongate.cluster.charter.LeaseProtocol;
import io.moongate.cluster.charter.Seat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.ClusterShuttingDown$;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The keeper around the protocol, by a clock that the test moves; beats come often. */
class LeaseKeeperTest {
  private static final long LENGTH = Duration.ofSeconds(3).toNanos();
  private static final long START = Long.MAX_VALUE - LENGTH; // The clock may overflow.

  /** No wait lasts longer, however little the machine gives. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final LeaseKeeper.Settings SETTINGS =
      new LeaseKeeper.Settings(
          new LeaseProtocol.Settings(
              Duration.ofNanos(LENGTH),
              Duration.ofSeconds(1),
              Duration.ZERO,
              Duration.ofSeconds(1)),
          Duration.ofMillis(20),
          Duration.ofSeconds(30));

  /** The row, in memory. */
  private static final class Row implements CharterRow {
    private Content content = new Content(Optional.empty(), 0);
    private boolean away;

    @Override
    public synchronized CompletionStage<Content> read() {
      return away
          ? CompletableFuture.failedStage(new IllegalStateException("away"))
          : CompletableFuture.completedStage(content);
    }

    @Override
    public synchronized CompletionStage<Content> propose(Charter charter, String cause) {
      if (!away && content.charter().map(Charter::version).orElse(0L) == charter.version() - 1) {
        content = new Content(Optional.of(charter), content.inForce());
      }
      return read();
    }

    @Override
    public synchronized CompletionStage<Content> confirm(long version) {
      if (!away && content.charter().map(Charter::version).orElse(0L) == version) {
        content = new Content(content.charter(), version);
      }
      return read();
    }

    /** What it holds, whether it is away or not. */
    synchronized Content content() {
      return content;
    }

    synchronized void away(boolean now) {
      away = now;
    }
  }

  private record OtherOut(String incarnation, long version) {}

  private ClusterNode node;
  private final AtomicLong now = new AtomicLong();
  private final BlockingQueue<Boolean> lost = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
  private final BlockingQueue<OtherOut> othersOut = new LinkedBlockingQueue<>();
  private volatile Duration longest;
  private Row row;
  private ServingLease lease;
  private ActorRef<LeaseKeeper.Command> keeper;
  private TestProbe<LeaseKeeper.Command> peer;

  @BeforeEach
  void start() {
    // A node of its own: what is published stays in what the membership says.
    node = new ClusterNode();
    now.set(START);
    row = new Row();
    lease = new ServingLease(START);
    peer = node.kit.createTestProbe();
    keeper =
        node.kit.spawn(
            LeaseKeeper.create(
                ClusterNode.SELF,
                SETTINGS,
                lease,
                row,
                new LeaseKeeper.Listener() {
                  @Override
                  public void charterWaits(String reason) {}

                  @Override
                  public void lost() {
                    lost.add(lease.coversNanos(now.get()));
                  }

                  @Override
                  public void leftOut(String cause) {
                    out.add(cause);
                  }

                  @Override
                  public void adopted(Duration longestLease) {
                    longest = longestLease;
                  }

                  @Override
                  public void otherLeftOut(Effect.LeftOut left, Duration quiet) {
                    othersOut.add(new OtherOut(left.incarnation(), left.version()));
                  }
                },
                now::get));
    node.kit.system().receptionist().tell(Receptionist.register(LeaseKeeper.SERVICE, peer.ref()));
    node.awaitSubscriptions();
    awaitCharter(ClusterNode.SELF);
  }

  @AfterEach
  void end() {
    node.close();
  }

  /** Waits until the row's charter names these, and the keeper says that it has adopted it. */
  private void awaitCharter(String... incarnations) {
    long start = System.nanoTime();
    while (true) {
      LeaseMessage.Ping ping = nextPing();
      Optional<Charter> charter = row.content().charter();
      assertTrue(
          System.nanoTime() - start < PATIENCE.toNanos(),
          () ->
              "wanted %s, the keeper says %s, the row %s"
                  .formatted(List.of(incarnations), ping, charter));
      if (charter.isPresent()
          && charter.get().guardians().keySet().equals(Set.of(incarnations))
          && ping.version() == charter.get().version()) {
        return;
      }
      now.addAndGet(50_000_000);
    }
  }

  private LeaseMessage.Ping nextPing() {
    long start = System.nanoTime();
    while (true) {
      assertTrue(System.nanoTime() - start < PATIENCE.toNanos(), "no ping");
      LeaseKeeper.Said said = (LeaseKeeper.Said) peer.receiveMessage(Duration.ofSeconds(10));
      if (said.message() instanceof LeaseMessage.Ping ping) {
        assertEquals(ClusterNode.SELF, ping.from());
        return ping;
      }
    }
  }

  /** The next ping that was sent at or after the present instant of the clock. */
  private LeaseMessage.Ping ping() {
    long at = now.get();
    long start = System.nanoTime();
    while (true) {
      assertTrue(System.nanoTime() - start < PATIENCE.toNanos(), "no ping since");
      LeaseMessage.Ping ping = nextPing();
      if (ping.sentNanos() - at >= 0) {
        return ping;
      }
    }
  }

  /** Waits for two beats: whatever came before was done. */
  private void beat() {
    ping();
    now.incrementAndGet();
    ping();
  }

  /** The first word of another keeper, which knows no charter yet. */
  private void hello(int number) {
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Ping("p" + number, 0, 0, now.get(), List.of(), false), peer.ref()));
  }

  private void pong(int number, LeaseMessage.Ping ping, long sent) {
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Pong("p" + number, ping.version(), ping.version(), sent), peer.ref()));
  }

  private LeaseMessage.Ping pong(int number) {
    LeaseMessage.Ping ping = ping();
    pong(number, ping, ping.sentNanos());
    return ping;
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
  void aMemberThatIsUpBecomesAGuardianAndItsWordIsNeeded() {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    long promised = lease.untilNanos();
    now.addAndGet(LENGTH / 2);
    beat();
    assertEquals(promised, lease.untilNanos(), "nobody has acknowledged");
    LeaseMessage.Ping sent = pong(2);
    beat();
    assertEquals(sent.sentNanos() + LENGTH, lease.untilNanos());
    now.addAndGet(LENGTH / 2);
    pong(9, ping(), now.get());
    beat();
    assertEquals(sent.sentNanos() + LENGTH, lease.untilNanos(), "no guardian");
  }

  @Test
  void aMemberIsNotCountedOnBeforeItIsHeard() {
    node.up(2);
    beat();
    now.addAndGet(LENGTH / 2);
    beat();
    assertEquals(1, row.content().charter().orElseThrow().version());
    assertTrue(lease.coversNanos(now.get()), "what it can't say yet is not waited for");
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
  }

  @Test
  void theLossIsToldBeforeALateAcknowledgementExtendsIt() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    LeaseMessage.Ping ping = pong(2);
    beat();
    now.addAndGet(LENGTH + 1);
    pong(2, ping, now.get());
    assertEquals(false, lost.poll(10, TimeUnit.SECONDS), "told while it is out");
    pong(2);
    beat();
    assertTrue(lost.isEmpty(), "told once");
    assertTrue(lease.coversNanos(now.get()), "and it comes back");
  }

  @Test
  void aDownedMemberIsAcknowledgedNoMoreAndLeftOut() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    TestProbe<LeaseKeeper.Command> downed = node.kit.createTestProbe();
    long version = ping().version();
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Ping("p2", version, version, 17, List.of(), false), downed.ref()));
    assertEquals(
        new LeaseMessage.Pong(ClusterNode.SELF, version, version, 17),
        ((LeaseKeeper.Said) downed.receiveMessage()).message());
    node.downed(2);
    assertEquals(new OtherOut("p2", version + 1), othersOut.poll(10, TimeUnit.SECONDS));
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Ping("p2", version, version, 18, List.of(), false), downed.ref()));
    LeaseMessage answer = ((LeaseKeeper.Said) downed.receiveMessage()).message();
    assertFalse(answer instanceof LeaseMessage.Pong, answer.toString());
    awaitCharter(ClusterNode.SELF);
    beat();
    assertTrue(lease.coversNanos(now.get()), "the survivor of two is a majority again");
  }

  @Test
  void aGuardianOutOfSightIsLeftOutOnceTheRowAnswers() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    pong(2);
    row.away(true);
    node.publish(
        new ClusterEvent.UnreachableMember(ClusterNode.joining(2).copy(MemberStatus.up())));
    beat();
    now.addAndGet(2 * LENGTH);
    assertEquals(false, lost.poll(10, TimeUnit.SECONDS), "one of two is no majority");
    row.away(false);
    awaitCharter(ClusterNode.SELF);
    assertEquals("p2", othersOut.poll(10, TimeUnit.SECONDS).incarnation());
    beat();
    assertTrue(lease.coversNanos(now.get()));
  }

  /** A newcomer's bad link to one of them makes both unreachable to everybody. */
  @Test
  void whoIsHeardIsInSightWhateverOthersHaveObserved() {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    long version = ping().version();
    node.publish(
        new ClusterEvent.UnreachableMember(ClusterNode.joining(2).copy(MemberStatus.up())));
    for (int part = 0; part < 30; part++) {
      pong(2);
      now.addAndGet(LENGTH / 40);
    }
    pong(2);
    beat();
    assertEquals(version, row.content().charter().orElseThrow().version());
    assertTrue(lease.coversNanos(now.get()));
    now.addAndGet(LENGTH / 2);
    awaitCharter(ClusterNode.SELF);
  }

  /** A guardian whose links are cut in one direction. */
  @Test
  void whoSpeaksAndHearsNothingIsOutOfSight() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    long version = ping().version();
    node.publish(
        new ClusterEvent.UnreachableMember(ClusterNode.joining(2).copy(MemberStatus.up())));
    for (int part = 0; part < 30; part++) {
      keeper.tell(
          new LeaseKeeper.Said(
              new LeaseMessage.Ping("p2", version, version, now.get(), List.of(), false),
              peer.ref()));
      ping();
      now.addAndGet(LENGTH / 40);
    }
    assertEquals(new OtherOut("p2", version + 1), othersOut.poll(10, TimeUnit.SECONDS));
  }

  @Test
  void whoIsOutByTheRecordServesNoMore() throws InterruptedException {
    endsFor(own -> keeper.tell(new LeaseKeeper.Expelled("removed")));
  }

  @Test
  void theLongestLeaseIsKnown() {
    beat();
    assertEquals(Duration.ofNanos(LENGTH), longest);
  }

  @Test
  void whoIsAboutToStopAcknowledgesUntilACharterLeavesItOut() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    TestProbe<Done> left = node.kit.createTestProbe();
    keeper.tell(new LeaseKeeper.Leave(left.ref()));
    while (!nextPing().leaving()) {
      // It says so with the next one.
    }
    TestProbe<LeaseKeeper.Command> other = node.kit.createTestProbe();
    Charter both = row.content().charter().orElseThrow();
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Ping("p2", both.version(), both.version(), 17, List.of(), false),
            other.ref()));
    assertEquals(
        new LeaseMessage.Pong(ClusterNode.SELF, both.version(), both.version(), 17),
        ((LeaseKeeper.Said) other.receiveMessage()).message());
    left.expectNoMessage(Duration.ofMillis(100));
    Map<String, Seat> rest = new TreeMap<>(both.guardians());
    rest.remove(ClusterNode.SELF);
    keeper.tell(
        new LeaseKeeper.Said(
            new LeaseMessage.Adopted("p2", both.next(rest, LENGTH), both.version(), Map.of()),
            other.ref()));
    left.receiveMessage();
    assertFalse(lease.coversNanos(now.get()));
  }

  @Test
  void whoIsAboutToStopCeasesToAcknowledgeAfterAWhile() {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    TestProbe<Done> left = node.kit.createTestProbe();
    keeper.tell(new LeaseKeeper.Leave(left.ref()));
    beat();
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    left.receiveMessage();
    long promised = lease.untilNanos();
    pong(2);
    beat();
    assertEquals(promised, lease.untilNanos(), "nor does it acknowledge itself");
  }

  @Test
  void whoLosesTheSplitEndsItself() throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    Charter both = row.read().toCompletableFuture().join().charter().orElseThrow();
    Map<String, Seat> other = new TreeMap<>(both.guardians());
    other.remove(ClusterNode.SELF);
    row.propose(both.next(other, LENGTH), "the other side");
    node.publish(
        new ClusterEvent.UnreachableMember(ClusterNode.joining(2).copy(MemberStatus.up())));
    now.addAndGet(LENGTH / 2);
    beat();
    now.addAndGet(LENGTH / 2);
    assertTrue(out.poll(10, TimeUnit.SECONDS).contains("leaves this process out"));
    assertFalse(lease.coversNanos(now.get()));
    lease.extendTo(now.get() + LENGTH);
    assertFalse(lease.coversNanos(now.get()), "and nothing extends it");
  }

  @Test
  void aNodeThatIsDownedItselfNeverServesAgain() throws InterruptedException {
    endsFor(
        own -> {
          Cluster cluster = Cluster.get(own.kit.system());
          cluster.manager().tell(new Down(cluster.selfMember().address()));
        });
  }

  @Test
  void aNodeThatShutsDownDoesNotTakeTheOthersForGone() throws InterruptedException {
    // As the membership does when it ends: everybody is removed, whatever they were.
    endsFor(own -> own.removed(2, MemberStatus.up()));
  }

  @Test
  void theEndOfTheMembershipEndsTheLease() throws InterruptedException {
    endsFor(own -> own.publish(ClusterShuttingDown$.MODULE$));
  }

  private void endsFor(Consumer<ClusterNode> ending) throws InterruptedException {
    node.up(2);
    hello(2);
    awaitCharter(ClusterNode.SELF, "p2");
    pong(2);
    beat();
    assertTrue(lease.coversNanos(now.get()));
    ending.accept(node);
    assertEquals(false, lost.poll(10, TimeUnit.SECONDS), "told once it is out");
    assertFalse(lease.coversNanos(now.get()));
    lease.extendTo(now.get() + LENGTH);
    assertFalse(lease.coversNanos(now.get()), "and nothing extends it");
  }
}
