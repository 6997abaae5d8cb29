package io.moongate.cluster.unit;

import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static io.moongate.cluster.unit.UnitFixture.seen;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.unit.OwnershipRows.TakeOver;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogicalUnitTest {
  private static UnitFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new UnitFixture();
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @BeforeEach
  void fresh() {
    fixture.fresh();
  }

  @Test
  void whatComesBeforeTheTermWaitsForIt() throws InterruptedException {
    fixture.kit.stop(fixture.unit);
    fixture.terms.take.close();
    fixture.unit = fixture.incarnation();
    fixture.terms.take.awaitKept(1);
    TestProbe<Answer> early = fixture.kit.createTestProbe();
    fixture.unit.tell(fixture.create(early.ref()));
    fixture.unit.tell(new LogicalUnit.Get(early.ref()));
    fixture.unit.tell(new LogicalUnit.Delete("early", early.ref()));
    fixture.terms.take.open();
    assertEquals(1, UnitFixture.entry(early.receiveMessage()).version());
    assertEquals(1, UnitFixture.entry(early.receiveMessage()).version());
    assertTrue(UnitFixture.entry(early.receiveMessage()).deleted());
    // It is the event-sourced entity now, with the journal behind it.
    fixture.rehome();
    assertTrue(fixture.get().deleted());
  }

  @Test
  void withoutATermItStopsAndAnswersNothing() throws InterruptedException {
    fixture.kit.stop(fixture.unit);
    fixture.terms.take.failNext(1);
    ActorRef<LogicalUnit.Command> refused = fixture.incarnation();
    fixture.answers.expectTerminated(refused);
    fixture.unit = fixture.incarnation();
    assertEquals(Refusal.Kind.NOT_FOUND, fixture.refused(LogicalUnit.Get::new).kind());
  }

  @Test
  void aCreationMayBeRepeatedAndNotChanged() {
    UnitEntry created = fixture.accepted(fixture::create);
    assertEquals(0, created.ownership().epoch());
    assertEquals(Phase.UNOWNED, created.ownership().phase());
    assertEquals(created, fixture.accepted(fixture::create));
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture
            .refused(
                replyTo ->
                    new LogicalUnit.Create(
                        1,
                        "other",
                        "memory",
                        4096,
                        512,
                        List.of(),
                        UnitAttributes.DEFAULT,
                        replyTo))
            .kind());
  }

  @Test
  void theFirstOwnerNeedsNoEvidence() {
    fixture.accepted(fixture::create);
    Ownership chosen = fixture.takeOver("gw1", 0).ownership();
    assertEquals(Phase.ACQUIRING, chosen.phase());
    assertEquals(1, chosen.epoch());
    assertTrue(chosen.ownedBy("gw1", incarnationOf("gw1")));
    assertEquals(
        List.of(new OwnershipRows.Row(1, "gw1", incarnationOf("gw1"))),
        fixture.rows.decided(fixture.id));

    fixture.opened("gw1", 1);
    Ownership serving = fixture.awaitPublished(Phase.SERVING).ownership();
    assertEquals(1, serving.epoch());
    assertEquals("gw1", serving.owner());
  }

  @Test
  void onlyTheOwnerOfTheEpochOpensIt() {
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    fixture.opened("gw2", 1);
    fixture.opened("gw1", 2);
    fixture.unit.tell(new LogicalUnit.Opened("gw1", "an older process", 1));
    assertEquals(Phase.ACQUIRING, fixture.get().ownership().phase());
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"PROCESS_GONE", "SUPERSEDED", "STOPPED", "RECORDED_FAILED"})
  void proofOfTheOwnersEndSuffices(Kind proof) {
    fixture.serving("gw1");
    Ownership next = fixture.takeOver("gw2", 1, seen("gw1", proof)).ownership();
    assertEquals(2, next.epoch());
    assertEquals("gw2", next.owner());
    assertEquals(Phase.ACQUIRING, next.phase());
    assertEquals(List.of(seen("gw1", proof)), next.evidence());
  }

  @Test
  void removalSufficesOnlyOnceTheLeaseIsOut() {
    fixture.serving("gw1");
    assertEquals("evidence", fixture.takeOverRefused("gw2", 1).field());
    assertEquals(
        "evidence", fixture.takeOverRefused("gw2", 1, seen("gw1", Kind.UNREACHABLE)).field());
    assertEquals("evidence", fixture.takeOverRefused("gw2", 1, seen("gw1", Kind.REMOVED)).field());
    assertEquals(
        "evidence", fixture.takeOverRefused("gw2", 1, seen("gw1", Kind.LEASE_OUT)).field());
    assertEquals(
        "evidence", fixture.takeOverRefused("gw2", 1, seen("gw3", Kind.PROCESS_GONE)).field());
    assertEquals(
        "evidence",
        fixture
            .takeOverRefused(
                "gw2",
                1,
                new Observation("gw9", "gw1", "older", Kind.PROCESS_GONE, UnitFixture.NOW, ""))
            .field());
    assertEquals(1, fixture.rows.decided(fixture.id).size());
    assertEquals(
        2,
        fixture
            .takeOver("gw2", 1, seen("gw1", Kind.REMOVED), seen("gw1", Kind.LEASE_OUT))
            .ownership()
            .epoch());
  }

  @Test
  void whoAsksByAnOldEpochIsRefusedAndTold() {
    fixture.serving("gw1");
    fixture.takeOver("gw2", 1, seen("gw1", Kind.PROCESS_GONE));
    fixture.awaitPublished(Phase.ACQUIRING);
    assertEquals(
        "epoch", fixture.takeOverRefused("gw3", 1, seen("gw1", Kind.PROCESS_GONE)).field());
    assertEquals("gw2", fixture.awaitPublished(Phase.ACQUIRING).ownership().owner());
    assertEquals(2, fixture.rows.decided(fixture.id).size());
  }

  @Test
  void theOwnerMayRepeatItsTakeOver() {
    fixture.accepted(fixture::create);
    assertEquals(fixture.takeOver("gw1", 0), fixture.takeOver("gw1", 0));
    assertEquals(1, fixture.rows.decided(fixture.id).size());
  }

  @Test
  void whoCantOpenIsRememberedUntilSomebodyServes() {
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    fixture.unit.tell(
        new LogicalUnit.OpenFailed("gw1", incarnationOf("gw1"), 1, "no such pool", 0));
    Ownership none = fixture.awaitPublished(Phase.UNOWNED).ownership();
    while (none.epoch() == 0) {
      none = fixture.awaitPublished(Phase.UNOWNED).ownership();
    }
    assertEquals("", none.owner());
    assertEquals(1, none.epoch());
    assertEquals(List.of("gw1"), none.refusedBy());

    fixture.takeOver("gw2", 1);
    // The first one's late word changes nothing any more.
    fixture.opened("gw1", 1);
    assertEquals("gw2", fixture.get().ownership().owner());
    fixture.opened("gw2", 2);
    assertEquals(List.of(), fixture.awaitPublished(Phase.SERVING).ownership().refusedBy());
  }

  @Test
  void anOwnerThatSaysNothingLosesTheUnitAtTheBound() {
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    fixture.get();
    fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
    assertEquals(List.of("gw1"), fixture.get().ownership().refusedBy());
    assertEquals(Phase.UNOWNED, fixture.get().ownership().phase());
    fixture.opened("gw1", 1);
    assertEquals(Phase.UNOWNED, fixture.get().ownership().phase());
    assertEquals(2, fixture.takeOver("gw2", 1).ownership().epoch());
    for (String next : List.of("gw2", "gw1")) {
      fixture.get();
      fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
      List<String> refusedBy = fixture.get().ownership().refusedBy();
      assertEquals(2, refusedBy.size());
      assertEquals(next, refusedBy.get(1), "the last one");
      fixture.takeOver("gw1", fixture.get().ownership().epoch());
    }
  }

  @Test
  void theBoundRunsAgainInTheNextIncarnation() {
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    fixture.rehome();
    assertEquals(Phase.ACQUIRING, fixture.get().ownership().phase());
    fixture.get(); // The bound is set once the history was taken over.
    fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
    assertEquals(Phase.UNOWNED, fixture.get().ownership().phase());
  }

  @Test
  void aPlannedMoveWaitsForTheRelease() {
    fixture.serving("gw1");
    Ownership releasing = fixture.move("gw2").ownership();
    assertEquals(Phase.RELEASING, releasing.phase());
    assertEquals(1, releasing.epoch());
    assertEquals("gw1", releasing.owner());
    assertEquals("gw2", releasing.successor());
    fixture.released("gw2", 1);
    fixture.released("gw1", 2);
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    assertEquals(1, fixture.rows.decided(fixture.id).size());

    fixture.released("gw1", 1);
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertTrue(next.ownedBy("gw2", incarnationOf("gw2")));
    fixture.released("gw1", 1);
    assertEquals(2, fixture.get().ownership().epoch());
  }

  @Test
  void anOwnerThatDoesNotReleaseKeepsTheUnitUnderItsEpoch() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    Ownership kept = fixture.get().ownership();
    assertEquals(Phase.SERVING, kept.phase());
    assertEquals(1, kept.epoch());
    assertTrue(kept.ownedBy("gw1", incarnationOf("gw1")));
    // Its late release is of a request that does not stand any more.
    fixture.released("gw1", 1);
    assertEquals(Phase.SERVING, fixture.get().ownership().phase());
    assertEquals(1, fixture.rows.decided(fixture.id).size());
  }

  /**
   * The first move was abandoned and the owner serves again, under the same epoch, while it has not
   * seen the second one yet: what it said of the first must not make anyone its successor.
   */
  @Test
  void theLateReleaseOfAnAbandonedMoveDoesNotAnswerTheNextOne() {
    fixture.serving("gw1");
    UnitEntry first = fixture.move("gw2");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    assertEquals(Phase.SERVING, fixture.get().ownership().phase());
    UnitEntry second = fixture.move("gw3");
    fixture.released("gw1", 1, first.version());
    fixture.released("gw1", 1, 0);
    fixture.released("gw1", 1, second.version() - 1);
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    assertEquals(1, fixture.rows.decided(fixture.id).size(), "gw1 may be serving");
    // Also when the entity has moved meanwhile: what it replays is the same request.
    fixture.rehome();
    fixture.get();
    fixture.released("gw1", 1, first.version());
    fixture.get();
    assertEquals(1, fixture.rows.decided(fixture.id).size());
    fixture.released("gw1", 1, second.version());
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertEquals("gw3", next.owner());
  }

  /** What some commands that are to end wait for makes newer entries of the same request. */
  @Test
  void aReleaseIsTakenAlsoAfterTheSharedStateHasChanged() {
    fixture.serving("gw1");
    UnitEntry asked = fixture.move("gw2");
    fixture.accepted(
        to ->
            new LogicalUnit.ChangeShared(
                "gw1", incarnationOf("gw1"), 1, asked.shared().as(1, "c1"), "test", to));
    fixture.released("gw1", 1, asked.version());
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertEquals("gw2", next.owner());
  }

  @Test
  void aMoveIsTakenBackWhileTheOwnerHasNotReleased() {
    fixture.serving("gw1");
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
    UnitEntry move = fixture.move("gw2");
    UnitEntry kept = fixture.accepted(to -> new LogicalUnit.CancelMove("by test", to));
    assertEquals(Phase.SERVING, kept.ownership().phase());
    assertEquals("gw1", kept.ownership().owner());
    assertEquals(1, kept.ownership().epoch());
    assertEquals("by test", kept.ownership().cause());
    fixture.released("gw1", 1, move.version());
    fixture.move("gw3");
    fixture.released("gw1", 1, move.version());
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase(), "of the move taken back");
    assertEquals(1, fixture.rows.decided(fixture.id).size());
  }

  @Test
  void aMoveIsNotTakenBackOnceTheNextOwnerIsBeingDecided() throws InterruptedException {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.claims.close();
    fixture.released("gw1", 1);
    fixture.rows.claims.awaitKept(1);
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
    fixture.rows.claims.open();
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertEquals("gw2", next.owner());
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
  }

  /** By the row, of which the entity has not heard yet. */
  @Test
  void aMoveIsNotTakenBackOnceTheOwnerHasHandedTheUnitOver() {
    fixture.serving("gw1");
    UnitEntry move = fixture.move("gw2");
    OwnershipRows.Row next = new OwnershipRows.Row(2, "gw2", incarnationOf("gw2"), true);
    TakeOver asked =
        new TakeOver(fixture.id, next, move.shared().version(), "as the move asks for");
    assertEquals(
        Map.of(fixture.id, next),
        fixture.rows.takeOver(List.of(asked)).toCompletableFuture().join());
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    fixture.unit.tell(new LogicalUnit.HandedOver("gw1", incarnationOf("gw1"), 2, "planned"));
    Ownership now = fixture.awaitPublished(Phase.SERVING).ownership();
    assertEquals(2, now.epoch());
    assertEquals("gw2", now.owner());
    assertEquals("planned", now.cause());
  }

  @Test
  void aMoveIsNotTakenBackWhileTheRowCanNotBeAsked() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.raises.failNext(1);
    assertEquals(
        Refusal.Kind.UNAVAILABLE,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
  }

  /** Else two changes of one version could be accepted. */
  @Test
  void aMoveIsNotTakenBackWhileTheRowIsRaisedForAChange() throws InterruptedException {
    fixture.serving("gw1");
    UnitEntry move = fixture.move("gw2");
    fixture.rows.raises.close();
    TestProbe<Answer> changed = fixture.kit.createTestProbe();
    fixture.unit.tell(
        new LogicalUnit.ChangeShared(
            "gw1", incarnationOf("gw1"), 1, move.shared().as(1, "c1"), "test", changed.ref()));
    fixture.rows.raises.awaitKept(1);
    assertEquals(
        Refusal.Kind.UNAVAILABLE,
        fixture.refused(to -> new LogicalUnit.CancelMove("by test", to)).kind());
    fixture.rows.raises.open();
    assertInstanceOf(Answer.Accepted.class, changed.receiveMessage());
    fixture.accepted(to -> new LogicalUnit.CancelMove("by test", to));
  }

  @Test
  void whatTakesAMoveBackDoesNotTakeTheNextOneBack() throws InterruptedException {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.raises.close();
    TestProbe<Answer> cancelled = fixture.kit.createTestProbe();
    fixture.unit.tell(new LogicalUnit.CancelMove("by test", cancelled.ref()));
    fixture.rows.raises.awaitKept(1);
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    Ownership now = fixture.awaitPublished(Phase.SERVING).ownership();
    assertEquals(1, now.epoch(), "the bound has passed");
    fixture.move("gw3");
    fixture.rows.raises.open();
    Answer.Refused refused = assertInstanceOf(Answer.Refused.class, cancelled.receiveMessage());
    assertEquals(Refusal.Kind.CONFLICT, refused.kind());
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
  }

  @Test
  void theOrderOfPreferenceChangesWhateverThePhase() {
    assertEquals(
        Refusal.Kind.NOT_FOUND,
        fixture.refused(to -> new LogicalUnit.SetPreferred(List.of(), "test", to)).kind());
    fixture.serving("gw1");
    UnitEntry set =
        fixture.accepted(to -> new LogicalUnit.SetPreferred(List.of("gw3"), "test", to));
    assertEquals(List.of("gw3"), set.preferred());
    assertEquals("gw1", set.ownership().owner());
    assertEquals(
        set, fixture.accepted(to -> new LogicalUnit.SetPreferred(List.of("gw3"), "test", to)));
    UnitEntry asked = fixture.move("gw2");
    fixture.accepted(to -> new LogicalUnit.SetPreferred(List.of(), "test", to));
    fixture.rehome();
    assertEquals(List.of(), fixture.get().preferred());
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    fixture.released("gw1", 1, asked.version());
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertEquals("gw2", next.owner());
  }

  @Test
  void eachMoveHasItsOwnBound() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.claims.failNext(1);
    fixture.released("gw1", 1);
    fixture.get(); // The release is being claimed; the claim fails, and the bound is set again.
    fixture.get();
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound().minusMillis(1));
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    fixture.time.timePasses(java.time.Duration.ofMillis(1));
    assertEquals(Phase.SERVING, fixture.get().ownership().phase());
    fixture.move("gw3");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound().minusMillis(1));
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
  }

  @Test
  void aFailedOwnerIsSucceededAlsoWhileItReleases() {
    fixture.serving("gw1");
    fixture.move("gw2");
    assertEquals(
        "gw3", fixture.takeOver("gw3", 1, seen("gw1", Kind.PROCESS_GONE)).ownership().owner());
  }

  @Test
  void aMoveForAFaultNamesWhatWasSeenUntilTheNextOneServes() {
    fixture.serving("gw1");
    Observation lost =
        new Observation(
            "gw1",
            "gw1",
            incarnationOf("gw1"),
            Kind.PORTAL_LOST,
            UnitFixture.NOW,
            "gone",
            "10.0.0.1:3260");
    UnitEntry releasing =
        fixture.accepted(
            replyTo ->
                new LogicalUnit.Move(
                    "gw2", incarnationOf("gw2"), "hosts can't reach gw1", List.of(lost), replyTo));
    assertEquals(List.of(lost), releasing.ownership().evidence());
    fixture.released("gw1", 1);
    fixture.awaitPublished(2);
    fixture.opened("gw2", 2);
    Ownership serving = fixture.awaitPublished(Phase.SERVING).ownership();
    assertEquals("gw2", serving.owner());
    assertEquals("hosts can't reach gw1", serving.cause());
    assertEquals(List.of(lost), serving.evidence());
  }

  @Test
  void aMoveToTheOwnerAndAMoveDuringAMove() {
    fixture.serving("gw1");
    assertEquals(Phase.SERVING, fixture.move("gw1").ownership().phase());
    fixture.move("gw2");
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture
            .refused(
                replyTo -> new LogicalUnit.Move("gw3", incarnationOf("gw3"), "planned", replyTo))
            .kind());
  }

  @Test
  void aDeletedUnitStaysDeletedAndIsToldAgain() {
    fixture.serving("gw1");
    assertTrue(fixture.accepted(replyTo -> new LogicalUnit.Delete("by test", replyTo)).deleted());
    assertEquals(Refusal.Kind.NOT_FOUND, fixture.takeOverRefused("gw2", 1).kind());
    assertEquals(Refusal.Kind.CONFLICT, fixture.refused(fixture::create).kind());
    fixture.rehome();
    UnitEntry told = fixture.nextPublished();
    while (!told.deleted()) {
      told = fixture.nextPublished();
    }
    fixture.get();
    assertTrue(fixture.nextPublished().deleted(), "told by the next incarnation too");
  }

  @Test
  void aRowThatIsAheadIsRecordedWhenNobodyOwnsTheUnit() {
    fixture.accepted(fixture::create);
    fixture.kit.stop(fixture.unit);
    fixture.rows.compareAndSet(
        fixture.id, new OwnershipRows.Row(1, "gw2", incarnationOf("gw2")), 0);
    fixture.unit = fixture.incarnation();
    Ownership recorded = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    assertEquals(1, recorded.epoch());
    assertTrue(recorded.ownedBy("gw2", incarnationOf("gw2")));
  }

  @Test
  void aRowThatIsAheadWaitsUntilTheOwnerIsOutOfTheWay() throws InterruptedException {
    fixture.serving("gw1");
    fixture.kit.stop(fixture.unit);
    fixture.rows.compareAndSet(
        fixture.id, new OwnershipRows.Row(2, "gw2", incarnationOf("gw2")), 0);
    fixture.rows.reads.close();
    fixture.unit = fixture.incarnation();
    fixture.rows.reads.awaitKept(1);
    fixture.rows.reads.open();
    fixture.get();
    assertEquals(Phase.SERVING, fixture.get().ownership().phase(), "gw1 may be serving");
    assertEquals(1, fixture.get().ownership().epoch());

    Ownership next = fixture.takeOver("gw3", 1, seen("gw1", Kind.PROCESS_GONE)).ownership();
    assertEquals(2, next.epoch());
    assertEquals("gw2", next.owner(), "as the row has decided");
  }

  @Test
  void theRowsDecisionIsRecordedNotTheProposal() {
    fixture.accepted(fixture::create);
    fixture.rows.compareAndSet(
        fixture.id, new OwnershipRows.Row(1, "gw2", incarnationOf("gw2")), 0);
    Ownership chosen = fixture.takeOver("gw1", 0).ownership();
    assertTrue(chosen.ownedBy("gw2", incarnationOf("gw2")));
    assertEquals(List.of(), chosen.evidence());
  }

  @Test
  void aDecisionWhoseAnswerWasLostIsNotActedUponWhileTheOwnerServes() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.loseAnswers(1);
    fixture.released("gw1", 1);
    fixture.get();
    fixture.get();
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    assertEquals(Phase.SERVING, fixture.get().ownership().phase());
    assertEquals(2, fixture.rows.decided(fixture.id).size(), "the row says gw2 at epoch 2");
    // gw1 has opened again under epoch 1 and serves: nobody may be made the owner beside it.
    fixture.rehome();
    fixture.get();
    assertEquals("gw1", fixture.get().ownership().owner());
    fixture.move("gw3");
    fixture.released("gw1", 1);
    Ownership next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    while (next.epoch() < 2) {
      next = fixture.awaitPublished(Phase.ACQUIRING).ownership();
    }
    assertEquals("gw2", next.owner());
  }

  @Test
  void whoProposesLearnsThatTheRowCouldNotBeAsked() {
    fixture.accepted(fixture::create);
    fixture.rows.claims.failNext(1);
    assertEquals(Refusal.Kind.UNAVAILABLE, fixture.takeOverRefused("gw1", 0).kind());
    assertEquals(1, fixture.takeOver("gw1", 0).ownership().epoch());
  }

  @Test
  void duringAProposalNothingElseIsDecided() throws InterruptedException {
    fixture.accepted(fixture::create);
    fixture.takeOver("gw1", 0);
    fixture.rows.claims.close();
    TestProbe<Answer> taker = fixture.kit.createTestProbe();
    fixture.unit.tell(
        new LogicalUnit.TakeOver(
            "gw2",
            incarnationOf("gw2"),
            1,
            "test",
            List.of(seen("gw1", Kind.PROCESS_GONE)),
            taker.ref()));
    fixture.rows.claims.awaitKept(1);
    fixture.opened("gw1", 1);
    fixture.unit.tell(new LogicalUnit.OpenFailed("gw1", incarnationOf("gw1"), 1, "late", 0));
    assertEquals(
        "epoch", fixture.takeOverRefused("gw3", 1, seen("gw1", Kind.PROCESS_GONE)).field());
    fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
    assertEquals(Phase.ACQUIRING, fixture.get().ownership().phase());
    assertEquals(1, fixture.get().ownership().epoch());
    fixture.rows.claims.open();
    Ownership next =
        ((UnitEntry) assertInstanceOf(Answer.Accepted.class, taker.receiveMessage()).entry())
            .ownership();
    assertEquals(2, next.epoch());
    assertEquals("gw2", next.owner());
  }

  private LogicalUnit.Grown grown(String gateway, long epoch, long size) {
    return new LogicalUnit.Grown(gateway, incarnationOf(gateway), epoch, size);
  }

  @Test
  void hostsAreToldOfAGrowthOnceTheOwnerServesIt() {
    fixture.serving("gw1");
    UnitEntry growing = fixture.accepted(to -> new LogicalUnit.Resize(2 << 20, "test", to));
    assertEquals(1 << 20, growing.size());
    assertEquals(2 << 20, growing.growingTo());
    assertEquals(2 << 20, growing.acceptedSize());
    assertEquals(growing, fixture.nextPublished());

    // Not of another process, under another epoch, nor of another size.
    fixture.unit.tell(grown("gw2", 1, 2 << 20));
    fixture.unit.tell(grown("gw1", 2, 2 << 20));
    fixture.unit.tell(grown("gw1", 1, 3 << 20));
    assertEquals(1 << 20, fixture.get().size());
    fixture.rehome();
    assertEquals(2 << 20, fixture.get().growingTo(), "it is on record");

    fixture.unit.tell(grown("gw1", 1, 2 << 20));
    UnitEntry told = fixture.get();
    assertEquals(2 << 20, told.size());
    assertEquals(0, told.growingTo());
    fixture.unit.tell(grown("gw1", 1, 2 << 20));
    assertEquals(told, fixture.get(), "a repeated report changes nothing");
    fixture.rehome();
    assertEquals(2 << 20, fixture.get().size());
  }

  @Test
  void aGrowthMayBeRepeatedAndGrowFurtherAndNothingShrinks() {
    fixture.serving("gw1");
    UnitEntry same = fixture.accepted(to -> new LogicalUnit.Resize(1 << 20, "test", to));
    assertEquals(0, same.growingTo());
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.Resize((1 << 20) - 512, "test", to)).kind());
    assertEquals(
        Refusal.Kind.INVALID,
        fixture.refused(to -> new LogicalUnit.Resize((2 << 20) + 1, "test", to)).kind());
    assertEquals(
        Refusal.Kind.INVALID,
        fixture.refused(to -> new LogicalUnit.Resize(-512, "test", to)).kind());
    UnitEntry growing = fixture.accepted(to -> new LogicalUnit.Resize(2 << 20, "test", to));
    assertEquals(growing, fixture.accepted(to -> new LogicalUnit.Resize(2 << 20, "test", to)));
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.Resize((2 << 20) - 512, "test", to)).kind());
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(to -> new LogicalUnit.Resize(1 << 20, "test", to)).kind(),
        "nor is a growth taken back that is under way");
    UnitEntry further = fixture.accepted(to -> new LogicalUnit.Resize(8L << 40, "test", to));
    assertEquals(8L << 40, further.growingTo());
    // The owner has done the first part only: it is asked for the whole.
    fixture.unit.tell(grown("gw1", 1, 2 << 20));
    assertEquals(1 << 20, fixture.get().size());
    fixture.unit.tell(grown("gw1", 1, 8L << 40));
    assertEquals(8L << 40, fixture.get().size());
    long most = Long.MAX_VALUE / 512 * 512;
    assertEquals(
        most,
        fixture.accepted(to -> new LogicalUnit.Resize(most, "test", to)).growingTo(),
        "8 EiB less a block");
  }

  @Test
  void aGrowthOutlivesAFailover() {
    fixture.serving("gw1");
    fixture.accepted(to -> new LogicalUnit.Resize(2 << 20, "test", to));
    fixture.takeOver("gw2", 1, seen("gw1", Kind.PROCESS_GONE));
    fixture.unit.tell(grown("gw1", 1, 2 << 20));
    fixture.unit.tell(grown("gw2", 2, 2 << 20));
    assertEquals(1 << 20, fixture.get().size(), "nobody serves it yet");
    fixture.opened("gw2", 2);
    fixture.unit.tell(grown("gw1", 1, 2 << 20));
    assertEquals(1 << 20, fixture.get().size());
    fixture.unit.tell(grown("gw2", 2, 2 << 20));
    assertEquals(2 << 20, fixture.get().size());
  }

  @Test
  void whatIsNotThereDoesNotGrow() {
    assertEquals(
        Refusal.Kind.NOT_FOUND,
        fixture.refused(to -> new LogicalUnit.Resize(2 << 20, "test", to)).kind());
    fixture.accepted(fixture::create);
    UnitEntry unowned = fixture.accepted(to -> new LogicalUnit.Resize(2 << 20, "test", to));
    assertEquals(2 << 20, unowned.growingTo());
    fixture.accepted(to -> new LogicalUnit.Delete("test", to));
    assertEquals(
        Refusal.Kind.NOT_FOUND,
        fixture.refused(to -> new LogicalUnit.Resize(3 << 20, "test", to)).kind());
  }

  /** A gateway has claimed the row itself: it may be serving, whatever the entity knew. */
  private void takenByTheRow(String gateway, long epoch) {
    OwnershipRows.Row row = new OwnershipRows.Row(epoch, gateway, incarnationOf(gateway), true);
    assertEquals(row, fixture.rows.compareAndSet(fixture.id, row, 0));
  }

  private void assertServes(String gateway, long epoch, UnitEntry entry) {
    assertEquals(Phase.SERVING, entry.ownership().phase());
    assertEquals(epoch, entry.ownership().epoch());
    assertTrue(entry.ownership().ownedBy(gateway, incarnationOf(gateway)));
  }

  @Test
  void whoTookItOverByTheRowServesAsSoonAsTheEntityHearsOfIt() {
    fixture.serving("gw1");
    takenByTheRow("gw2", 2);
    UnitEntry own = fixture.takeOver("gw2", 1, seen("gw1", Kind.PROCESS_GONE));
    assertServes("gw2", 2, own);
    assertEquals(List.of(seen("gw1", Kind.PROCESS_GONE)), own.ownership().evidence());
    fixture.time.timePasses(UnitFixture.SETTINGS.openBound());
    assertServes("gw2", 2, fixture.get());
    fixture.rehome();
    assertServes("gw2", 2, fixture.get());
    // Another one's proposal meets it, too.
    takenByTheRow("gw3", 3);
    assertServes("gw3", 3, fixture.takeOver("gw1", 2, seen("gw2", Kind.PROCESS_GONE)));
  }

  @Test
  void anIncarnationThatAdoptsWaitsForTheEvidence() {
    fixture.serving("gw1");
    takenByTheRow("gw2", 2);
    fixture.rehome();
    assertServes("gw1", 1, fixture.get());
    Observation gone = seen("gw1", Kind.PROCESS_GONE);
    UnitEntry recorded = fixture.takeOver("gw3", 1, gone);
    assertServes("gw2", 2, recorded);
    assertEquals(List.of(gone), recorded.ownership().evidence());
  }

  @Test
  void aReleaseMeetsWhoTookItOverByTheRow() {
    fixture.serving("gw1");
    fixture.move("gw3");
    takenByTheRow("gw2", 2);
    fixture.released("gw1", 1);
    assertServes("gw2", 2, fixture.awaitPublished(2));
  }

  @Test
  void aChangeOfTheFormerOwnerMeetsWhoTookItOverByTheRow() {
    fixture.serving("gw1");
    takenByTheRow("gw2", 2);
    Answer.Refused refused =
        fixture.refused(
            replyTo ->
                new LogicalUnit.ChangeShared(
                    "gw1",
                    incarnationOf("gw1"),
                    1,
                    io.moongate.scsi.shared.SharedState.INITIAL.as(1, "a"),
                    "test",
                    replyTo));
    assertEquals(Refusal.Kind.UNAVAILABLE, refused.kind());
    UnitEntry entry = fixture.awaitPublished(2);
    assertServes("gw2", 2, entry);
    assertEquals(0, entry.shared().version());
  }

  /** The word of one that has opened meanwhile, on seeing a newer entry, must not free the unit. */
  @Test
  void anOwnerThatServesGivesUpOnlyByTheNewestEntry() {
    fixture.serving("gw1");
    long seen = fixture.get().version();
    UnitEntry newer = fixture.accepted(replyTo -> new LogicalUnit.Resize(2 << 20, "grow", replyTo));
    for (long older : new long[] {0, seen}) {
      fixture.unit.tell(
          new LogicalUnit.OpenFailed("gw1", incarnationOf("gw1"), 1, "could not", older));
      assertEquals(newer, fixture.get());
    }
    fixture.unit.tell(
        new LogicalUnit.OpenFailed("gw1", incarnationOf("gw1"), 1, "could not", newer.version()));
    Ownership freed = fixture.get().ownership();
    assertEquals(Phase.UNOWNED, freed.phase());
    assertEquals(List.of("gw1"), freed.refusedBy());
    assertEquals(2, fixture.takeOver("gw2", 1).ownership().epoch());
  }

  private void handedOver(String gateway, long epoch) {
    fixture.unit.tell(
        new LogicalUnit.HandedOver(gateway, incarnationOf(gateway), epoch, "planned"));
  }

  @Test
  void whatWasHandedOverByTheRowIsRecordedUponTheWordOfEither() {
    fixture.serving("gw1");
    fixture.move("gw2");
    takenByTheRow("gw2", 2);
    handedOver("gw2", 2);
    UnitEntry recorded = fixture.awaitPublished(2);
    assertServes("gw2", 2, recorded);
    assertEquals("planned", recorded.ownership().cause());
    assertEquals("", recorded.ownership().successor());
    // Whoever repeats it is told, and nothing changes.
    handedOver("gw1", 2);
    assertEquals(recorded, fixture.awaitPublished(2));
    fixture.released("gw1", 1);
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    assertEquals(recorded, fixture.get());
  }

  @Test
  void aHandOverForAFaultNamesWhatWasSeen() {
    fixture.serving("gw1");
    Observation lost = seen("gw1", Kind.PORTAL_LOST);
    fixture.accepted(
        replyTo ->
            new LogicalUnit.Move(
                "gw2", incarnationOf("gw2"), "hosts can't reach gw1", List.of(lost), replyTo));
    takenByTheRow("gw2", 2);
    handedOver("gw2", 2);
    assertEquals(List.of(lost), fixture.awaitPublished(2).ownership().evidence());
  }

  /** The move was abandoned before the row's decision was heard of: the row has decided. */
  @Test
  void aHandOverStandsThoughTheMoveWasAbandoned() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    assertServes("gw1", 1, fixture.get());
    takenByTheRow("gw2", 2);
    handedOver("gw2", 2);
    assertServes("gw2", 2, fixture.awaitPublished(2));
  }

  /** Its owner has asked the row to hand it over, does not know the outcome, and says so. */
  @Test
  void aHandOverStandsThoughTheFormerOwnerHasGivenUp() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    takenByTheRow("gw2", 2);
    fixture.unit.tell(
        new LogicalUnit.OpenFailed(
            "gw1", incarnationOf("gw1"), 1, "handing it over", fixture.get().version()));
    assertEquals(Phase.UNOWNED, fixture.get().ownership().phase());
    assertServes("gw2", 2, fixture.takeOver("gw3", 1));
  }

  @Test
  void nobodysWordForAHandOverIsTakenOnlyTheRows() throws InterruptedException {
    fixture.serving("gw1");
    fixture.move("gw2");
    UnitEntry before = fixture.get();
    handedOver("gw2", 2);
    handedOver("gw2", 7);
    fixture.get();
    assertEquals(before, fixture.get());
    // What the entity itself has decided and not heard of is not served by anybody.
    fixture.rows.compareAndSet(
        fixture.id, new OwnershipRows.Row(2, "gw2", incarnationOf("gw2")), 0);
    handedOver("gw2", 2);
    fixture.get();
    assertEquals(before, fixture.get());
    // Nor is another epoch than the one that is told of.
    fixture.rows.compareAndSet(
        fixture.id, new OwnershipRows.Row(3, "gw3", incarnationOf("gw3"), true), 0);
    handedOver("gw2", 2);
    fixture.get();
    assertEquals(before, fixture.get());
    // Nor when it can't be read.
    fixture.rows.reads.failNext(1);
    handedOver("gw2", 2);
    fixture.get();
    assertEquals(before, fixture.get());
  }
}
