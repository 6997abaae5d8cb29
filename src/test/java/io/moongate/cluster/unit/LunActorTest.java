package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.DataPath.Way;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.Rollback;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LunActorTest {
  private static final Duration REPEAT = Duration.ofMillis(300);
  private static final Duration OPEN_BOUND = Duration.ofSeconds(5);

  /** What the actor asked of its data path, one after the other. */
  private sealed interface Call {
    record Published(PathStates states, Way way) implements Call {}

    record Opening(long epoch, CompletableFuture<Void> done) implements Call {}

    record Releasing(CompletableFuture<Void> done) implements Call {}

    record Growing(long size, CompletableFuture<Void> done) implements Call {}

    record RollingBack(String id, CompletableFuture<Void> done) implements Call {}

    record Removed() implements Call {}
  }

  private static final class FakeDataPath implements DataPath {
    final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
    private CompletableFuture<Void> underWay = CompletableFuture.completedFuture(null);
    private long openEpoch;
    private Way way = Way.HELD;
    HandOver handOver = new NoHandOver();
    volatile boolean fenced;
    volatile long announced;
    volatile long accepted;
    private long shared = -1;

    @Override
    public synchronized void share(UnitEntry unit) {
      shared = unit.shared().version();
    }

    @Override
    public synchronized void publish(
        UnitEntry unit,
        PathStates states,
        Way newWay,
        Optional<GatewayEntry> owner,
        AluaQueries queries) {
      way = newWay;
      check(shared == unit.shared().version(), "published before the shared state is known");
      if (way == Way.LOCAL) {
        check(underWay.isDone(), "LOCAL while it opens or releases");
        check(openEpoch == states.epoch(), "LOCAL under an epoch that is not open");
        check(unit.ownership().phase() == Phase.SERVING, "LOCAL before the view says SERVING");
        check(unit.ownership().epoch() == states.epoch(), "LOCAL under another epoch");
        check(!Rollback.goesOn(unit.shared().rollback()), "LOCAL while it is rolled back");
      }
      calls.add(new Call.Published(states, newWay));
    }

    @Override
    public synchronized CompletionStage<Void> open(UnitEntry unit, long epoch) {
      check(underWay.isDone(), "open overlaps");
      check(openEpoch == 0, "open while it is open");
      check(!handOver.asked(unit.id(), epoch), "open of what may be another's by the row");
      CompletableFuture<Void> done = new CompletableFuture<>();
      underWay = done.thenRun(() -> opened(epoch));
      calls.add(new Call.Opening(epoch, done));
      return underWay;
    }

    private synchronized void kept(long epoch) {
      openEpoch = epoch;
    }

    private synchronized void opened(long epoch) {
      openEpoch = epoch;
    }

    @Override
    public synchronized CompletionStage<Void> release(UnitEntry unit, boolean mayKeep) {
      check(underWay.isDone(), "release overlaps");
      check(way != Way.LOCAL, "release while LOCAL is published");
      long before = openEpoch;
      openEpoch = 0;
      CompletableFuture<Void> done = new CompletableFuture<>();
      underWay =
          done.whenComplete(
              (released, failure) -> {
                if (failure instanceof DataPath.Kept) {
                  check(mayKeep, "kept though it may not be");
                  kept(before);
                }
              });
      calls.add(new Call.Releasing(done));
      return underWay;
    }

    @Override
    public void resize(UnitEntry unit) {
      announced = unit.size();
      accepted = unit.acceptedSize();
    }

    @Override
    public synchronized CompletionStage<Void> rollBack(UnitEntry unit) {
      check(underWay.isDone(), "rollBack overlaps");
      check(openEpoch == unit.ownership().epoch(), "rollBack of what is not open");
      check(way != Way.LOCAL, "rollBack while LOCAL is published");
      underWay = new CompletableFuture<>();
      calls.add(new Call.RollingBack(unit.shared().rollback().id(), underWay));
      return underWay;
    }

    @Override
    public synchronized CompletionStage<Void> grow(UnitEntry unit) {
      check(underWay.isDone(), "grow overlaps");
      check(openEpoch == unit.ownership().epoch(), "grow of what is not open");
      underWay = new CompletableFuture<>();
      calls.add(new Call.Growing(unit.growingTo(), underWay));
      return underWay;
    }

    @Override
    public boolean isFenced(String unitId) {
      return fenced;
    }

    @Override
    public synchronized void remove(String unitId) {
      check(underWay.isDone() && openEpoch == 0, "removed while it is open");
      calls.add(new Call.Removed());
    }

    private final List<String> broken = new ArrayList<>();

    private void check(boolean kept, String rule) {
      if (!kept) {
        broken.add(rule);
      }
    }

    synchronized List<String> broken() {
      return List.copyOf(broken);
    }

    <T extends Call> T next(Class<T> kind) throws InterruptedException {
      Call call = calls.poll(10, TimeUnit.SECONDS);
      assertTrue(kind.isInstance(call), "expected " + kind.getSimpleName() + ", got " + call);
      return kind.cast(call);
    }
  }

  private static ActorTestKit kit;
  private static ManualTime time;
  private FakeDataPath path;
  private BlockingQueue<LogicalUnit.Command> reports;
  private AtomicLong publications;
  private Map<String, Long> givenUp;
  private HandOver handOver;
  private BlockingQueue<LunActor.ClaimOutcome> claims;
  private ActorRef<LunActor.Command> actor;
  private long version;

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void fresh() {
    path = new FakeDataPath();
    reports = new LinkedBlockingQueue<>();
    publications = new AtomicLong();
    givenUp = new ConcurrentHashMap<>();
    handOver = new NoHandOver();
    claims = new LinkedBlockingQueue<>();
  }

  private LunActor.Surroundings surroundings() {
    return new LunActor.Surroundings(
        "gw1",
        "p1",
        1,
        10,
        path,
        handOver,
        report -> reports.add(report.command()),
        claims::add,
        OPEN_BOUND,
        publications::incrementAndGet,
        givenUp);
  }

  private void spawn(Phase phase, long epoch, String owner) {
    actor = kit.spawn(LunActor.create(surroundings(), false, entry(phase, epoch, owner)));
  }

  private void change(Phase phase, long epoch, String owner) {
    actor.tell(entry(phase, epoch, owner));
  }

  private LunActor.Changed entry(Phase phase, long epoch, String owner) {
    return entry(phase, epoch, owner, 4096, 0);
  }

  private LunActor.Changed entry(Phase phase, long epoch, String owner, long size, long growingTo) {
    String process = owner.isEmpty() ? "" : "p" + owner.charAt(2);
    Ownership ownership =
        new Ownership(
            phase, epoch, owner, process, "", UnitFixture.NOW, "test", List.of(), List.of());
    UnitEntry unit =
        new UnitEntry(
            "u1",
            ++version,
            1,
            "s",
            "memory",
            size,
            512,
            List.of("gw1"),
            ownership,
            false,
            growingTo,
            io.moongate.scsi.shared.SharedState.INITIAL);
    List<GatewayEntry> gateways = List.of(gateway(1), gateway(2));
    return new LunActor.Changed(
        unit,
        gateways,
        gateways.stream().filter(gateway -> gateway.name().equals(owner)).findFirst(),
        false,
        false);
  }

  private static GatewayEntry gateway(int number) {
    return new GatewayEntry(
        "gw" + number,
        1,
        GatewayEntry.State.UP,
        "p" + number,
        number,
        List.of(),
        new PortalAddress("127.0.0.1", 1),
        "",
        "",
        1,
        UnitFixture.NOW,
        "");
  }

  private PathStates published(Way way) throws InterruptedException {
    Call.Published call = path.next(Call.Published.class);
    assertEquals(way, call.way());
    assertEquals(way != Way.HELD, call.states().serving());
    return call.states();
  }

  private void open(long epoch) throws InterruptedException {
    Call.Opening opening = path.next(Call.Opening.class);
    assertEquals(epoch, opening.epoch());
    opening.done().complete(null);
  }

  private void report(LogicalUnit.Command expected) throws InterruptedException {
    assertEquals(expected, reports.poll(10, TimeUnit.SECONDS));
  }

  /** Waits until the actor has done all that it was told. */
  private PathStates settle() {
    return settle("");
  }

  private PathStates settle(String when) {
    TestProbe<PathStates> probe = kit.createTestProbe();
    actor.tell(new LunActor.Query(probe.ref()));
    PathStates states = probe.receiveMessage();
    assertEquals(List.of(), path.broken(), when);
    return states;
  }

  private void serve() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    published(Way.HELD);
    open(1);
    report(new LogicalUnit.Opened("gw1", "p1", 1));
    change(Phase.SERVING, 1, "gw1");
    assertEquals(AccessState.ACTIVE_OPTIMIZED, published(Way.LOCAL).localState());
  }

  @Test
  void opensBeforeItServes() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    assertEquals(AccessState.ACTIVE_NON_OPTIMIZED, published(Way.HELD).localState());
    Call.Opening opening = path.next(Call.Opening.class);
    // The view may be quicker than the store.
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    settle();
    opening.done().complete(null);
    published(Way.LOCAL);
    settle();
  }

  /** An owner that was only taken for dead goes on with a client that is not. */
  @Test
  void whatTheStoreHasFencedIsOpenedAnew() throws InterruptedException {
    serve();
    actor.tell(LunActor.Fenced.NOW);
    settle();
    path.fenced = true;
    actor.tell(LunActor.Fenced.NOW);
    assertEquals(1, published(Way.HELD).epoch());
    Call.Releasing releasing = path.next(Call.Releasing.class);
    actor.tell(LunActor.Fenced.NOW);
    settle();
    path.fenced = false;
    releasing.done().complete(null);
    open(1);
    assertEquals(AccessState.ACTIVE_OPTIMIZED, published(Way.LOCAL).localState());
    actor.tell(LunActor.Fenced.NOW);
    settle();
  }

  /** Nothing of it can land: so another gateway gets the unit when it does not close. */
  @Test
  void whatIsFencedAndHangsIsGivenUp() throws InterruptedException {
    serve();
    path.fenced = true;
    actor.tell(LunActor.Fenced.NOW);
    published(Way.HELD);
    path.next(Call.Releasing.class);
    settle();
    time.timePasses(OPEN_BOUND.plus(REPEAT));
    settle();
    assertTrue(
        reports.stream().anyMatch(LogicalUnit.OpenFailed.class::isInstance),
        () -> "reported " + reports);
  }

  @Test
  void hostsAreHeldWhileWhatIsFencedStillGrows() throws InterruptedException {
    serve();
    actor.tell(entry(Phase.SERVING, 1, "gw1", 4096, 8192));
    Call.Growing growing = path.next(Call.Growing.class);
    path.fenced = true;
    actor.tell(LunActor.Fenced.NOW);
    published(Way.HELD);
    settle();
    growing.done().completeExceptionally(new IllegalStateException("fenced"));
    Call.Releasing releasing = path.next(Call.Releasing.class);
    path.fenced = false;
    releasing.done().complete(null);
    open(1);
    published(Way.LOCAL);
  }

  @Test
  void whatIsFencedAgainAndAgainIsOpenedEverLater() throws InterruptedException {
    serve();
    for (int times = 0; times < 3; times++) {
      path.fenced = true;
      actor.tell(LunActor.Fenced.NOW);
      published(Way.HELD);
      Call.Releasing releasing = path.next(Call.Releasing.class);
      path.fenced = false;
      releasing.done().complete(null);
      open(1);
      published(Way.LOCAL);
      path.fenced = true;
      actor.tell(LunActor.Fenced.NOW);
      settle();
      assertTrue(path.calls.isEmpty(), () -> "not yet: " + path.calls);
      time.timePasses(Duration.ofSeconds(1L << times));
    }
  }

  /** There is a newer owner, of which the view does not know yet. */
  @Test
  void whatCannotBeOpenedAnewIsGivenUp() throws InterruptedException {
    serve();
    path.fenced = true;
    actor.tell(LunActor.Fenced.NOW);
    published(Way.HELD);
    path.next(Call.Releasing.class).done().complete(null);
    path.next(Call.Opening.class).done().completeExceptionally(new IllegalStateException("newer"));
    LogicalUnit.OpenFailed failed = (LogicalUnit.OpenFailed) reports.poll(10, TimeUnit.SECONDS);
    assertTrue(failed.reason().contains("newer"), failed.reason());
    settle();
  }

  @Test
  void repeatsItsReportUntilTheViewShowsIt() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    published(Way.HELD);
    open(1);
    LogicalUnit.Opened opened = new LogicalUnit.Opened("gw1", "p1", 1);
    report(opened);
    for (int i = 0; i < 3; i++) {
      settle();
      time.timePasses(REPEAT);
      report(opened);
    }
    change(Phase.SERVING, 1, "gw1");
    published(Way.LOCAL);
    settle();
    time.timePasses(REPEAT.multipliedBy(3));
    settle();
    assertTrue(reports.isEmpty(), () -> "still reporting " + reports);
  }

  @Test
  void reportsWhatItCouldNotOpenAndTriesAgain() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    published(Way.HELD);
    path.next(Call.Opening.class).done().completeExceptionally(new IllegalStateException("gone"));
    LogicalUnit.OpenFailed failed = (LogicalUnit.OpenFailed) reports.poll(10, TimeUnit.SECONDS);
    assertEquals(1, failed.epoch());
    assertTrue(failed.reason().contains("gone"), failed.reason());
    settle();
    time.timePasses(REPEAT);
    open(1);
    report(new LogicalUnit.Opened("gw1", "p1", 1));
    // Another one was chosen meanwhile: what was opened is released.
    change(Phase.ACQUIRING, 2, "gw2");
    published(Way.HELD);
    path.next(Call.Releasing.class).done().complete(null);
    change(Phase.SERVING, 2, "gw2");
    published(Way.REMOTE);
    settle();
  }

  @Test
  void stopsServingBeforeItReleases() throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    settle();
    assertFalse(reports.stream().anyMatch(LogicalUnit.Released.class::isInstance));
    releasing.done().complete(null);
    LogicalUnit.Released released = new LogicalUnit.Released("gw1", "p1", 1, version);
    report(released);
    settle();
    time.timePasses(REPEAT);
    report(released);
    change(Phase.ACQUIRING, 2, "gw2");
    published(Way.HELD);
    change(Phase.SERVING, 2, "gw2");
    published(Way.REMOTE);
    settle();
  }

  /** Only this volume knows that something may be lost, and can tell the hosts. */
  @Test
  void whatCannotBeFlushedIsKeptAndTheMoveTakenBack() throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    path.next(Call.Releasing.class)
        .done()
        .completeExceptionally(new DataPath.Kept(new IllegalStateException("a sync failed")));
    awaitCancel();
    settle();
    time.timePasses(REPEAT);
    awaitCancel();
    assertFalse(reports.stream().anyMatch(LogicalUnit.Released.class::isInstance));
    change(Phase.SERVING, 1, "gw1");
    assertEquals(1, published(Way.LOCAL).epoch());
    settle();
    // Whoever has it by evidence is not kept waiting.
    change(Phase.SERVING, 2, "gw2");
    published(Way.REMOTE);
    path.next(Call.Releasing.class).done().complete(null);
    settle();
  }

  private void awaitCancel() throws InterruptedException {
    LogicalUnit.Command told = reports.poll(10, TimeUnit.SECONDS);
    while (!(told instanceof LogicalUnit.CancelMove)) {
      assertTrue(told != null, "nothing was reported");
      told = reports.poll(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void losingTheUnitToAnotherEndsServiceAtOnce() throws InterruptedException {
    serve();
    change(Phase.SERVING, 2, "gw2");
    assertEquals(2, published(Way.REMOTE).epoch());
    path.next(Call.Releasing.class).done().completeExceptionally(new IllegalStateException());
    settle();
  }

  @Test
  void anAbandonedReleaseIsNotServedBeforeItWasOpenedAgain() throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    assertFalse(settle().serving());
    releasing.done().complete(null);
    open(1);
    published(Way.LOCAL);
    settle();
  }

  private LogicalUnit.OpenFailed failed(long seen) throws InterruptedException {
    LogicalUnit.OpenFailed failed = (LogicalUnit.OpenFailed) reports.poll(10, TimeUnit.SECONDS);
    assertEquals(seen, failed.seen());
    return failed;
  }

  /** The entity may take its word for it, and give the unit to another gateway. */
  @Test
  void whoCanNotOpenWhatItIsToServeOpensItByNoEntryThatItHasAnswered() throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    path.next(Call.Opening.class).done().completeExceptionally(new IllegalStateException("gone"));
    assertTrue(failed(version).reason().contains("gone"));
    settle();
    time.timePasses(REPEAT);
    failed(version);
    settle();
    // Nor does the actor that follows when this one ends.
    kit.stop(actor);
    actor = kit.spawn(LunActor.create(surroundings(), true, sameEntry(Phase.SERVING, 1, "gw1")));
    published(Way.HELD);
    path.next(Call.Releasing.class).done().complete(null);
    failed(version);
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
    // A newer entry says that it is to serve still.
    change(Phase.SERVING, 1, "gw1");
    open(1);
    published(Way.LOCAL);
    settle();
  }

  private LunActor.Changed claimed(LunActor.Changed entry) {
    return new LunActor.Changed(entry.unit(), entry.exporters(), entry.owner(), true, false);
  }

  private LunActor.Changed handedOver(LunActor.Changed entry) {
    return new LunActor.Changed(entry.unit(), entry.exporters(), entry.owner(), true, true);
  }

  /** Grants what it is asked for when it is told to. */
  private static final class FakeHandOver implements HandOver {
    final BlockingQueue<CompletableFuture<Boolean>> rows = new LinkedBlockingQueue<>();
    private final Map<String, Long> asked = new ConcurrentHashMap<>();

    @Override
    public boolean asked(String unitId, long epoch) {
      return asked.getOrDefault(unitId, 0L) >= epoch;
    }

    @Override
    public Optional<CompletionStage<Boolean>> ask(UnitEntry unit) {
      CompletableFuture<Boolean> row = new CompletableFuture<>();
      asked.put(unit.id(), unit.ownership().epoch());
      rows.add(row);
      return Optional.of(row);
    }

    CompletableFuture<Boolean> next() throws InterruptedException {
      return rows.poll(10, TimeUnit.SECONDS);
    }
  }

  private FakeHandOver handingOver() {
    FakeHandOver fake = new FakeHandOver();
    handOver = fake;
    return fake;
  }

  /** Serves, and is asked to release: version of the entry that asks. */
  private long release(FakeHandOver row) throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    settle();
    assertTrue(row.rows.isEmpty(), "asked before all is released");
    releasing.done().complete(null);
    return version;
  }

  private LogicalUnit.HandedOver toldOf(String gateway, String process)
      throws InterruptedException {
    LogicalUnit.HandedOver told = new LogicalUnit.HandedOver(gateway, process, 2, "test");
    report(told);
    return told;
  }

  @Test
  void whatIsReleasedIsHandedOverByTheRow() throws InterruptedException {
    FakeHandOver row = handingOver();
    long asked = release(row);
    CompletableFuture<Boolean> granted = row.next();
    settle();
    assertTrue(reports.isEmpty(), () -> "reported before the row has answered " + reports);
    granted.complete(true);
    settle();
    assertTrue(reports.isEmpty(), () -> "the successor reports it " + reports);
    // It has told that it serves. Should it not tell the entity, its predecessor does.
    actor.tell(handedOver(sameEntry(Phase.SERVING, 2, "gw2")));
    published(Way.REMOTE);
    toldOf("gw1", "p1");
    settle();
    time.timePasses(REPEAT);
    toldOf("gw1", "p1");
    change(Phase.SERVING, 2, "gw2");
    settle();
    time.timePasses(REPEAT.multipliedBy(2));
    settle();
    assertTrue(reports.isEmpty(), () -> "still reporting after " + asked + ": " + reports);
    assertTrue(row.rows.isEmpty());
  }

  @Test
  void ofAHandOverThatNobodyHearsOfTheEntityIsToldByTheRelease() throws InterruptedException {
    FakeHandOver row = handingOver();
    long asked = release(row);
    row.next().complete(true);
    settle();
    time.timePasses(REPEAT);
    report(new LogicalUnit.Released("gw1", "p1", 1, asked));
    assertTrue(row.rows.isEmpty(), "asked twice");
  }

  @Test
  void whatTheRowDoesNotGrantTheEntityDecides() throws InterruptedException {
    FakeHandOver row = handingOver();
    long asked = release(row);
    row.next().complete(false);
    report(new LogicalUnit.Released("gw1", "p1", 1, asked));
    settle();
    time.timePasses(REPEAT);
    report(new LogicalUnit.Released("gw1", "p1", 1, asked));
    assertTrue(row.rows.isEmpty(), "asked twice");
  }

  /** The row may have given it to another, or may do so still. */
  @Test
  void whatItHasAskedTheRowToHandOverItNeverOpensUnderThatEpoch() throws InterruptedException {
    FakeHandOver row = handingOver();
    long asked = release(row);
    row.next().complete(false);
    report(new LogicalUnit.Released("gw1", "p1", 1, asked));
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    assertTrue(failed(version).reason().contains("handing it over"));
    settle();
    kit.stop(actor);
    actor = kit.spawn(LunActor.create(surroundings(), true, entry(Phase.SERVING, 1, "gw1")));
    published(Way.HELD);
    path.next(Call.Releasing.class).done().complete(null);
    failed(version);
    // Also when it is asked to release what it has not opened; without asking the row again.
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    report(new LogicalUnit.Released("gw1", "p1", 1, version));
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
    assertTrue(row.rows.isEmpty(), "asked twice");
    // What it is given anew is another matter.
    change(Phase.ACQUIRING, 2, "gw1");
    published(Way.HELD);
    open(2);
    report(new LogicalUnit.Opened("gw1", "p1", 2));
  }

  @Test
  void aMoveThatIsTakenBackWhileTheRowIsAskedLeavesItClosed() throws InterruptedException {
    FakeHandOver row = handingOver();
    release(row);
    CompletableFuture<Boolean> granted = row.next();
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    settle();
    reports.clear();
    granted.complete(true);
    failed(version);
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
  }

  @Test
  void whoIsGivenAUnitServesItAndTellsTheEntity() throws InterruptedException {
    spawn(Phase.RELEASING, 1, "gw2");
    published(Way.HELD);
    actor.tell(handedOver(sameEntry(Phase.SERVING, 2, "gw1")));
    published(Way.HELD);
    Call.Opening opening = path.next(Call.Opening.class);
    settle();
    assertTrue(reports.isEmpty(), () -> "reported before it is open " + reports);
    opening.done().complete(null);
    published(Way.LOCAL);
    toldOf("gw1", "p1");
    assertEquals(new LunActor.ClaimOutcome("u1", 2, true), claims.poll(10, TimeUnit.SECONDS));
    settle();
    time.timePasses(REPEAT);
    toldOf("gw1", "p1");
    change(Phase.SERVING, 2, "gw1");
    settle();
    time.timePasses(REPEAT.multipliedBy(2));
    settle();
    assertTrue(reports.isEmpty(), () -> "still reporting " + reports);
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
  }

  @Test
  void whatItHasClaimedIsServedOnceItIsOpenAndStaysSoWhenItIsRecorded()
      throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw2");
    published(Way.REMOTE);
    actor.tell(claimed(sameEntry(Phase.SERVING, 2, "gw1")));
    published(Way.HELD);
    open(2);
    assertEquals(2, published(Way.LOCAL).epoch());
    assertEquals(new LunActor.ClaimOutcome("u1", 2, true), claims.poll(10, TimeUnit.SECONDS));
    change(Phase.SERVING, 2, "gw1");
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
    assertTrue(reports.isEmpty(), () -> "reported " + reports);
  }

  @Test
  void aClaimThatCanNotBeOpenedIsDroppedAndReportedOnceItIsRecorded() throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw2");
    published(Way.REMOTE);
    actor.tell(claimed(sameEntry(Phase.SERVING, 2, "gw1")));
    published(Way.HELD);
    path.next(Call.Opening.class).done().completeExceptionally(new IllegalStateException("gone"));
    assertEquals(new LunActor.ClaimOutcome("u1", 2, false), claims.poll(10, TimeUnit.SECONDS));
    settle();
    time.timePasses(REPEAT);
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
    assertTrue(reports.isEmpty(), () -> "reported what is not recorded " + reports);
    // Its entity has recorded it.
    change(Phase.SERVING, 2, "gw1");
    path.next(Call.Opening.class).done().completeExceptionally(new IllegalStateException("gone"));
    failed(version);
    assertTrue(claims.isEmpty());
  }

  private LunActor.Changed sameEntry(Phase phase, long epoch, String owner) {
    version--;
    return entry(phase, epoch, owner);
  }

  @Test
  void anOpeningThatTakesTooLongIsGivenUp() throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    Call.Opening opening = path.next(Call.Opening.class);
    settle();
    assertTrue(reports.isEmpty());
    time.timePasses(OPEN_BOUND);
    failed(version);
    settle();
    // The entity has not counted it, for another entry came between.
    change(Phase.SERVING, 1, "gw1");
    failed(version);
    settle();
    // It ends all the same: nothing of it is served.
    opening.done().complete(null);
    path.next(Call.Releasing.class).done().complete(null);
    failed(version);
    change(Phase.UNOWNED, 1, "");
    published(Way.HELD);
    settle();
  }

  @Test
  void aClaimIsDroppedAlsoWhenWhatWasOpenBeforeIsNeverReleased() throws InterruptedException {
    serve();
    change(Phase.SERVING, 2, "gw2");
    published(Way.REMOTE);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    actor.tell(claimed(sameEntry(Phase.SERVING, 3, "gw1")));
    published(Way.HELD);
    settle();
    assertTrue(claims.isEmpty());
    time.timePasses(OPEN_BOUND);
    assertEquals(new LunActor.ClaimOutcome("u1", 3, false), claims.poll(10, TimeUnit.SECONDS));
    releasing.done().complete(null);
    settle();
    assertTrue(path.calls.isEmpty(), () -> "asked of the store " + path.calls);
  }

  /** A store without a fence could let land late what hangs in it. */
  @Test
  void whatHangsUnderTheSameEpochIsNotGivenUp() throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    published(Way.HELD);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    settle();
    time.timePasses(OPEN_BOUND.multipliedBy(2));
    settle();
    assertFalse(
        reports.stream().anyMatch(LogicalUnit.OpenFailed.class::isInstance),
        () -> "reported " + reports);
    releasing.done().complete(null);
    open(1);
    published(Way.LOCAL);
  }

  /** The entity can't tell by the epoch which of two moves was answered. */
  @Test
  void eachReleaseIsReportedForTheEntryThatAskedForIt() throws InterruptedException {
    serve();
    change(Phase.RELEASING, 1, "gw1");
    long first = version;
    published(Way.HELD);
    path.next(Call.Releasing.class).done().complete(null);
    report(new LogicalUnit.Released("gw1", "p1", 1, first));
    change(Phase.SERVING, 1, "gw1");
    published(Way.HELD);
    Call.Opening opening = path.next(Call.Opening.class);
    change(Phase.RELEASING, 1, "gw1");
    long second = version;
    published(Way.HELD);
    settle();
    assertFalse(reports.stream().anyMatch(LogicalUnit.Released.class::isInstance));
    opening.done().complete(null);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    settle();
    assertFalse(reports.stream().anyMatch(LogicalUnit.Released.class::isInstance));
    releasing.done().complete(null);
    settle();
    LogicalUnit.Command told = reports.poll(10, TimeUnit.SECONDS);
    while (told instanceof LogicalUnit.Get) {
      told = reports.poll(10, TimeUnit.SECONDS);
    }
    assertEquals(new LogicalUnit.Released("gw1", "p1", 1, second), told);
  }

  @Test
  void aSlowOpeningIsOvertaken() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    published(Way.HELD);
    Call.Opening opening = path.next(Call.Opening.class);
    change(Phase.UNOWNED, 1, "");
    change(Phase.ACQUIRING, 2, "gw2");
    change(Phase.ACQUIRING, 3, "gw1");
    settle();
    opening.done().complete(null);
    while (path.calls.peek() instanceof Call.Published) {
      path.calls.remove();
    }
    path.next(Call.Releasing.class).done().complete(null);
    open(3);
    settle();
    reports.removeIf(LogicalUnit.Get.class::isInstance);
    report(new LogicalUnit.Opened("gw1", "p1", 3));
    settle();
  }

  @Test
  void keepsTheEntityAwakeWhileItOpens() throws InterruptedException {
    spawn(Phase.ACQUIRING, 1, "gw1");
    published(Way.HELD);
    path.next(Call.Opening.class);
    settle();
    time.timePasses(REPEAT);
    assertTrue(reports.poll(10, TimeUnit.SECONDS) instanceof LogicalUnit.Get);
    settle();
    time.timePasses(REPEAT);
    assertTrue(reports.poll(10, TimeUnit.SECONDS) instanceof LogicalUnit.Get);
  }

  @Test
  void aDeletedUnitIsReleasedThenForgotten() throws InterruptedException {
    serve();
    actor.tell(LunActor.Removed.NOW);
    published(Way.HELD);
    Call.Releasing releasing = path.next(Call.Releasing.class);
    actor.tell(LunActor.Removed.NOW);
    settle();
    releasing.done().complete(null);
    path.next(Call.Removed.class);
    kit.createTestProbe().expectTerminated(actor);
  }

  @Test
  void aSuccessorOfAFailedActorReleasesFirstAndIsHeard() throws InterruptedException {
    serve();
    kit.stop(actor);
    long before = publications.get();
    actor = kit.spawn(LunActor.create(surroundings(), true, entry(Phase.RELEASING, 1, "gw1")));
    assertEquals(before + 1, published(Way.HELD).version());
    path.next(Call.Releasing.class);
    settle();
    assertTrue(reports.isEmpty(), () -> "nothing is released yet: " + reports);
  }

  @Test
  void whateverComesInWhateverOrder() throws InterruptedException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    FakeHandOver row = handingOver();
    path.handOver = row;
    // An epoch is acquired once, and only then released.
    spawn(Phase.UNOWNED, 1, "");
    List<CompletableFuture<Void>> pending = new ArrayList<>();
    long epoch = 1;
    for (int step = 0; step < 1_500; step++) {
      switch (random.nextInt(20) > 0 ? random.nextInt(4) : 4) {
        case 0 -> change(Phase.UNOWNED, epoch, "");
        case 1 -> change(Phase.ACQUIRING, ++epoch, random.nextBoolean() ? "gw1" : "gw2");
        case 2 -> change(Phase.SERVING, epoch, random.nextBoolean() ? "gw1" : "gw2");
        case 3 -> change(Phase.RELEASING, epoch, "gw1");
        default -> time.timePasses(REPEAT);
      }
      settle("seed " + seed + " step " + step);
      for (Call call = path.calls.poll(); call != null; call = path.calls.poll()) {
        if (call instanceof Call.Opening opening) {
          pending.add(opening.done());
        } else if (call instanceof Call.Releasing releasing) {
          pending.add(releasing.done());
        }
      }
      assertTrue(pending.size() <= 1, "seed " + seed + " step " + step);
      if (random.nextBoolean()) {
        for (var asked = row.rows.poll(); asked != null; asked = row.rows.poll()) {
          asked.complete(random.nextBoolean());
        }
      }
      if (!pending.isEmpty() && random.nextBoolean()) {
        CompletableFuture<Void> done = pending.remove(0);
        if (random.nextInt(4) == 0) {
          done.completeExceptionally(new IllegalStateException("by chance"));
        } else {
          done.complete(null);
        }
      }
      assertEquals(List.of(), path.broken(), "seed " + seed + " step " + step);
    }
  }

  @Test
  void growsTheVolumeBeforeAnyHostIsTold() throws InterruptedException {
    serve();
    actor.tell(entry(Phase.SERVING, 1, "gw1", 4096, 8192));
    Call.Growing growing = path.next(Call.Growing.class);
    assertEquals(8192, growing.size());
    settle();
    assertEquals(4096, path.announced);
    assertEquals(8192, path.accepted, "what another gateway's host may know of is not refused");
    assertTrue(reports.isEmpty());

    growing.done().complete(null);
    LogicalUnit.Grown grown = new LogicalUnit.Grown("gw1", "p1", 1, 8192);
    report(grown);
    settle();
    time.timePasses(REPEAT);
    report(grown);
    actor.tell(entry(Phase.SERVING, 1, "gw1", 8192, 0));
    settle();
    assertEquals(8192, path.announced);
    time.timePasses(REPEAT.multipliedBy(3));
    settle();
    assertTrue(reports.isEmpty(), () -> "still reporting " + reports);
  }

  @Test
  void aVolumeThatDoesNotGrowIsServedAsItIsAndAskedAgain() throws InterruptedException {
    serve();
    actor.tell(entry(Phase.SERVING, 1, "gw1", 4096, 8192));
    path.next(Call.Growing.class)
        .done()
        .completeExceptionally(new IllegalStateException("no space"));
    settle();
    assertTrue(reports.isEmpty());
    assertEquals(4096, path.announced);
    time.timePasses(Duration.ofSeconds(5));
    path.next(Call.Growing.class).done().complete(null);
    report(new LogicalUnit.Grown("gw1", "p1", 1, 8192));
  }

  @Test
  void onlyTheOwnerGrowsAndANewOneAnew() throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw2");
    published(Way.REMOTE);
    actor.tell(entry(Phase.SERVING, 1, "gw2", 4096, 8192));
    settle();
    assertEquals(8192, path.accepted);
    actor.tell(entry(Phase.ACQUIRING, 2, "gw1", 4096, 8192));
    published(Way.HELD);
    open(2);
    report(new LogicalUnit.Opened("gw1", "p1", 2));
    actor.tell(entry(Phase.SERVING, 2, "gw1", 4096, 8192));
    published(Way.LOCAL);
    Call.Growing growing = path.next(Call.Growing.class);
    // The unit moves on while the store is at it: what was opened is released after that.
    actor.tell(entry(Phase.RELEASING, 2, "gw1", 4096, 8192));
    published(Way.HELD);
    settle();
    assertTrue(path.calls.isEmpty());
    growing.done().complete(null);
    path.next(Call.Releasing.class).done().complete(null);
    LogicalUnit.Command next = reports.poll(10, TimeUnit.SECONDS);
    while (next instanceof LogicalUnit.Get) {
      // Keeps the entity awake while the store is busy.
      next = reports.poll(10, TimeUnit.SECONDS);
    }
    assertEquals(new LogicalUnit.Released("gw1", "p1", 2, version), next);
  }

  /** The same unit, with what the last rollback of it is. */
  private LunActor.Changed rolling(long epoch, String owner, Rollback rollback) {
    LunActor.Changed plain = entry(Phase.SERVING, epoch, owner);
    UnitEntry unit =
        plain.unit().next(plain.unit().ownership(), plain.unit().shared().with(rollback));
    version = unit.version();
    return new LunActor.Changed(unit, plain.exporters(), plain.owner(), false, false);
  }

  private LogicalUnit.RolledBack rolledBack(long epoch, String failure) {
    return new LogicalUnit.RolledBack("gw1", "p1", epoch, "r1", failure, kit.system().ignoreRef());
  }

  @Test
  void nothingIsServedFromTheRecordOfARollbackToThatOfItsEnd() throws InterruptedException {
    serve();
    actor.tell(rolling(1, "gw1", Rollback.begun("daily", "r1")));
    published(Way.HELD);
    Call.RollingBack rollingBack = path.next(Call.RollingBack.class);
    assertEquals("r1", rollingBack.id());
    settle();
    assertTrue(reports.isEmpty());
    rollingBack.done().complete(null);
    report(rolledBack(1, ""));
    settle();
    time.timePasses(REPEAT);
    report(rolledBack(1, ""));
    assertTrue(path.calls.isEmpty(), () -> "not before it is on record: " + path.calls);
    actor.tell(rolling(1, "gw1", Rollback.begun("daily", "r1").ended("")));
    published(Way.LOCAL);
    time.timePasses(REPEAT.multipliedBy(3));
    settle();
    assertTrue(reports.isEmpty(), () -> "still reporting " + reports);
  }

  @Test
  void aNewOwnerGoesOnWithARollbackBeforeItServes() throws InterruptedException {
    spawn(Phase.SERVING, 1, "gw2");
    published(Way.REMOTE);
    actor.tell(rolling(2, "gw1", Rollback.begun("daily", "r1")));
    published(Way.HELD);
    open(2);
    path.next(Call.RollingBack.class).done().complete(null);
    report(rolledBack(2, ""));
    actor.tell(rolling(2, "gw1", Rollback.begun("daily", "r1").ended("")));
    published(Way.LOCAL);
  }

  @Test
  void aRollbackThatFailsIsTriedAgainUnlessNothingWasChanged() throws InterruptedException {
    serve();
    actor.tell(rolling(1, "gw1", Rollback.begun("daily", "r1")));
    published(Way.HELD);
    path.next(Call.RollingBack.class)
        .done()
        .completeExceptionally(new IllegalStateException("no answer"));
    settle();
    assertTrue(reports.isEmpty());
    time.timePasses(Duration.ofSeconds(5));
    path.next(Call.RollingBack.class)
        .done()
        .completeExceptionally(
            new DataPath.NotRolledBack(new IllegalStateException("no such snapshot")));
    report(rolledBack(1, "no such snapshot"));
  }
}
