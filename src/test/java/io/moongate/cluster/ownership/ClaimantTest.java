package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.FakeOwnershipRows;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which units a gateway takes over by the row, and what it says of them. */
class ClaimantTest {
  private static final OwnershipRows.Row MINE = new OwnershipRows.Row(2, "gw2", "gw2-p1", true);

  private final FakeOwnershipRows rows = new FakeOwnershipRows();
  private final List<Luns.Claim> claimed = new ArrayList<>();
  private boolean lease = true;
  private long known;
  private final Claimant claimant =
      new Claimant(
          rows,
          "gw2",
          "gw2-p1",
          () -> lease,
          unit -> known,
          claimed::add,
          Clock.fixed(Entries.NOW, ZoneOffset.UTC),
          Timer.SYSTEM);

  ClaimantTest() {
    rows.compareAndSet("u", new OwnershipRows.Row(1, "gw1", "gw1-p1"), 0);
  }

  private static List<Observation> seen(Kind... kinds) {
    List<Observation> all = new ArrayList<>();
    for (Kind kind : kinds) {
      all.add(new Observation("gw3", "gw1", "gw1-p1", kind, Entries.NOW, "test"));
    }
    return all;
  }

  private static UnitEntry unit(Phase phase, long epoch, String owner) {
    return Entries.unit("u", 7, phase, epoch, owner);
  }

  private void claim() {
    var unused = claimant.claim(unit(Phase.SERVING, 1, "gw1"), seen(Kind.PROCESS_GONE), "failover");
    claimant.send();
  }

  @Test
  void aFailedOwnersUnitIsTakenOverOnce() {
    claim();
    assertEquals(MINE, rows.decided("u").get(1));
    Luns.Claim expected = new Luns.Claim("u", 2, "gw2", "gw2-p1", "failover", Entries.NOW);
    assertEquals(List.of(expected), claimed);
    claim();
    assertEquals(List.of(expected), claimed, "what was dropped must not come again");
  }

  @Test
  void aChangeThatItDoesNotKnowOfKeepsItFromIt() {
    assertTrue(rows.raise("u", 1, 1).toCompletableFuture().join().isEmpty());
    claim();
    assertEquals(1, rows.decided("u").size());
    known = 1;
    claim();
    assertEquals(MINE, rows.decided("u").get(1));
    assertEquals(1, claimed.size());
  }

  @Test
  void anOutcomeThatNobodyLearntIsAskedForAgain() {
    rows.loseAnswers(1);
    claim();
    assertEquals(MINE, rows.decided("u").get(1));
    assertEquals(List.of(), claimed);
    claim();
    assertEquals(1, claimed.size());
  }

  @Test
  void whatTheEntityHasDecidedForItIsNoClaim() {
    rows.compareAndSet("u", new OwnershipRows.Row(2, "gw2", "gw2-p1"), 0);
    claim();
    assertEquals(List.of(), claimed, "the entity waits for it to open, and has a bound");
  }

  @Test
  void anotherOnesClaimStands() {
    rows.compareAndSet("u", new OwnershipRows.Row(2, "gw3", "gw3-p1", true), 0);
    claim();
    assertEquals(List.of(), claimed);
  }

  /**
   * The owner before has handed it over by the very row that a claim would set, and may have known
   * of a change that this gateway does not know of.
   */
  @Test
  void whatItWasGivenUponAnotherSharedStateIsNoClaimOfItsOwn() {
    assertTrue(rows.raise("u", 1, 1).toCompletableFuture().join().isEmpty());
    rows.compareAndSet("u", MINE, 1);
    claim();
    assertEquals(List.of(), claimed);
    known = 1;
    claim();
    assertEquals(1, claimed.size());
  }

  /** Nobody else is to leave the record alone because of that, and this gateway is not empty. */
  @Test
  void whatItWasGivenIsAheadOfTheViewUntilItShowsIt() {
    View view = new View();
    view.apply(unit(Phase.RELEASING, 1, "gw1"));
    claimant.heard(new Luns.Claim("u", 2, "gw2", "gw2-p1", "move", Entries.NOW, 0, true));
    assertTrue(claimant.isAheadOf(view));
    assertEquals(Set.of(), claimant.elsewhere(view, claim -> true, System.nanoTime()));
    view.apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw2"));
    assertFalse(claimant.isAheadOf(view));
  }

  /** A gateway that is drained is not empty while it may own what the view does not show. */
  @Test
  void whatItHasClaimedIsAheadOfTheViewUntilItShowsIt() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    assertFalse(claimant.isAheadOf(view));
    claim();
    assertTrue(claimant.isAheadOf(view));
    view.apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw2"));
    assertFalse(claimant.isAheadOf(view));
  }

  @Test
  void whatTheRowHasDecidedForAnotherIsNotAheadOfTheView() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    rows.compareAndSet("u", new OwnershipRows.Row(2, "gw3", "gw3-p1", true), 0);
    claim();
    assertFalse(claimant.isAheadOf(view));
  }

  /** A transaction whose outcome was not learnt may land after the read that looked for it. */
  @Test
  void whatTheRowHasNotDecidedMayBeAheadOfTheView() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    assertTrue(rows.raise("u", 1, 1).toCompletableFuture().join().isEmpty());
    claim();
    assertTrue(claimant.isAheadOf(view));
    view.apply(Entries.unit("u", 8, Phase.ACQUIRING, 2, "gw3"));
    assertFalse(claimant.isAheadOf(view));
  }

  /** Records wait for that. */
  @Test
  void itIsBusyUntilWhatWasGrantedIsOpenOrOver() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    assertFalse(claimant.isBusy(view));
    claim();
    assertTrue(claimant.isBusy(view));
    assertEquals(1, claimant.granted());
    claimant.ended("u", 1);
    assertTrue(claimant.isBusy(view), "of an older epoch");
    claimant.ended("u", 2);
    assertFalse(claimant.isBusy(view));
  }

  @Test
  void whatTheViewShowsIsNotWaitedFor() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    claim();
    view.apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw2"));
    assertFalse(claimant.isBusy(view));
  }

  @Test
  void itIsBusyWhileARowHasNotAnswered() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    rows.claims.close();
    claim();
    assertTrue(claimant.isBusy(view));
    rows.loseAnswers(1);
    rows.claims.open();
    assertFalse(claimant.isBusy(view));
  }

  @Test
  void whatOthersHaveToldIsElsewhereUntilTheViewShowsItOrTheyFail() {
    View view = new View();
    view.apply(unit(Phase.SERVING, 1, "gw1"));
    claimant.heard(new Luns.Claim("u", 2, "gw3", "gw3-p1", "failover", Entries.NOW));
    claimant.heard(new Luns.Claim("u", 1, "gw4", "gw4-p1", "failover", Entries.NOW));
    claimant.heard(new Luns.Claim("unknown", 2, "gw3", "gw3-p1", "failover", Entries.NOW));
    assertEquals(
        Set.of("u"),
        claimant.elsewhere(view, claim -> claim.owner().equals("gw3"), System.nanoTime()));
    assertEquals(Set.of(), claimant.elsewhere(view, claim -> false, System.nanoTime()));
    assertEquals(
        Set.of(),
        claimant.elsewhere(view, claim -> true, System.nanoTime() + Claimant.LEFT_ALONE_NANOS),
        "it has not recorded it for so long that somebody else does");
    view.apply(Entries.unit("u", 8, Phase.SERVING, 2, "gw3"));
    assertEquals(Set.of(), claimant.elsewhere(view, claim -> true, System.nanoTime()));
  }

  @Test
  void withoutALeaseItClaimsNothing() {
    lease = false;
    claim();
    assertEquals(1, rows.decided("u").size());
  }

  @Test
  void onlyWhatAFailedOwnerHadMayBeClaimed() {
    List<Observation> gone = seen(Kind.PROCESS_GONE);
    for (Phase phase : List.of(Phase.ACQUIRING, Phase.SERVING, Phase.RELEASING)) {
      assertTrue(Claimant.mayClaim(unit(phase, 1, "gw1"), gone));
      assertTrue(Claimant.mayClaim(unit(phase, 1, "gw1"), seen(Kind.REMOVED, Kind.LEASE_OUT)));
      assertFalse(Claimant.mayClaim(unit(phase, 1, "gw1"), List.of()));
      assertFalse(Claimant.mayClaim(unit(phase, 1, "gw1"), seen(Kind.REMOVED)), "lease");
      assertFalse(Claimant.mayClaim(unit(phase, 1, "gw1"), seen(Kind.UNREACHABLE)));
      assertFalse(Claimant.mayClaim(unit(phase, 1, "gw3"), gone), "another gateway's end");
      assertFalse(Claimant.mayClaim(unit(phase, 1, "gw1").asDeleted(), gone));
    }
    assertFalse(Claimant.mayClaim(unit(Phase.UNOWNED, 1, ""), gone));
    Ownership refused =
        new Ownership(
            Phase.ACQUIRING,
            1,
            "gw1",
            "gw1-p1",
            "",
            Entries.NOW,
            "test",
            List.of(),
            List.of("gw3"));
    assertFalse(Claimant.mayClaim(Entries.unit("u", 7, refused), gone));
    Ownership older =
        new Ownership(
            Phase.SERVING,
            1,
            "gw1",
            "another process",
            "",
            Entries.NOW,
            "test",
            List.of(),
            List.of());
    assertFalse(Claimant.mayClaim(Entries.unit("u", 7, older), gone));
  }
}
