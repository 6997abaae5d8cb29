package io.moongate.cluster.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.util.List;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A deletion on a condition: decided first, while all of the unit is there. */
class DeletionTest {
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

  private static Function<ActorRef<Answer>, LogicalUnit.Command> begin(long version) {
    return to ->
        new LogicalUnit.IfVersion(
            List.of(version), new LogicalUnit.BeginDeletion("by test", to), to);
  }

  private static Function<ActorRef<Answer>, LogicalUnit.Command> prefer(long version) {
    return to ->
        new LogicalUnit.IfVersion(
            List.of(version), new LogicalUnit.SetPreferred(List.of("gw2"), "by test", to), to);
  }

  @Test
  void ofTwoWhoKnowTheSameVersionOneHasItsWay() {
    fixture.serving("gw1");
    UnitEntry known = fixture.get();
    UnitEntry begun = fixture.accepted(begin(known.version()));
    assertFalse(begun.deleted());
    assertEquals(Phase.SERVING, begun.ownership().phase(), "hosts are served until it is gone");
    assertEquals(Kind.OUTDATED, fixture.refused(prefer(known.version())).kind());
    assertTrue(fixture.accepted(to -> new LogicalUnit.Delete("by test", to)).deleted());
    assertEquals(
        Kind.NOT_FOUND, fixture.refused(to -> new LogicalUnit.BeginDeletion("by test", to)).kind());
  }

  @Test
  void whatWasChangedIsNotBegunToBeDeleted() {
    fixture.serving("gw1");
    UnitEntry known = fixture.get();
    UnitEntry preferred = fixture.accepted(prefer(known.version()));
    assertEquals(Kind.OUTDATED, fixture.refused(begin(known.version())).kind());
    assertEquals(preferred, fixture.get());
  }

  /** It is the same unit for whoever replays it. */
  @Test
  void deletionThatBrokeOffLeavesTheUnit() {
    fixture.serving("gw1");
    UnitEntry begun = fixture.accepted(begin(fixture.get().version()));
    fixture.rehome();
    UnitEntry after = fixture.get();
    assertFalse(after.deleted());
    assertTrue(after.version() >= begun.version());
    assertEquals(begun.ownership(), after.ownership());
    fixture.accepted(begin(after.version()));
  }
}
