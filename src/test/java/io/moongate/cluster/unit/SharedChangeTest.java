package io.moongate.cluster.unit;

import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static io.moongate.cluster.unit.UnitFixture.seen;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation.Kind;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.SharedState;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
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
    assertEquals("epoch", refused("gw1", 2, state(1, "a")));
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
