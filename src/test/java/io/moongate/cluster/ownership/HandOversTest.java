package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.FakeOwnershipRows;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What an owner asks the row for when it has released a unit. */
class HandOversTest {
  private static final OwnershipRows.Row SUCCESSOR =
      new OwnershipRows.Row(2, "gw2", "gw2-p1", true);

  private final FakeOwnershipRows rows = new FakeOwnershipRows();
  private final View view = new View();
  private final List<Luns.Claim> granted = new ArrayList<>();
  private long known;
  private final HandOvers handOvers =
      new HandOvers(
          rows,
          view,
          unit -> known,
          granted::add,
          Clock.fixed(Entries.NOW, ZoneOffset.UTC),
          Timer.SYSTEM);

  HandOversTest() {
    rows.compareAndSet("u", new OwnershipRows.Row(1, "gw1", "gw1-p1"), 0);
    view.apply(Entries.up("gw1", 1));
    view.apply(Entries.up("gw2", 2));
    view.apply(releasing());
  }

  private static UnitEntry releasing() {
    return Entries.unit(
        "u",
        7,
        new Ownership(
            Phase.RELEASING, 1, "gw1", "gw1-p1", "gw2", Entries.NOW, "move", List.of(), List.of()));
  }

  private CompletableFuture<Boolean> ask() {
    return handOvers.ask(releasing()).orElseThrow().toCompletableFuture();
  }

  @Test
  void theSuccessorIsGivenTheUnitAndServesAtOnce() {
    assertFalse(handOvers.asked("u", 1));
    assertTrue(ask().join());
    assertEquals(SUCCESSOR, rows.decided("u").get(1));
    assertEquals(
        List.of(new Luns.Claim("u", 2, "gw2", "gw2-p1", "move", Entries.NOW, 0, true)), granted);
    assertTrue(handOvers.asked("u", 1));
    assertFalse(handOvers.asked("u", 2));
    assertFalse(handOvers.asked("other", 1));
  }

  /** It would serve without a change that a host was told of. */
  @Test
  void aChangeThatThisOwnerDoesNotKnowOfKeepsItFromIt() {
    assertTrue(rows.raise("u", 1, 1).toCompletableFuture().join().isEmpty());
    assertFalse(ask().join());
    assertEquals(1, rows.decided("u").size());
    assertEquals(List.of(), granted);
    assertTrue(handOvers.asked("u", 1));
  }

  @Test
  void theSuccessorIsToldWhichSharedStateItMustHave() {
    known = 1;
    assertTrue(rows.raise("u", 1, 1).toCompletableFuture().join().isEmpty());
    assertTrue(ask().join());
    assertEquals(1, granted.get(0).sharedVersion());
  }

  @Test
  void anOutcomeThatNobodyLearntMayHaveBeenGranted() {
    rows.loseAnswers(1);
    assertFalse(ask().join());
    assertEquals(SUCCESSOR, rows.decided("u").get(1));
    assertEquals(List.of(), granted);
    assertTrue(handOvers.asked("u", 1), "or it would be opened again");
  }

  @Test
  void anAnswerThatComesLateIsTold() {
    rows.claims.close();
    CompletableFuture<Boolean> waited = ask();
    assertFalse(waited.join());
    assertTrue(handOvers.asked("u", 1));
    rows.claims.open();
    assertEquals(1, granted.size());
  }

  @Test
  void anotherOnesClaimStands() {
    OwnershipRows.Row other = new OwnershipRows.Row(2, "gw3", "gw3-p1", true);
    rows.compareAndSet("u", other, 0);
    assertFalse(ask().join());
    assertEquals(other, rows.decided("u").get(1));
    assertEquals(List.of(), granted);
  }

  @Test
  void aSuccessorThatIsNotUpIsLeftToTheEntity() {
    view.apply(Entries.gateway("gw2", 2, GatewayEntry.State.FAILED, "gw2-p1", 2));
    Optional<CompletionStage<Boolean>> asked = handOvers.ask(releasing());
    assertEquals(Optional.empty(), asked);
    assertFalse(handOvers.asked("u", 1), "the row was not asked: it may be opened again");
    assertEquals(1, rows.decided("u").size());
  }

  /** The process that the view knows by now, whichever the move was for. */
  @Test
  void aSuccessorThatWasStartedAnewIsGivenTheUnit() {
    view.apply(Entries.gateway("gw2", 2, GatewayEntry.State.UP, "gw2-p2", 2));
    assertTrue(ask().join());
    assertEquals(new OwnershipRows.Row(2, "gw2", "gw2-p2", true), rows.decided("u").get(1));
  }
}
