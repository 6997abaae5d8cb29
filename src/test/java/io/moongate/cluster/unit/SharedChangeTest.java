package io.moongate.cluster.unit;

import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static io.moongate.cluster.unit.UnitFixture.seen;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation.Kind;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.SharedState;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which changes of the shared state the entity of a unit records. */
class SharedChangeTest {
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

  private static SharedState state(long version, String change) {
    return SharedState.INITIAL.with(new ModeValues(true, false)).as(version, change);
  }

  private Answer change(String gateway, long epoch, SharedState next) {
    return fixture.ask(
        replyTo ->
            new LogicalUnit.ChangeShared(
                gateway, incarnationOf(gateway), epoch, next, "test", replyTo));
  }

  private SharedState recorded(String gateway, long epoch, SharedState next) {
    return UnitFixture.entry(change(gateway, epoch, next)).shared();
  }

  private String refused(String gateway, long epoch, SharedState next) {
    Answer.Refused refused =
        assertInstanceOf(Answer.Refused.class, change(gateway, epoch, next), "was recorded");
    assertEquals(Refusal.Kind.CONFLICT, refused.kind());
    return refused.field();
  }

  @Test
  void theOwnersChangeIsRecordedPublishedAndKept() {
    fixture.serving("gw1");
    SharedState first = state(1, "a");
    assertEquals(first, recorded("gw1", 1, first));
    UnitEntry told = fixture.nextPublished();
    assertEquals(first, told.shared());
    assertEquals(Phase.SERVING, told.ownership().phase());
    SharedState second = SharedState.INITIAL.as(2, "b");
    assertEquals(second, recorded("gw1", 1, second));
    fixture.rehome();
    assertEquals(second, fixture.get().shared());
  }

  @Test
  void nobodyElseChangesIt() {
    fixture.serving("gw1");
    assertEquals("epoch", refused("gw2", 1, state(1, "a")));
    Answer early = change("gw1", 2, state(1, "a"));
    assertEquals(Refusal.Kind.UNAVAILABLE, assertInstanceOf(Answer.Refused.class, early).kind());
    assertEquals("epoch", refused("gw1", 0, state(1, "a")));
    Answer older =
        fixture.ask(
            replyTo ->
                new LogicalUnit.ChangeShared(
                    "gw1", "an older process", 1, state(1, "a"), "test", replyTo));
    assertInstanceOf(Answer.Refused.class, older);
    assertEquals(SharedState.INITIAL, fixture.get().shared());
  }

  @Test
  void onlyTheVersionThatFollowsIsTaken() {
    fixture.serving("gw1");
    assertEquals("version", refused("gw1", 1, state(2, "a")));
    recorded("gw1", 1, state(1, "a"));
    assertEquals("version", refused("gw1", 1, state(1, "another")));
    assertEquals("version", refused("gw1", 1, state(3, "another")));
    assertEquals(state(1, "a"), fixture.get().shared());
  }

  @Test
  void aRepetitionIsAcceptedAndRecordedOnce() {
    fixture.serving("gw1");
    UnitEntry first = UnitFixture.entry(change("gw1", 1, state(1, "a")));
    assertEquals(first, UnitFixture.entry(change("gw1", 1, state(1, "a"))));
    fixture.rehome();
    assertEquals(state(1, "a"), recorded("gw1", 1, state(1, "a")));
    recorded("gw1", 1, state(2, "b"));
    assertEquals("version", refused("gw1", 1, state(1, "a")), "it is not the present one any more");
  }

  @Test
  void onlyWhoServesOrReleasesChangesIt() {
    fixture.accepted(fixture::create);
    assertEquals("epoch", refused("gw1", 0, state(1, "a")));
    fixture.takeOver("gw1", 0);
    assertEquals("epoch", refused("gw1", 1, state(1, "a")));
    fixture.opened("gw1", 1);
    recorded("gw1", 1, state(1, "a"));
    fixture.move("gw2");
    assertEquals(state(2, "b"), recorded("gw1", 1, state(2, "b")));
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
  }

  @Test
  void aChangeDoesNotPutOffTheBoundOfARelease() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound().minusMillis(1));
    recorded("gw1", 1, state(1, "a"));
    assertEquals(Phase.RELEASING, fixture.get().ownership().phase());
    fixture.time.timePasses(Duration.ofMillis(1));
    assertEquals(Phase.SERVING, fixture.get().ownership().phase());
    assertEquals(state(1, "a"), fixture.get().shared());
  }

  @Test
  void theNextOwnerHasEveryChangeAndTheFormerOneMakesNoMore() {
    fixture.serving("gw1");
    recorded("gw1", 1, state(1, "a"));
    UnitEntry chosen = fixture.takeOver("gw2", 1, seen("gw1", Kind.PROCESS_GONE));
    assertEquals(state(1, "a"), chosen.shared());
    assertEquals("epoch", refused("gw1", 1, state(2, "b")));
    fixture.opened("gw2", 2);
    assertEquals("epoch", refused("gw1", 1, state(2, "b")));
    assertEquals(state(2, "c"), recorded("gw2", 2, state(2, "c")));
    // Its answer was lost: that it was recorded stays true.
    assertEquals("version", refusedField(change("gw2", 2, state(1, "a"))));
  }

  private static String refusedField(Answer answer) {
    return assertInstanceOf(Answer.Refused.class, answer).field();
  }

  @Test
  void whileTheNextOwnerIsBeingDecidedNothingIsRecorded() throws InterruptedException {
    fixture.serving("gw1");
    fixture.rows.claims.close();
    TestProbe<Answer> taker = fixture.kit.createTestProbe();
    fixture.unit.tell(
        new LogicalUnit.TakeOver(
            "gw2",
            incarnationOf("gw2"),
            1,
            "test",
            java.util.List.of(seen("gw1", Kind.PROCESS_GONE)),
            taker.ref()));
    fixture.rows.claims.awaitKept(1);
    Answer.Refused later = assertInstanceOf(Answer.Refused.class, change("gw1", 1, state(1, "a")));
    assertEquals(Refusal.Kind.UNAVAILABLE, later.kind());
    fixture.rows.claims.open();
    UnitEntry chosen = UnitFixture.entry(taker.receiveMessage());
    assertEquals(SharedState.INITIAL, chosen.shared());
    assertEquals("epoch", refused("gw1", 1, state(1, "a")));
  }

  /** What a gateway that takes the unit over by the row must not miss is in the row before. */
  @Test
  void theRowIsRaisedBeforeAChangeIsRecorded() throws InterruptedException {
    fixture.serving("gw1");
    assertEquals(0, fixture.rows.sharedVersion(fixture.id));
    fixture.rows.raises.close();
    TestProbe<Answer> owner = fixture.kit.createTestProbe();
    fixture.unit.tell(
        new LogicalUnit.ChangeShared(
            "gw1", incarnationOf("gw1"), 1, state(1, "a"), "test", owner.ref()));
    fixture.rows.raises.awaitKept(1);
    assertEquals(SharedState.INITIAL, fixture.get().shared());
    // Until the row has answered there is no other change, and no next owner.
    for (Answer meanwhile :
        List.of(change("gw1", 1, state(1, "b")), setReadOnly(true, "c"), takeOverByGw2())) {
      assertInstanceOf(Answer.Refused.class, meanwhile);
    }
    assertEquals(0, fixture.rows.sharedVersion(fixture.id));
    fixture.rows.raises.open();
    assertEquals(state(1, "a"), UnitFixture.entry(owner.receiveMessage()).shared());
    assertEquals(1, fixture.rows.sharedVersion(fixture.id));
    UnitFixture.entry(setReadOnly(true, "c"));
    assertEquals(2, fixture.rows.sharedVersion(fixture.id));
    assertEquals(2, UnitFixture.entry(takeOverByGw2()).ownership().epoch());
    assertEquals(2, fixture.rows.sharedVersion(fixture.id), "a next owner does not lower it");
  }

  private Answer takeOverByGw2() {
    return fixture.ask(
        replyTo ->
            new LogicalUnit.TakeOver(
                "gw2",
                incarnationOf("gw2"),
                1,
                "test",
                List.of(seen("gw1", Kind.PROCESS_GONE)),
                replyTo));
  }

  @Test
  void aRowThatCanNotBeRaisedLeavesEverythingAsItWas() {
    fixture.serving("gw1");
    fixture.rows.raises.failNext(1);
    Answer.Refused refused =
        assertInstanceOf(Answer.Refused.class, change("gw1", 1, state(1, "a")));
    assertEquals(Refusal.Kind.UNAVAILABLE, refused.kind());
    assertEquals(SharedState.INITIAL, fixture.get().shared());
    // The row was raised, and nobody learnt it; another change of that version may follow.
    fixture.rows.loseAnswers(1);
    assertInstanceOf(Answer.Refused.class, change("gw1", 1, state(1, "a")));
    assertEquals(1, fixture.rows.sharedVersion(fixture.id));
    fixture.rehome();
    assertEquals(state(1, "b"), recorded("gw1", 1, state(1, "b")));
  }

  /** The claim of the next owner was decided, and its answer lost; then the release abandoned. */
  @Test
  void anOwnerThatStaysBehindTheRowGoesOnChanging() {
    fixture.serving("gw1");
    fixture.move("gw2");
    fixture.rows.loseAnswers(1);
    fixture.released("gw1", 1);
    // The bound is set anew when the row could not be asked.
    while (fixture.get().ownership().phase() != Phase.SERVING) {
      fixture.time.timePasses(UnitFixture.SETTINGS.releaseBound());
    }
    assertEquals(1, fixture.get().ownership().epoch());
    assertEquals(2, fixture.rows.decided(fixture.id).size());
    assertEquals(state(1, "a"), recorded("gw1", 1, state(1, "a")));
  }

  @Test
  void nothingIsAnsweredOrToldBeforeItIsConfirmed() throws InterruptedException {
    fixture.serving("gw1");
    fixture.terms.confirm.close();
    TestProbe<Answer> owner = fixture.kit.createTestProbe();
    fixture.unit.tell(
        new LogicalUnit.ChangeShared(
            "gw1", incarnationOf("gw1"), 1, state(1, "a"), "test", owner.ref()));
    fixture.terms.confirm.awaitKept(1);
    owner.expectNoMessage(Duration.ZERO);
    fixture.published.expectNoMessage(Duration.ZERO);
    fixture.terms.confirm.open();
    assertEquals(state(1, "a"), UnitFixture.entry(owner.receiveMessage()).shared());
    assertEquals(state(1, "a"), fixture.nextPublished().shared());
  }

  private Answer setReadOnly(boolean readOnly, String change) {
    return fixture.ask(
        replyTo -> new LogicalUnit.SetReadOnly(readOnly, change, "the operator", replyTo));
  }

  @Test
  void theOperatorMakesItReadOnlyWhoeverOwnsIt() {
    UnitEntry created = fixture.accepted(fixture::create);
    assertEquals(UnitAttributes.DEFAULT, created.attributes());
    UnitEntry unowned = UnitFixture.entry(setReadOnly(true, "a"));
    assertTrue(unowned.attributes().readOnly());
    assertTrue(unowned.shared().readOnly());
    assertEquals("a", unowned.shared().change());
    assertEquals(unowned, UnitFixture.entry(setReadOnly(true, "b")), "it is already");
    fixture.takeOver("gw1", 0);
    UnitEntry acquiring = UnitFixture.entry(setReadOnly(false, "c"));
    assertEquals(2, acquiring.shared().version());
    assertFalse(acquiring.shared().readOnly());
    fixture.opened("gw1", 1);
    fixture.awaitPublished(Phase.SERVING);
    UnitEntry serving = UnitFixture.entry(setReadOnly(true, "d"));
    assertEquals(3, serving.shared().version());
    assertEquals(serving, fixture.awaitPublished(Phase.SERVING));
    fixture.rehome();
    UnitEntry kept = fixture.get();
    assertEquals(serving.shared(), kept.shared());
    assertEquals(serving.attributes(), kept.attributes());
  }

  @Test
  void aChangeOfTheOwnerThatDoesNotKnowOfItIsNotTaken() {
    fixture.serving("gw1");
    recorded("gw1", 1, state(1, "a"));
    UnitEntry readOnly = UnitFixture.entry(setReadOnly(true, "b"));
    assertEquals(2, readOnly.shared().version());
    assertEquals(state(1, "a").modes(), readOnly.shared().modes());
    assertEquals("version", refused("gw1", 1, state(2, "c")));
    assertTrue(fixture.get().shared().readOnly());
    SharedState next = readOnly.shared().as(3, "d");
    assertEquals(next, recorded("gw1", 1, next));
  }

  @Test
  void itIsMadeAsItWasAskedFor() {
    UnitAttributes wanted = new UnitAttributes(true, true, UnitAttributes.Provisioning.FULL, 8192);
    UnitEntry created = fixture.accepted(replyTo -> create(wanted, replyTo));
    assertEquals(wanted, created.attributes());
    assertTrue(created.shared().readOnly());
    assertEquals(1, created.shared().version(), "newer than what a device server begins with");
    assertEquals(created, fixture.accepted(replyTo -> create(wanted, replyTo)));
    assertEquals(
        Refusal.Kind.CONFLICT,
        fixture.refused(replyTo -> create(UnitAttributes.DEFAULT, replyTo)).kind());
    fixture.rehome();
    assertEquals(wanted, fixture.get().attributes());
  }

  @Test
  void aPhysicalBlockThatCanNotBeIsRefused() {
    for (int size : new int[] {0, 256, 3000, 131_072}) {
      Answer.Refused refused =
          fixture.refused(
              replyTo ->
                  create(
                      new UnitAttributes(false, false, UnitAttributes.Provisioning.THIN, size),
                      replyTo));
      assertEquals(Refusal.Kind.INVALID, refused.kind());
      assertEquals("physicalBlockSize", refused.field());
    }
  }

  private static LogicalUnit.Create create(UnitAttributes attributes, ActorRef<Answer> replyTo) {
    return new LogicalUnit.Create(
        0x3000_0000_0000_0001L, "serial", "memory", 1 << 20, 512, List.of(), attributes, replyTo);
  }

  @Test
  void aDeletedUnitHasNone() {
    fixture.serving("gw1");
    recorded("gw1", 1, state(1, "a"));
    UnitEntry deleted = fixture.accepted(replyTo -> new LogicalUnit.Delete("by test", replyTo));
    assertEquals(SharedState.INITIAL, deleted.shared());
    assertEquals(
        Refusal.Kind.NOT_FOUND,
        assertInstanceOf(Answer.Refused.class, change("gw1", 1, state(2, "b"))).kind());
  }
}
