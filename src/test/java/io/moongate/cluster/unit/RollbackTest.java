package io.moongate.cluster.unit;

import static io.moongate.cluster.unit.UnitFixture.incarnationOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.unit.LogicalUnit.SnapshotOrder;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.SharedState;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the entity of a unit records of snapshots, and of a rollback from beginning to end. */
class RollbackTest {
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

  private static LogicalUnit.RollBack rollBack(String name, String id, ActorRef<Answer> replyTo) {
    return new LogicalUnit.RollBack(
        name, id, UnitFixture.NOW.plusSeconds(1), "the operator", replyTo);
  }

  private Answer ended(String gateway, long epoch, String id, String failure) {
    return fixture.ask(
        replyTo ->
            new LogicalUnit.RolledBack(
                gateway, incarnationOf(gateway), epoch, id, failure, replyTo));
  }

  private UnitEntry begin() {
    fixture.serving("gw1");
    return fixture.accepted(replyTo -> rollBack("daily", "r1", replyTo));
  }

  private Kind refused(Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    return fixture.refused(command).kind();
  }

  @Test
  void snapshotsAreOnRecord() {
    UnitEntry created = fixture.accepted(fixture::create);
    UnitEntry ordered =
        fixture.accepted(
            replyTo ->
                new LogicalUnit.OrderSnapshot(SnapshotOrder.MAKE, "daily", "operator", replyTo));
    assertEquals(created.version() + 1, ordered.version());
    assertEquals(created.shared(), ordered.shared());
  }

  @Test
  void itIsKnownToWhoeverTakesTheUnitOverByTheRow() {
    UnitEntry going = begin();
    assertEquals(Rollback.begun("daily", "r1"), going.shared().rollback());
    assertEquals(1, going.shared().version());
    assertEquals(1, fixture.rows.sharedVersion(fixture.id), "raised before it was recorded");
    UnitEntry done = UnitFixture.entry(ended("gw1", 1, "r1", ""));
    assertFalse(done.shared().rollback().going());
    assertEquals(2, done.shared().version());
    assertEquals(2, fixture.rows.sharedVersion(fixture.id), "so is its end");
    assertEquals(going, fixture.awaitPublished(Phase.SERVING), "told");
    assertEquals(done, fixture.awaitPublished(Phase.SERVING), "told");
  }

  @Test
  void nothingElseIsBegunMeanwhile() {
    UnitEntry going = begin();
    assertEquals(
        going, fixture.accepted(replyTo -> rollBack("daily", "r2", replyTo)), "asked for again");
    assertEquals(Kind.CONFLICT, refused(replyTo -> rollBack("other", "r2", replyTo)));
    assertEquals(
        Kind.CONFLICT,
        refused(replyTo -> new LogicalUnit.Move("gw2", incarnationOf("gw2"), "planned", replyTo)));
    assertEquals(
        Kind.CONFLICT, refused(replyTo -> new LogicalUnit.Resize(2 << 20, "grow", replyTo)));
    for (SnapshotOrder order : SnapshotOrder.values()) {
      assertEquals(
          Kind.CONFLICT,
          refused(replyTo -> new LogicalUnit.OrderSnapshot(order, "s", "operator", replyTo)));
    }
    ended("gw1", 1, "r1", "");
    assertEquals(Phase.RELEASING, fixture.move("gw2").ownership().phase());
  }

  @Test
  void whatHasEndedIsNotBegunAgainByTheSameName() {
    begin();
    UnitEntry done = UnitFixture.entry(ended("gw1", 1, "r1", ""));
    assertEquals(done, fixture.accepted(replyTo -> rollBack("daily", "r1", replyTo)));
    assertTrue(
        fixture.accepted(replyTo -> rollBack("daily", "r2", replyTo)).shared().rollback().going());
  }

  @Test
  void whatCameTooLateIsNotBegun() {
    fixture.serving("gw1");
    assertEquals(
        Kind.UNAVAILABLE,
        refused(
            replyTo ->
                new LogicalUnit.RollBack(
                    "daily", "r1", UnitFixture.NOW.minusSeconds(1), "the operator", replyTo)));
  }

  @Test
  void onlyItsOwnerEndsItAndOnlyOnce() {
    begin();
    assertEquals("epoch", ((Answer.Refused) ended("gw2", 1, "r1", "")).field(), "another's word");
    assertEquals("epoch", ((Answer.Refused) ended("gw1", 2, "r1", "")).field());
    assertTrue(UnitFixture.entry(ended("gw1", 1, "r0", "")).shared().rollback().going());
    UnitEntry done = UnitFixture.entry(ended("gw1", 1, "r1", "no such snapshot"));
    assertEquals("no such snapshot", done.shared().rollback().failure());
    assertEquals(done, UnitFixture.entry(ended("gw1", 1, "r1", "")), "again");
  }

  @Test
  void itGoesOnUnderTheNextOwnerAndTheNextIncarnation() {
    begin();
    fixture.rehome();
    assertTrue(fixture.get().shared().rollback().going());
    fixture.takeOver("gw2", 1, UnitFixture.seen("gw1", Observation.Kind.PROCESS_GONE));
    assertEquals("epoch", ((Answer.Refused) ended("gw2", 2, "r1", "")).field(), "not open yet");
    fixture.opened("gw2", 2);
    while (fixture.get().ownership().phase() != Phase.SERVING) {
      Thread.onSpinWait();
    }
    assertEquals("epoch", ((Answer.Refused) ended("gw1", 1, "r1", "")).field());
    assertFalse(UnitFixture.entry(ended("gw2", 2, "r1", "")).shared().rollback().going());
  }

  @Test
  void whatTheUnitsDeviceServersShareIsKept() {
    fixture.serving("gw1");
    SharedState modes = SharedState.INITIAL.with(new ModeValues(true, false)).as(1, "a");
    fixture.accepted(
        replyTo ->
            new LogicalUnit.ChangeShared("gw1", incarnationOf("gw1"), 1, modes, "host", replyTo));
    fixture.accepted(replyTo -> rollBack("daily", "r1", replyTo));
    UnitEntry done = UnitFixture.entry(ended("gw1", 1, "r1", ""));
    assertEquals(modes.modes(), done.shared().modes());
    assertEquals(3, done.shared().version());
  }

  @Test
  void itDoesNotBeginWhileNobodyServesTheUnitOrItGrows() {
    fixture.accepted(fixture::create);
    assertEquals(Kind.UNAVAILABLE, refused(replyTo -> rollBack("daily", "r1", replyTo)));
    fixture.takeOver("gw1", 0);
    fixture.opened("gw1", 1);
    fixture.awaitPublished(Phase.SERVING);
    fixture.accepted(replyTo -> new LogicalUnit.Resize(2 << 20, "grow", replyTo));
    assertEquals(Kind.CONFLICT, refused(replyTo -> rollBack("daily", "r1", replyTo)));
  }
}
