package io.moongate.cluster.unit;

import static io.moongate.cluster.entity.TermedEntity.ROWS_PER_SNAPSHOT;
import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static io.moongate.cluster.unit.UnitFixture.seen;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.Answer;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.entity.SharedJournal;
import io.moongate.cluster.entity.SharedSnapshots;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two incarnations over one journal (design rule 9): what is not confirmed was not decided. */
class StaleIncarnationTest {
  private static UnitFixture fixture;

  /** The node of the stale incarnation: with a journal plugin of its own, over the same rows. */
  private static ActorTestKit otherNode;

  private TestProbe<ViewPublisher.Command> stalePublished;
  private TestProbe<Answer> staleAnswers;
  private ActorRef<LogicalUnit.Command> stale;

  @BeforeAll
  static void start() {
    fixture = new UnitFixture();
    otherNode = ActorTestKit.create(EntityKit.config());
  }

  @AfterAll
  static void stop() {
    otherNode.shutdownTestKit();
    fixture.close();
  }

  @BeforeEach
  void fresh() {
    fixture.fresh();
    stalePublished = fixture.kit.createTestProbe();
    staleAnswers = fixture.kit.createTestProbe();
  }

  /** The present incarnation is stopped, and one that will become stale takes its place. */
  private void staleIncarnation() {
    fixture.kit.stop(fixture.unit);
    stale = fixture.incarnation(otherNode, stalePublished);
    fixture.ask(stale, LogicalUnit.Get::new);
    stalePublished.receiveMessage(); // That it took over; nothing after.
  }

  /**
   * With a probe of its own: who watches again what is about to end is told twice, and the second
   * word would be met by whoever waits next.
   */
  private static void awaitEnd(ActorRef<LogicalUnit.Command> incarnation, Duration within) {
    TestProbe<Object> watching = fixture.kit.createTestProbe();
    try {
      watching.expectTerminated(incarnation, within);
    } finally {
      watching.stop();
    }
  }

  /** It did not answer, did not publish, and has ended. */
  private void assertSilentEnd() {
    awaitEnd(stale, Duration.ofSeconds(10));
    Answer marker = Answer.unavailable("marker");
    staleAnswers.ref().tell(marker);
    assertEquals(marker, staleAnswers.receiveMessage());
    ViewPublisher.Publish nothing = new ViewPublisher.Publish(null);
    stalePublished.ref().tell(nothing);
    assertEquals(nothing, stalePublished.receiveMessage());
  }

  /** The next incarnation replayed exactly this. */
  private static void assertReplayed(UnitEntry decided) {
    UnitEntry replayed = fixture.get();
    assertEquals(decided.ownership(), replayed.ownership());
    assertEquals(decided.deleted(), replayed.deleted());
    assertEquals(decided.version() + 1, replayed.version(), "and took it over by one event");
  }

  private void staleDeletes() {
    stale.tell(new LogicalUnit.Delete("by the stale one", staleAnswers.ref()));
  }

  @Test
  void theConfigurationLeavesTheChoiceToTheTerms() {
    assertEquals(
        "off",
        ConfigFactory.parseResources("persistence.conf")
            .getString("pekko.persistence.cassandra.journal.replay-filter.mode"),
        "Pekko's filter would drop what was confirmed: see TermReplay");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsLateEventDoesNotHideWhatTheNewerOneDecided(boolean oldTimestamp) {
    fixture.accepted(fixture::create);
    staleIncarnation();
    SharedJournal.Held late = SharedJournal.holdNext(fixture.persistenceId());
    staleDeletes();
    late.awaitArrival();

    fixture.unit = fixture.incarnation();
    UnitEntry decided = fixture.takeOver("gw1", 0);
    late.land(oldTimestamp);
    assertSilentEnd();
    assertEquals(10, SharedJournal.rows(fixture.persistenceId()), "two events of one number");
    fixture.rehome();
    assertReplayed(decided);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsLateEventDoesNotHideTheLastOne(boolean oldTimestamp) {
    fixture.accepted(fixture::create);
    staleIncarnation();
    SharedJournal.Held late = SharedJournal.holdNext(fixture.persistenceId());
    staleDeletes();
    late.awaitArrival();

    // The newer one has only taken over: its event and the late one are the last of all.
    fixture.unit = fixture.incarnation();
    UnitEntry decided = fixture.get();
    late.land(oldTimestamp);
    assertSilentEnd();
    fixture.rehome();
    assertReplayed(decided);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void itsFirstEventsAreNotTakenForTheNewestWriters(boolean oldTimestamp) {
    fixture.accepted(fixture::create);
    fixture.kit.stop(fixture.unit);
    SharedJournal.Held late = SharedJournal.holdNext(fixture.persistenceId());
    stale = fixture.incarnation(otherNode, stalePublished);
    staleDeletes();
    late.awaitArrival();

    fixture.unit = fixture.incarnation();
    fixture.takeOver("gw1", 0);
    fixture.opened("gw1", 1);
    UnitEntry decided = fixture.awaitPublished(Phase.SERVING);
    late.land(oldTimestamp);
    assertSilentEnd();
    fixture.rehome();
    assertReplayed(decided);
  }

  @Test
  void severalLateEventsAreDropped() throws InterruptedException {
    fixture.accepted(fixture::create);
    staleIncarnation();
    fixture.terms.confirm.close();
    SharedJournal.Held late = SharedJournal.holdNext(fixture.persistenceId());
    stale.tell(
        new LogicalUnit.TakeOver(
            "gw3", incarnationOf("gw3"), 0, "t", List.of(), staleAnswers.ref()));
    fixture.terms.confirm.awaitKept(1);
    staleDeletes();
    late.awaitArrival();

    fixture.unit = fixture.incarnation();
    fixture.terms.confirm.awaitKept(2);
    late.land(false);
    fixture.terms.confirm.open();
    assertSilentEnd();
    UnitEntry decided = fixture.takeOver("gw2", 0);
    fixture.rehome();
    assertReplayed(decided);
  }

  @Test
  void whatItAppendedInTimeIsTakenIn() throws InterruptedException {
    fixture.accepted(fixture::create);
    staleIncarnation();
    fixture.terms.confirm.close();
    staleDeletes();
    fixture.terms.confirm.awaitKept(1);
    fixture.unit = fixture.incarnation();
    fixture.terms.confirm.awaitKept(2);
    fixture.terms.confirm.open();
    assertSilentEnd();
    assertTrue(fixture.get().deleted(), "it was in the journal before the newer one replayed");
  }

  /** It began before the unit was created, so it has no entry to tell again to who is not heard. */
  @Test
  void oneThatKnowsOfNoUnitNoticesWhenItIsToldSomething() {
    fixture.kit.stop(fixture.unit);
    stale = fixture.incarnation(otherNode, stalePublished);
    fixture.ask(stale, LogicalUnit.Get::new);
    fixture.unit = fixture.incarnation();
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    stale.tell(new LogicalUnit.Opened("gw1", incarnationOf("gw1"), 1));
    assertSilentEnd();
  }

  @Test
  void itDoesNotEvenReachTheOwnershipRow() throws InterruptedException {
    fixture.accepted(fixture::create);
    staleIncarnation();
    fixture.terms.confirm.close();
    stale.tell(
        new LogicalUnit.TakeOver(
            "gw1", incarnationOf("gw1"), 0, "t", List.of(), staleAnswers.ref()));
    fixture.terms.confirm.awaitKept(1);
    fixture.unit = fixture.incarnation();
    fixture.terms.confirm.awaitKept(2); // Only now is the older one stale.
    fixture.terms.confirm.open();
    assertSilentEnd();
    assertEquals(List.of(), fixture.rows.decided(fixture.id));
  }

  @Test
  void itsProposalThatReachedTheRowIsRecordedByTheNewerOneOnlyWhenSafe()
      throws InterruptedException {
    fixture.serving("gw1");
    staleIncarnation();
    fixture.rows.claims.close();
    stale.tell(
        new LogicalUnit.TakeOver(
            "gw2",
            incarnationOf("gw2"),
            1,
            "t",
            List.of(seen("gw1", Kind.PROCESS_GONE)),
            staleAnswers.ref()));
    fixture.rows.claims.awaitKept(1);
    fixture.unit = fixture.incarnation();
    assertEquals(1, fixture.get().ownership().epoch());
    fixture.rows.claims.open();
    assertSilentEnd();
    assertEquals(2, fixture.rows.decided(fixture.id).size());
    assertEquals(
        "gw2", fixture.takeOver("gw3", 1, seen("gw1", Kind.PROCESS_GONE)).ownership().owner());
  }

  @Test
  void whoCantLearnWhetherItIsStaleStopsWithoutAnAnswer() {
    fixture.accepted(fixture::create);
    staleIncarnation();
    fixture.terms.confirm.failNext(1_000);
    staleDeletes();
    // The confirmation is asked again until its attempts are used up.
    fixture.answers.awaitAssert(
        Duration.ofSeconds(20),
        Duration.ofMillis(1),
        () -> {
          ManualTime.get(otherNode.system()).timePasses(Duration.ofMillis(250));
          awaitEnd(stale, Duration.ofMillis(10));
          return null;
        });
    fixture.terms.confirm.failNext(0);
    assertSilentEnd();
  }

  @Test
  void aSnapshotOfAStaleIncarnationIsNotBelieved() {
    fixture.serving("gw1");
    // Each move and its end by the bound are two events, of two rows each.
    UnitEntry before = fixture.get();
    while (fixture.terms.snapshot(fixture.persistenceId()).isEmpty()) {
      fixture.move("gw2");
      fixture.get();
      fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
      UnitEntry after = fixture.get();
      assertNotEquals(before, after);
      before = after;
      assertTrue(
          SharedJournal.rows(fixture.persistenceId()) < 2 * ROWS_PER_SNAPSHOT, "no snapshot came");
    }
    assertEquals(
        OptionalLong.of(ROWS_PER_SNAPSHOT), fixture.terms.snapshot(fixture.persistenceId()));
    assertTrue(SharedSnapshots.holds(fixture.persistenceId(), ROWS_PER_SNAPSHOT));

    UnitEntry decided = fixture.get();
    fixture.rehome();
    assertReplayed(decided);
    decided = fixture.get();

    UnitEntry.Ownership wrong =
        new UnitEntry.Ownership(
            Phase.SERVING, 77, "gw3", "x", "", UnitFixture.NOW, "", List.of(), List.of());
    SharedSnapshots.put(
        SerializationExtension.get(fixture.kit.system()),
        fixture.persistenceId(),
        ROWS_PER_SNAPSHOT,
        new LogicalUnit.Snapshot(
            99,
            new UnitState(
                Optional.of(
                    new UnitEntry(
                        fixture.id, 500, 1, "", "memory", 4096, 512, List.of(), wrong, false)),
                "",
                0),
            ""));
    // The first that finds it ends; whoever comes next replays everything.
    fixture.kit.stop(fixture.unit);
    ActorRef<LogicalUnit.Command> finder = fixture.incarnation();
    awaitEnd(finder, Duration.ofSeconds(10));
    fixture.unit = fixture.incarnation();
    assertReplayed(decided);
  }
}
