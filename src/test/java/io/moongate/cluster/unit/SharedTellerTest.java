package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.SharedTeller.Begin;
import io.moongate.cluster.unit.SharedTeller.Peer;
import io.moongate.cluster.unit.SharedTeller.Tell;
import io.moongate.cluster.unit.SharedTeller.Told;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SharedTellerTest {
  private static final SharedTeller.Settings SETTINGS =
      new SharedTeller.Settings(
          Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(4));
  private static final Nexus NEXUS =
      new Nexus("iqn.2026-01.io.host:a", 1, "iqn.2026-01.io.moongate:t", 1);
  private static final SharedState STATE = SharedState.INITIAL.as(5, "five");
  private static final List<Notice> RESET = List.of(Notice.reset(NEXUS));
  private static final List<Notice> ATTENTION =
      List.of(Notice.attention(UnitAttention.RESERVATIONS_RELEASED, List.of(NEXUS)));

  /** For which who is no member any more may have a lease. */
  private static final Duration LEASE = Duration.ofMillis(3800);

  /** What was sent to another gateway. */
  private record Sent(String incarnation, Tell tell) {}

  private static ActorTestKit kit;
  private static ManualTime time;
  private TestProbe<Sent> sent;
  private TestProbe<SharedTeller.Command> settled;
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE);
  private volatile List<Peer> peers = List.of();
  private ActorRef<SharedTeller.Command> teller;

  /** What a unit was asked, and when it will have done it. */
  private final List<String> taken = Collections.synchronizedList(new ArrayList<>());

  private final CompletableFuture<Void> done = new CompletableFuture<>();

  /** What comes of it before that. */
  private final Queue<CompletableFuture<Void>> next = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void startKit() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  static void stopKit() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void start() {
    sent = kit.createTestProbe();
    settled = kit.createTestProbe();
    LogicalUnit unit =
        (LogicalUnit)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {LogicalUnit.class},
                (self, method, arguments) -> {
                  taken.add(
                      arguments[0] instanceof SharedState state
                          ? "share " + state.version()
                          : "take " + ((Notice) arguments[0]).kind());
                  if (!method.getName().equals("take")) {
                    return null;
                  }
                  return next.isEmpty() ? done : next.remove();
                });
    teller =
        kit.spawn(
            SharedTeller.create(
                "self",
                SETTINGS,
                () -> peers,
                id -> id.equals("u1") ? Optional.of(unit) : Optional.empty(),
                (peer, tell) -> sent.ref().tell(new Sent(peer.incarnation(), tell)),
                clock::get));
    settle();
    // Who was put out before this began has no lease any more.
    clock.addAndGet(LEASE.toNanos());
    rounds(SharedTeller.REPEAT);
  }

  @AfterEach
  void stop() {
    kit.stop(teller);
  }

  private static Peer peer(String incarnation, boolean reachable) {
    return new Peer(incarnation, new Address("pekko", "m", "127.0.0.1", 1), reachable);
  }

  private CompletableFuture<Void> begin() {
    return begin(RESET);
  }

  private CompletableFuture<Void> begin(List<Notice> notices) {
    CompletableFuture<Void> told = new CompletableFuture<>();
    teller.tell(new Begin("u1", STATE, notices, told));
    return told;
  }

  private static void assertNotDone(CompletableFuture<Void> told) {
    assertInstanceOf(
        TimeoutException.class,
        assertThrows(ExecutionException.class, () -> told.get(10, TimeUnit.SECONDS)).getCause());
  }

  private Tell sentTo(String incarnation) {
    Sent next = sent.receiveMessage();
    assertEquals(incarnation, next.incarnation());
    return next.tell();
  }

  private void answer(Tell tell, String incarnation, boolean over) {
    teller.tell(new Told(tell.id(), incarnation, over));
  }

  /** After everything that was sent to the teller. */
  private void settle() {
    settle(teller);
  }

  private void settle(ActorRef<SharedTeller.Command> asked) {
    asked.tell(new Tell("settle", "unknown", STATE, List.of(), settled.ref()));
    settled.receiveMessage();
  }

  private void rounds(Duration time) {
    long rounds = time.dividedBy(SharedTeller.REPEAT);
    for (long i = 0; i < rounds; i++) {
      clock.addAndGet(SharedTeller.REPEAT.toNanos());
      SharedTellerTest.time.timePasses(SharedTeller.REPEAT);
      settle();
    }
  }

  private int sentNow() {
    settle();
    kit.createTestProbe();
    TestProbe<Sent> before = sent;
    sent.ref().tell(new Sent("marker", null));
    int count = 0;
    while (!before.receiveMessage().incarnation().equals("marker")) {
      count++;
    }
    return count;
  }

  @Test
  void whoIsAloneHasToldEveryone() throws Exception {
    begin().get(10, TimeUnit.SECONDS);
  }

  @Test
  void itIsOverWhenEachHasDoneIt() throws Exception {
    peers = List.of(peer("p2", true), peer("p3", true));
    CompletableFuture<Void> told = begin();
    Tell tell = sentTo("p2");
    assertEquals(tell, sentTo("p3"));
    assertEquals(STATE, tell.state());
    assertEquals(RESET, tell.notices());
    answer(tell, "p2", true);
    settle();
    assertFalse(told.isDone());
    time.timePasses(SharedTeller.REPEAT);
    assertEquals(tell, sentTo("p3"), "repeated to whom it concerns");
    answer(tell, "p3", true);
    told.get(10, TimeUnit.SECONDS);
    rounds(Duration.ofSeconds(1));
    assertEquals(0, sentNow());
  }

  @Test
  void whoIsSilentIsNotWaitedForLongAndToldOn() throws Exception {
    peers = List.of(peer("p2", true));
    CompletableFuture<Void> told = begin(ATTENTION);
    rounds(SETTINGS.silence().minus(SharedTeller.REPEAT));
    assertFalse(told.isDone());
    rounds(SharedTeller.REPEAT);
    told.get(10, TimeUnit.SECONDS);
    sentNow();
    rounds(SharedTeller.REPEAT);
    assertEquals(1, sentNow(), "it may only be slow");
    rounds(SETTINGS.work());
    sentNow();
    rounds(SharedTeller.REPEAT);
    assertEquals(0, sentNow());
  }

  @Test
  void whoIsNotSeenAliveIsToldAndNotWaitedFor() throws Exception {
    peers = List.of(peer("p2", false));
    begin(ATTENTION).get(10, TimeUnit.SECONDS);
    Tell tell = sentTo("p2");
    time.timePasses(SharedTeller.REPEAT);
    assertEquals(tell, sentTo("p2"));
    answer(tell, "p2", true);
    settle();
    rounds(Duration.ofSeconds(1));
    assertEquals(0, sentNow());
  }

  @Test
  void tasksOfAMemberThatIsSilentAreNotSaidToHaveEnded() {
    peers = List.of(peer("p2", true), peer("p3", false));
    CompletableFuture<Void> told = begin(List.of(Notice.clearTaskSet(NEXUS)));
    answer(sentTo("p2"), "p2", true);
    rounds(SETTINGS.work().minus(SharedTeller.REPEAT));
    assertFalse(told.isDone(), "others may see it, and it may have its lease from them");
    rounds(SharedTeller.REPEAT);
    assertNotDone(told);
  }

  @Test
  void tasksOfWhoWasAMemberHaveEndedWhenItsLeaseCanBeNoMore() throws Exception {
    peers = List.of(peer("p2", false));
    rounds(SharedTeller.REPEAT);
    peers = List.of();
    rounds(SharedTeller.REPEAT);
    CompletableFuture<Void> told = begin();
    rounds(LEASE.minus(SharedTeller.REPEAT));
    assertFalse(told.isDone());
    rounds(SharedTeller.REPEAT);
    told.get(10, TimeUnit.SECONDS);
    begin().get(10, TimeUnit.SECONDS);
  }

  @Test
  void manyRoundsAtOnceAreNoTime() {
    peers = List.of(peer("p2", false));
    rounds(SharedTeller.REPEAT);
    peers = List.of();
    CompletableFuture<Void> told = begin();
    for (int i = 0; i < 20; i++) {
      time.timePasses(SharedTeller.REPEAT);
      settle();
    }
    assertFalse(told.isDone());
  }

  @Test
  void whoHasJustStartedDoesNotKnowWhoWasPutOut() throws Exception {
    ActorRef<SharedTeller.Command> young =
        kit.spawn(
            SharedTeller.create(
                "self",
                SETTINGS,
                List::of,
                id -> Optional.empty(),
                (peer, tell) -> {},
                clock::get));
    CompletableFuture<Void> told = new CompletableFuture<>();
    settle(young);
    young.tell(new Begin("u1", STATE, RESET, told));
    rounds(LEASE.minus(SharedTeller.REPEAT));
    settle(young);
    assertFalse(told.isDone());
    rounds(SharedTeller.REPEAT);
    told.get(10, TimeUnit.SECONDS);
  }

  @Test
  void afterAStopForLongerThanTheLeaseNothingIsResetAnyMore() throws Exception {
    peers = List.of(peer("p2", true));
    List<Notice> notices =
        List.of(
            Notice.attention(UnitAttention.RESERVATIONS_RELEASED, List.of(NEXUS)),
            Notice.clearTaskSet(NEXUS),
            Notice.abort(List.of(NEXUS), NEXUS),
            Notice.reset(NEXUS));
    CompletableFuture<Void> told = new CompletableFuture<>();
    teller.tell(new Begin("u1", STATE, notices, told));
    Tell first = sentTo("p2");
    clock.addAndGet(SETTINGS.silence().toNanos());
    time.timePasses(SharedTeller.REPEAT);
    assertEquals(first, sentTo("p2"), "not stopped for longer than that");
    clock.addAndGet(SETTINGS.silence().toNanos() + 1);
    time.timePasses(SharedTeller.REPEAT);
    Tell late = sentTo("p2");
    assertEquals(first.id(), late.id());
    assertEquals(STATE, late.state());
    assertEquals(notices.subList(0, 1), late.notices());
    assertNotDone(told);
    CompletableFuture<Void> next = begin();
    assertEquals(RESET, sentTo("p2").notices());
    assertFalse(next.isDone());
  }

  @Test
  void whoLeavesIsWaitedForAsLongAsItsLeaseAndWhoComesIsTold() throws Exception {
    peers = List.of(peer("p2", true));
    CompletableFuture<Void> told = begin();
    Tell tell = sentTo("p2");
    peers = List.of(peer("p3", true));
    time.timePasses(SharedTeller.REPEAT);
    assertEquals(tell, sentTo("p3"));
    assertFalse(told.isDone());
    answer(tell, "p3", true);
    peers = List.of();
    rounds(LEASE.plus(SharedTeller.REPEAT.multipliedBy(2)));
    told.get(10, TimeUnit.SECONDS);
  }

  @Test
  void whoIsAtItIsWaitedForUntilItsBound() throws Exception {
    peers = List.of(peer("p2", true));
    CompletableFuture<Void> told = begin();
    Tell tell = sentTo("p2");
    Duration most = SETTINGS.work().minus(SharedTeller.REPEAT);
    for (Duration passed = Duration.ZERO;
        passed.compareTo(most) < 0;
        passed = passed.plus(SharedTeller.REPEAT)) {
      answer(tell, "p2", false);
      rounds(SharedTeller.REPEAT);
      assertFalse(told.isDone());
    }
    answer(tell, "p2", false);
    rounds(SharedTeller.REPEAT);
    assertNotDone(told);
  }

  @Test
  void aDeliveryIsDoneOnceAndAnsweredEachTime() {
    TestProbe<SharedTeller.Command> sender = kit.createTestProbe();
    Tell tell = new Tell("d1", "u1", STATE, RESET, sender.ref());
    teller.tell(tell);
    assertEquals(new Told("d1", "self", false), sender.receiveMessage());
    teller.tell(tell);
    assertEquals(new Told("d1", "self", false), sender.receiveMessage());
    assertEquals(List.of("share 5", "take RESET"), taken);
    done.complete(null);
    assertEquals(new Told("d1", "self", true), sender.receiveMessage());
    teller.tell(tell);
    assertEquals(new Told("d1", "self", true), sender.receiveMessage());
    assertEquals(2, taken.size());
    teller.tell(new Tell("d2", "u1", STATE, RESET, sender.ref()));
    assertEquals(new Told("d2", "self", true), sender.receiveMessage());
    assertEquals(4, taken.size());
  }

  @Test
  void aUnitThatIsNotExportedHasNothingToDo() {
    TestProbe<SharedTeller.Command> sender = kit.createTestProbe();
    teller.tell(new Tell("d1", "another", STATE, RESET, sender.ref()));
    assertEquals(new Told("d1", "self", true), sender.receiveMessage());
    assertTrue(taken.isEmpty());
  }

  /** Of what it was to abort something may still be under way. */
  @Test
  void aUnitThatFailsIsNotDoneAndTriedAgain() {
    TestProbe<SharedTeller.Command> sender = kit.createTestProbe();
    CompletableFuture<Void> broken =
        CompletableFuture.failedFuture(new IllegalStateException("broken"));
    next.add(broken);
    Tell tell = new Tell("d1", "u1", STATE, RESET, sender.ref());
    teller.tell(tell);
    assertEquals(new Told("d1", "self", false), sender.receiveMessage());
    settle();
    done.complete(null);
    teller.tell(tell);
    assertEquals(new Told("d1", "self", true), sender.receiveMessage());
    assertEquals(List.of("share 5", "take RESET", "share 5", "take RESET"), taken);
  }
}
