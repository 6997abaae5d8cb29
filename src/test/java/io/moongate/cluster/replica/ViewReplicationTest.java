package io.moongate.cluster.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.replica.ViewPublisher.Acknowledge;
import io.moongate.cluster.replica.ViewReplica.Compare;
import io.moongate.cluster.replica.ViewReplica.Differences;
import io.moongate.cluster.replica.ViewReplica.Update;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ViewReplicationTest {
  private static final Duration SYNC = Duration.ofSeconds(1);
  private static final Duration REPEAT = Duration.ofMillis(500);

  private ActorTestKit kit;
  private ManualTime time;
  private final View view = new View();
  private final BlockingQueue<ViewEntry> applied = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> complete = new CompletableFuture<>();

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private ActorRef<ViewReplica.Command> replica() {
    return kit.spawn(ViewReplica.create(view, applied::add, complete));
  }

  private TestProbe<ViewReplica.Command> fakeReplica() {
    TestProbe<ViewReplica.Command> probe = kit.createTestProbe();
    kit.system().receptionist().tell(Receptionist.register(ViewReplica.SERVICE, probe.ref()));
    return probe;
  }

  private static UnitEntry unit(String id, long version) {
    return Entries.unit(id, version, Phase.SERVING, version, "gw1");
  }

  // -- the replica

  @Test
  void appliesEachVersionOnceAndNeverAnOlderOne() throws InterruptedException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    ActorRef<ViewReplica.Command> replica = replica();
    TestProbe<ViewPublisher.Command> publisher = kit.createTestProbe();
    List<Long> versions = new ArrayList<>();
    for (long version = 1; version <= 20; version++) {
      versions.add(version);
      versions.add(version);
    }
    Collections.shuffle(versions, random);
    long highest = 0;
    for (long version : versions) {
      replica.tell(new Update(unit("u1", version), publisher.ref()));
      Acknowledge acknowledge = (Acknowledge) publisher.receiveMessage();
      highest = Math.max(highest, version);
      assertEquals(highest, acknowledge.version(), "seed " + seed + ": what is held");
      assertEquals("unit|u1", acknowledge.entityId());
      assertEquals(replica, acknowledge.replica());
    }
    long before = 0;
    for (ViewEntry entry : applied) {
      assertTrue(entry.version() > before, "seed " + seed);
      before = entry.version();
    }
    assertEquals(20, before);
    assertEquals(20, view.unit("u1").orElseThrow().version());
  }

  @Test
  void whoLearnsIsToldWhenItWasApplied() {
    ActorRef<ViewReplica.Command> replica = replica();
    TestProbe<ViewReplica.Done> done = kit.createTestProbe();
    replica.tell(new ViewReplica.Learn(unit("u1", 1), done.ref()));
    done.receiveMessage();
    assertEquals(1, applied.size());
  }

  @Test
  void givesAnotherWhatDiffersAndNothingElse() {
    ActorRef<ViewReplica.Command> replica = replica();
    TestProbe<ViewReplica.Done> done = kit.createTestProbe();
    for (int i = 0; i < 500; i++) {
      replica.tell(new ViewReplica.Learn(unit("u" + i, 1), done.ref()));
      done.receiveMessage();
    }
    TestProbe<ViewReplica.Command> peer = kit.createTestProbe();
    replica.tell(new Compare(new long[64], peer.ref()));
    List<ViewEntry> got = new ArrayList<>();
    Differences differences = (Differences) peer.receiveMessage();
    while (!differences.last()) {
      assertTrue(differences.entries().size() <= 64);
      got.addAll(differences.entries());
      differences = (Differences) peer.receiveMessage();
    }
    assertEquals(500, got.size());
    assertFalse(differences.complete(), "it is not complete itself");
  }

  @Test
  void isCompleteOnceNothingDiffersFromACompleteOne() throws InterruptedException {
    ActorRef<ViewReplica.Command> replica = replica();
    TestProbe<ViewReplica.Command> peer = fakeReplica();
    Compare first = (Compare) peer.receiveMessage();
    // It gets a part; the rest is lost on the way, and only "that was all" arrives.
    first.replyTo().tell(new Differences(List.of(unit("u1", 1)), false, false));
    first.replyTo().tell(new Differences(List.of(), true, false));
    Compare second = (Compare) peer.receiveMessage();
    assertFalse(complete.isDone());
    assertEquals(1, applied.size());
    second.replyTo().tell(new Differences(List.of(), true, true));
    assertTrue(applied.poll(10, TimeUnit.SECONDS) != null);
    complete.orTimeout(10, TimeUnit.SECONDS).join();
    assertEquals(replica, second.replyTo());
  }

  @Test
  void aRoundThatBringsNothingIsRepeatedAtTheNextTickOnly() {
    replica();
    TestProbe<ViewReplica.Command> peer = fakeReplica();
    Compare first = (Compare) peer.receiveMessage();
    first.replyTo().tell(new Differences(List.of(), true, false));
    first.replyTo().tell(new Differences(List.of(unit("u1", 1)), false, false));
    TestProbe<ViewReplica.Done> done = kit.createTestProbe();
    first.replyTo().tell(new ViewReplica.Learn(unit("u2", 1), done.ref()));
    done.receiveMessage();
    peer.expectNoMessage(Duration.ZERO);
    time.timePasses(SYNC);
    assertTrue(peer.receiveMessage() instanceof Compare);
  }

  @Test
  void twoReplicasBecomeEqual() {
    View otherView = new View();
    BlockingQueue<ViewEntry> otherApplied = new LinkedBlockingQueue<>();
    CompletableFuture<Void> otherComplete = new CompletableFuture<>();
    ActorRef<ViewReplica.Command> one = replica();
    TestProbe<ViewReplica.Done> done = kit.createTestProbe();
    for (int i = 0; i < 200; i++) {
      one.tell(new ViewReplica.Learn(unit("u" + i, 1 + i % 3), done.ref()));
      done.receiveMessage();
    }
    one.tell(new ViewReplica.Loaded());
    ActorRef<ViewReplica.Command> other =
        kit.spawn(ViewReplica.create(otherView, otherApplied::add, otherComplete));
    other.tell(new ViewReplica.Learn(unit("u7", 9), done.ref()));
    done.receiveMessage();
    kit.createTestProbe()
        .awaitAssert(
            Duration.ofSeconds(20),
            Duration.ofMillis(10),
            () -> {
              time.timePasses(SYNC);
              assertEquals(view.units(), otherView.units());
              assertEquals(200, otherView.units().size());
              assertTrue(otherComplete.isDone());
              return null;
            });
    assertEquals(9, view.unit("u7").orElseThrow().version());
  }

  // -- the publisher

  private ActorRef<ViewPublisher.Command> publisher(TestProbe<ViewReplica.Command> replica) {
    ActorRef<ViewPublisher.Command> publisher = kit.spawn(ViewPublisher.create());
    awaitKnown(publisher, replica);
    return publisher;
  }

  /** It has heard of a replica when it pushes to it. */
  private void awaitKnown(
      ActorRef<ViewPublisher.Command> publisher, TestProbe<ViewReplica.Command> replica) {
    kit.createTestProbe()
        .awaitAssert(
            () -> {
              publisher.tell(new ViewPublisher.Publish(unit("probe", 1)));
              Update update = (Update) replica.receiveMessage(Duration.ofMillis(50));
              publisher.tell(new Acknowledge(replica.ref(), "unit|probe", 1));
              assertEquals("probe", ((UnitEntry) update.entry()).id());
              return null;
            });
  }

  private static ViewEntry pushed(TestProbe<ViewReplica.Command> replica, String id) {
    while (true) {
      UnitEntry entry = (UnitEntry) ((Update) replica.receiveMessage()).entry();
      if (entry.id().equals(id)) {
        return entry;
      }
    }
  }

  @Test
  void pushesAgainUntilAcknowledged() {
    TestProbe<ViewReplica.Command> replica = fakeReplica();
    ActorRef<ViewPublisher.Command> publisher = publisher(replica);
    publisher.tell(new ViewPublisher.Publish(unit("u1", 1)));
    assertEquals(1, pushed(replica, "u1").version());
    time.timePasses(REPEAT);
    assertEquals(1, pushed(replica, "u1").version());
    // A newer one supersedes it, also in what is repeated.
    publisher.tell(new ViewPublisher.Publish(unit("u1", 2)));
    assertEquals(2, pushed(replica, "u1").version());
    publisher.tell(new Acknowledge(replica.ref(), "unit|u1", 1));
    publisher.tell(new ViewPublisher.Publish(unit("u1", 1)));
    time.timePasses(REPEAT);
    assertEquals(2, pushed(replica, "u1").version());
    publisher.tell(new Acknowledge(replica.ref(), "unit|u1", 2));
    publisher.tell(new ViewPublisher.Publish(unit("u2", 1)));
    time.timePasses(REPEAT);
    assertEquals(1, pushed(replica, "u2").version());
    time.timePasses(REPEAT);
    UnitEntry next = (UnitEntry) ((Update) replica.receiveMessage()).entry();
    assertEquals("u2", next.id(), "u1 was acknowledged");
  }

  @Test
  void aReplicaThatIsGoneIsForgotten() {
    TestProbe<ViewReplica.Command> gone = fakeReplica();
    ActorRef<ViewPublisher.Command> publisher = publisher(gone);
    TestProbe<ViewReplica.Command> stays = fakeReplica();
    awaitKnown(publisher, stays);
    publisher.tell(new ViewPublisher.Publish(unit("u1", 1)));
    pushed(gone, "u1");
    gone.stop();
    publisher.tell(new ViewPublisher.Publish(unit("u2", 1)));
    assertEquals(1, pushed(stays, "u2").version());
  }
}
