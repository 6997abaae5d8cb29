package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.DataPath.Way;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Units that were taken over by the row, before the view shows it: on the claimant and beside it.
 */
class LunsTest {
  private static final Duration TELL_AGAIN = Duration.ofMillis(200);
  private static final Duration COALESCE = Duration.ofMillis(5);

  private static ActorTestKit kit;
  private static ManualTime time;

  private final View view = new View();
  private final Path path = new Path();
  private final BlockingQueue<Luns.Claimed> told = new LinkedBlockingQueue<>();
  private final BlockingQueue<Map.Entry<String, Luns.Claimed>> toldOne =
      new LinkedBlockingQueue<>();
  private final BlockingQueue<Luns.Claim> heard = new LinkedBlockingQueue<>();
  private final BlockingQueue<LogicalUnit.Command> reports = new LinkedBlockingQueue<>();
  private ActorRef<Luns.Command> luns;

  private record Published(Way way, long epoch) {}

  private static final class Path implements DataPath {
    final BlockingQueue<Published> published = new LinkedBlockingQueue<>();
    final BlockingQueue<Long> opened = new LinkedBlockingQueue<>();
    volatile CompletableFuture<Void> opening = new CompletableFuture<>();

    @Override
    public boolean isFenced(String unitId) {
      return false;
    }

    @Override
    public void share(UnitEntry unit) {}

    @Override
    public void publish(
        UnitEntry unit,
        PathStates states,
        Way way,
        Optional<GatewayEntry> owner,
        AluaQueries queries) {
      published.add(new Published(way, states.epoch()));
    }

    @Override
    public CompletionStage<Void> open(UnitEntry unit, long epoch) {
      opened.add(epoch);
      return opening;
    }

    @Override
    public CompletionStage<Void> release(UnitEntry unit, boolean mayKeep) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public void resize(UnitEntry unit) {}

    @Override
    public CompletionStage<Void> grow(UnitEntry unit) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Void> rollBack(UnitEntry unit) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public void remove(String unitId) {}
  }

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(ManualTime.config());
    time = ManualTime.get(kit.system());
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  /** This gateway is gw2; gw1 owns the unit under epoch 1. */
  private void begin() throws InterruptedException {
    for (int number = 1; number <= 3; number++) {
      view.apply(Entries.up("gw" + number, number));
    }
    view.apply(Entries.unit("u", 7, Phase.SERVING, 1, "gw1"));
    CompletableFuture<ActorRef<Luns.Command>> self = new CompletableFuture<>();
    LunActor.Surroundings surroundings =
        new LunActor.Surroundings(
            "gw2",
            "gw2-p1",
            2,
            10,
            path,
            new NoHandOver(),
            report -> reports.add(report.command()),
            outcome -> self.join().tell(Luns.ended(outcome)),
            Duration.ofSeconds(5),
            new AtomicLong()::incrementAndGet,
            new ConcurrentHashMap<>());
    Luns.Others others =
        new Luns.Others() {
          @Override
          public void tellAll(Luns.Claimed claimed) {
            told.add(claimed);
          }

          @Override
          public void tell(String incarnation, Luns.Claimed claimed) {
            toldOne.add(Map.entry(incarnation, claimed));
          }
        };
    luns = kit.spawn(Luns.create(view, surroundings, others, heard::add));
    self.complete(luns);
    published(Way.REMOTE, 1);
  }

  private void published(Way way, long epoch) throws InterruptedException {
    assertEquals(new Published(way, epoch), path.published.poll(10, TimeUnit.SECONDS));
  }

  private void told(List<Luns.Claim> claims, Duration within) throws InterruptedException {
    // What an actor of a unit has said is there when a later message has been answered: see below.
    kit.createTestProbe().expectNoMessage(Duration.ofMillis(50));
    time.timePasses(within);
    assertEquals(new Luns.Claimed(claims), told.poll(10, TimeUnit.SECONDS));
  }

  private void nothingMore() {
    // Whatever the units' actors were told is done when a report of the last message comes.
    kit.createTestProbe().expectNoMessage(Duration.ofMillis(50));
    assertNull(path.published.poll());
    assertNull(path.opened.poll());
  }

  private void apply(ViewEntry entry) {
    view.apply(entry);
    luns.tell(new Luns.EntryChanged(entry));
  }

  private static Luns.Claim claim(String owner, long epoch) {
    return new Luns.Claim("u", epoch, owner, owner + "-p1", "failover", Entries.NOW);
  }

  @Test
  void theClaimantOpensTellsTheOthersAndGoesOnWhenTheViewShowsIt() throws InterruptedException {
    begin();
    luns.tell(new Luns.OwnerGone("gw1-p1"));
    published(Way.HELD, 1);
    luns.tell(claim("gw2", 2));
    published(Way.HELD, 2);
    assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
    assertNull(told.poll(), "told before it is open");
    path.opening.complete(null);
    published(Way.LOCAL, 2);
    told(List.of(claim("gw2", 2)), Duration.ZERO);
    told(List.of(claim("gw2", 2)), TELL_AGAIN);
    // The entity has adopted, and knows nothing yet.
    apply(Entries.unit("u", 8, Phase.SERVING, 1, "gw1"));
    nothingMore();
    apply(Entries.unit("u", 9, Phase.SERVING, 2, "gw2"));
    nothingMore();
    told.clear();
    time.timePasses(TELL_AGAIN);
    nothingMore();
    assertNull(told.poll(), "the view shows it");
    apply(Entries.unit("u", 10, Phase.ACQUIRING, 3, "gw3"));
    published(Way.HELD, 3);
  }

  /** After the failure of a gateway with many units. */
  @Test
  void manyClaimsAreToldInFewMessages() throws InterruptedException {
    begin();
    path.opening.complete(null);
    List<Luns.Claim> all = new ArrayList<>();
    for (int number = 0; number < 450; number++) {
      String id = "many-" + number;
      apply(Entries.unit(id, 7, Phase.SERVING, 1, "gw1"));
      all.add(new Luns.Claim(id, 2, "gw2", "gw2-p1", "failover", Entries.NOW));
    }
    all.forEach(luns::tell);
    for (int opened = 0; opened < all.size(); opened++) {
      assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
    }
    kit.createTestProbe().expectNoMessage(Duration.ofMillis(200));
    time.timePasses(COALESCE);
    Set<Luns.Claim> told = new HashSet<>();
    for (int message = 0; message < 4; message++) { // The first one goes alone.
      List<Luns.Claim> some = this.told.poll(10, TimeUnit.SECONDS).claims();
      assertTrue(some.size() <= 200, () -> some.size() + " in one message");
      told.addAll(some);
    }
    assertEquals(new HashSet<>(all), told);
    assertNull(this.told.poll());
  }

  @Test
  void whoIsToldRelaysToTheClaimantAtOnce() throws InterruptedException {
    begin();
    luns.tell(new Luns.Claimed(List.of(claim("gw3", 2))));
    published(Way.REMOTE, 2);
    assertEquals(claim("gw3", 2), heard.poll());
    luns.tell(new Luns.Claimed(List.of(claim("gw3", 2), claim("gw2", 1))));
    nothingMore();
    apply(Entries.unit("u", 8, Phase.SERVING, 1, "gw1"));
    nothingMore();
    // It is as good as none when its owner is gone.
    luns.tell(new Luns.OwnerGone("gw3-p1"));
    published(Way.HELD, 2);
    apply(Entries.unit("u", 9, Phase.SERVING, 3, "gw1"));
    published(Way.REMOTE, 3);
    luns.tell(new Luns.Claimed(List.of(claim("gw3", 3))));
    nothingMore();
  }

  @Test
  void aClaimThatCanNotBeOpenedIsDropped() throws InterruptedException {
    begin();
    luns.tell(claim("gw2", 2));
    published(Way.HELD, 2);
    assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
    path.opening.completeExceptionally(new IllegalStateException("gone"));
    published(Way.REMOTE, 1);
    nothingMore();
    assertNull(told.poll());
    assertNull(reports.poll(), "the entity knows of no such epoch");
    // It is recorded, so that the entity can be told and give it to another.
    apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw2"));
    published(Way.HELD, 2);
    assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
    LogicalUnit.OpenFailed failed = (LogicalUnit.OpenFailed) reports.poll(10, TimeUnit.SECONDS);
    assertEquals(8, failed.seen());
  }

  private static Luns.Claim given(String owner, long sharedVersion) {
    return new Luns.Claim("u", 2, owner, owner + "-p1", "move", Entries.NOW, sharedVersion, true);
  }

  @Test
  void whatThisGatewayHasHandedOverOnlyTheSuccessorIsTold() throws InterruptedException {
    begin();
    luns.tell(new Luns.Given(given("gw3", 4)));
    assertEquals(
        Map.entry("gw3-p1", new Luns.Claimed(List.of(given("gw3", 4)))),
        toldOne.poll(10, TimeUnit.SECONDS));
    // Nor is it taken for the owner here before it has said that it is open.
    nothingMore();
    assertNull(told.poll());
  }

  @Test
  void whoIsGivenAUnitOpensItAndTellsTheOthersAndTheEntity() throws InterruptedException {
    begin();
    apply(Entries.unit("u", 8, Phase.RELEASING, 1, "gw1"));
    published(Way.HELD, 1);
    luns.tell(new Luns.Claimed(List.of(given("gw2", 0))));
    published(Way.HELD, 2);
    assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
    assertNull(told.poll(), "told before it is open");
    path.opening.complete(null);
    published(Way.LOCAL, 2);
    assertEquals(
        new LogicalUnit.HandedOver("gw2", "gw2-p1", 2, "move"), reports.poll(10, TimeUnit.SECONDS));
    told(List.of(given("gw2", 0)), Duration.ZERO);
    apply(Entries.unit("u", 9, Phase.SERVING, 2, "gw2"));
    nothingMore();
  }

  /** Reservations of hosts, for one, are in it. */
  @Test
  void whoDoesNotHaveTheSharedStateOfTheOwnerBeforeDoesNotServeByTheRow()
      throws InterruptedException {
    begin();
    luns.tell(new Luns.Claimed(List.of(given("gw2", 1))));
    nothingMore();
    // The record of the entity comes with it.
    apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw2"));
    published(Way.HELD, 2);
    assertEquals(2, path.opened.poll(10, TimeUnit.SECONDS));
  }
}
