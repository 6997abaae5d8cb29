package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.ownership.Stewardship.Plan;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.GatewayEntry.Service;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the steward of gw1 wants done. */
class StewardshipTest {
  private static final Duration STABLE = Duration.ofSeconds(60);
  private static final Instant LATER = Entries.NOW.plus(STABLE).plusSeconds(1);

  private static final Observation GW2_GONE =
      new Observation("gw3", "gw2", "gw2-p1", Kind.PROCESS_GONE, Entries.NOW, "refused");

  private static final Balance.Tolerance EVEN = new Balance.Tolerance(2, 0.5, 100);

  private final View view = new View();
  private final Map<String, Double> loads = new HashMap<>();
  private Stewardship gw1 = steward(new Movements.Policy(true, STABLE, false, EVEN, 4));

  private Stewardship steward(Movements.Policy policy) {
    return new Stewardship("gw1", "gw1-p1", policy, KnownLoads.of(loads));
  }

  StewardshipTest() {
    for (int i = 1; i <= 3; i++) {
      view.apply(Entries.up("gw" + i, i));
    }
  }

  private Plan look(Instant now) {
    return gw1.look(view, List.of(), Set.of(), Set.of(), now);
  }

  private void duty(String gateway, Duty duty) {
    GatewayEntry now = view.gateway(gateway).orElseThrow();
    view.apply(now.next(new Service(duty, Entries.NOW, "maintenance")));
  }

  private void serving(String id, String owner, String... preferred) {
    view.apply(Entries.unit(id, 1, Phase.SERVING, 1, owner, preferred));
  }

  private static Map<String, String> targets(Plan plan) {
    return plan.moves().stream()
        .collect(
            java.util.stream.Collectors.toMap(move -> move.unit().id(), move -> move.to().name()));
  }

  @Test
  void anUnregisteredGatewayWantsNothing() {
    view.apply(Entries.unit("u0", 1, Phase.UNOWNED, 0, ""));
    Stewardship other =
        new Stewardship(
            "gw1", "gw1-p2", new Movements.Policy(true, STABLE, true, EVEN, 4), Loads.UNKNOWN);
    assertEquals(Plan.NOTHING, other.look(view, List.of(), Set.of(), Set.of(), LATER));
  }

  @Test
  void takesOverWhatIsItsPartWithAllTheEvidence() {
    serving("u0", "gw2", "gw1");
    serving("u1", "gw2", "gw3");
    Observation gone = GW2_GONE;
    Plan plan = gw1.look(view, List.of(gone), Set.of(), Set.of(), LATER);
    assertEquals(List.of("u0"), takenOver(plan));
    assertEquals(List.of(gone), plan.takeOvers().get(0).evidence());
    assertEquals("failover from gw2", plan.takeOvers().get(0).cause());
    assertEquals("gw2", plan.failures().get(0).gateway().name());
    assertEquals(
        List.of(),
        gw1.look(view, List.of(gone), Set.of("u0"), Set.of(), LATER).takeOvers(),
        "it was asked");
  }

  private static Observation unreachable(String gateway, String store) {
    return new Observation(
        gateway, gateway, gateway + "-p1", Kind.STORE_FAILING, Entries.NOW, "wrong key", store);
  }

  @Test
  void whoDoesNotReachTheStoreIsGivenNothingOfItWhileAnotherIsLeft() {
    serving("u0", "gw2", "gw1");
    List<Observation> seen = List.of(GW2_GONE, unreachable("gw1", "memory"));
    assertEquals(List.of(), takenOver(gw1.look(view, seen, Set.of(), Set.of(), LATER)));
    List<Observation> ofOther = List.of(GW2_GONE, unreachable("gw1", "file"));
    assertEquals(List.of("u0"), takenOver(gw1.look(view, ofOther, Set.of(), Set.of(), LATER)));
    List<Observation> ofAll =
        List.of(GW2_GONE, unreachable("gw1", "memory"), unreachable("gw3", "memory"));
    assertEquals(List.of("u0"), takenOver(gw1.look(view, ofAll, Set.of(), Set.of(), LATER)));
  }

  @Test
  void aDrainWaitsForAGatewayThatReachesTheStore() {
    serving("u0", "gw1");
    duty("gw1", Duty.DRAINING);
    Observation gw2 = unreachable("gw2", "memory");
    Observation gw3 = unreachable("gw3", "memory");
    assertEquals(Map.of(), targets(gw1.look(view, List.of(gw2, gw3), Set.of(), Set.of(), LATER)));
    assertEquals(
        Map.of("u0", "gw3"), targets(gw1.look(view, List.of(gw2), Set.of(), Set.of(), LATER)));
  }

  @Test
  void nothingIsFailedBackToWhoDoesNotReachTheStoreNorMovedAwayFromIt() {
    serving("u0", "gw1", "gw2");
    serving("u1", "gw1");
    assertEquals(Map.of("u0", "gw2"), targets(look(LATER)));
    gw1 = steward(new Movements.Policy(true, STABLE, false, EVEN, 4));
    List<Observation> seen = List.of(unreachable("gw2", "memory"), unreachable("gw1", "memory"));
    assertEquals(Map.of(), targets(gw1.look(view, seen, Set.of(), Set.of(), LATER)));
  }

  private UnitEntry refused(long epoch, String... refusedBy) {
    UnitEntry unit =
        Entries.unit(
            "u0",
            epoch,
            new Ownership(
                Phase.UNOWNED, epoch, "", "", "", Entries.NOW, "", List.of(), List.of(refusedBy)));
    view.apply(unit);
    return unit;
  }

  @Test
  void whatItCouldNotOpenIsTriedAgainEverLaterAndNeverGivenUp() {
    refused(1, "gw2", "gw3");
    assertEquals(List.of("u0"), takenOver(look(LATER)), "it has not tried yet");
    Instant now = LATER;
    long[] rests = {1, 2, 4, 8, 8, 8};
    for (int time = 0; time < rests.length; time++) {
      refused(2 + time, "gw1", "gw2", "gw3");
      assertEquals(List.of(), takenOver(look(now)));
      now = now.plusSeconds(rests[time]);
      assertEquals(List.of(), takenOver(look(now.minusMillis(1))));
      assertEquals(List.of("u0"), takenOver(look(now)));
    }
    assertEquals(List.of("u0"), takenOver(look(now.minusSeconds(3600))), "a clock is set back");
    view.apply(Entries.unit("u0", 100, Phase.SERVING, 9, "gw2"));
    look(now);
    refused(101, "gw1", "gw2", "gw3");
    look(now);
    assertEquals(List.of("u0"), takenOver(look(now.plusSeconds(1))), "begins anew");
  }

  @Test
  void whatItCouldNotOpenIsLeftToTheOthersWhichHaveNotTriedForLonger() {
    refused(4, "gw2", "gw1", "gw3");
    look(LATER);
    assertEquals(List.of(), takenOver(look(LATER.plusSeconds(60))));
  }

  /** Hosts wait for the rows of the others, and nobody for a record. */
  @Test
  void whatItHasTakenOverByTheRowIsRecordedAfterTheOthersHaveBeenTakenOver() {
    serving("u0", "gw2", "gw1");
    serving("u1", "gw2", "gw1");
    List<Observation> gone = List.of(GW2_GONE);
    assertEquals(List.of("u1"), takenOver(gw1.look(view, gone, Set.of(), Set.of("u0"), LATER)));
    assertEquals(
        List.of("u0", "u1"), takenOver(gw1.look(view, gone, Set.of(), Set.of("u0", "u1"), LATER)));
  }

  /** The plan changes with each record; who has a unit already does not. */
  @Test
  void whatAnotherHasTakenOverIsLeftToItAndItsOwnIsRecordedWhateverThePlan() {
    serving("u0", "gw2", "gw1");
    serving("u1", "gw2", "gw1");
    serving("u2", "gw2", "gw3");
    List<Observation> gone = List.of(GW2_GONE);
    assertEquals(
        List.of("u1"),
        takenOver(
            gw1.look(
                view,
                gone,
                Set.of(),
                new Stewardship.Claims(Set.of("u2"), Set.of(), Set.of("u0")),
                LATER)));
    assertEquals(
        List.of("u2"),
        takenOver(
            gw1.look(
                view,
                gone,
                Set.of(),
                new Stewardship.Claims(Set.of("u2"), Set.of(), Set.of("u0", "u1")),
                LATER)));
  }

  /** Then records wait a little: those may be taking them over by their rows. */
  @Test
  void itSaysWhetherOthersAreToTakeUnitsOver() {
    serving("u0", "gw2", "gw1");
    List<Observation> gone = List.of(GW2_GONE);
    assertFalse(gw1.look(view, List.of(), Set.of(), Set.of(), LATER).othersToo());
    assertFalse(gw1.look(view, gone, Set.of(), Set.of(), LATER).othersToo());
    serving("u1", "gw2", "gw3");
    assertTrue(gw1.look(view, gone, Set.of(), Set.of(), LATER).othersToo());
  }

  /** Rows are asked many at a time, entities are not. */
  @Test
  void allRowsAreAskedForAtOnceAndFewEntities() {
    Set<String> all = new TreeSet<>();
    for (int number = 0; number < 1000; number++) {
      serving("many-" + number, "gw2", "gw1");
      all.add("many-" + number);
    }
    List<Observation> gone = List.of(GW2_GONE);
    assertEquals(1000, takenOver(gw1.look(view, gone, Set.of(), Set.of(), LATER)).size());
    assertEquals(32, takenOver(gw1.look(view, gone, Set.of(), all, LATER)).size());
    for (String id : all) {
      view.apply(Entries.unit(id, 2, Phase.UNOWNED, 1, "", "gw1"));
    }
    assertEquals(256, takenOver(gw1.look(view, List.of(), Set.of(), Set.of(), LATER)).size());
  }

  private static List<String> takenOver(Plan plan) {
    return plan.takeOvers().stream().map(takeOver -> takeOver.unit().id()).toList();
  }

  /** This replica has got the unit's entry of the newer process before the gateway's own. */
  @Test
  void anOlderEntryOfTheOwnerProvesNothingAgainstIt() {
    view.apply(
        Entries.unit(
            "u0",
            1,
            new Ownership(
                Phase.SERVING, 2, "gw2", "gw2-p2", "", Entries.NOW, "test", List.of(), List.of()),
            "gw1"));
    assertEquals(List.of(), look(LATER).takeOvers());
  }

  @Test
  void whatAFormerProcessOwnedIsFree() {
    serving("u0", "gw2", "gw1");
    GatewayEntry first = view.gateway("gw2").orElseThrow();
    view.apply(registeredAfter(first, "gw2-p2"));
    Stewardship.TakeOver takeOver = look(LATER).takeOvers().get(0);
    assertEquals(Kind.SUPERSEDED, takeOver.evidence().get(0).kind());
    assertEquals("gw2-p1", takeOver.evidence().get(0).incarnation());
  }

  private static GatewayEntry registeredAfter(GatewayEntry before, String incarnation) {
    return new GatewayEntry(
        before.name(),
        before.version() + 1,
        GatewayEntry.State.UP,
        incarnation,
        before.portGroup(),
        before.portals(),
        before.relay(),
        before.managementUrl(),
        before.softwareVersion(),
        2,
        Entries.NOW,
        "registered",
        before.service(),
        before.flaps(),
        before.formerOfNext(),
        before.takeover());
  }

  @Test
  void whatARemovedGatewayOwnedIsFree() {
    serving("u0", "gw2", "gw1");
    assertEquals(List.of(), look(LATER).takeOvers());
    view.apply(
        view.gateway("gw2")
            .orElseThrow()
            .next(GatewayEntry.State.REMOVED, Entries.NOW, "removed by the operator", 0));
    Stewardship.TakeOver takeOver = look(LATER).takeOvers().get(0);
    assertEquals(Kind.RECORDED_FAILED, takeOver.evidence().get(0).kind());
    assertEquals("removed by the operator", takeOver.evidence().get(0).detail());
  }

  @Test
  void aDrainMovesAFewAtATimeAndNothingToWhoeverDrainsToo() {
    for (int i = 0; i < 6; i++) {
      serving("u" + i, "gw1");
    }
    duty("gw1", Duty.DRAINING);
    duty("gw3", Duty.DRAINED);
    Plan plan = look(LATER);
    assertEquals(Map.of("u0", "gw2", "u1", "gw2", "u2", "gw2", "u3", "gw2"), targets(plan));
    assertEquals("drain of gw1: maintenance", plan.moves().get(0).cause());
    assertFalse(plan.emptied());
    assertEquals(
        List.of(),
        gw1.look(view, List.of(), Set.of("u0", "u1", "u2", "u3"), Set.of(), LATER).moves(),
        "four are under way");
    assertEquals(Set.of("u4", "u5"), targets(look(LATER)).keySet(), "not what was just asked");
  }

  @Test
  void aDrainWithNobodyElseWaits() {
    serving("u0", "gw1");
    duty("gw1", Duty.DRAINING);
    duty("gw2", Duty.DRAINING);
    duty("gw3", Duty.DRAINING);
    assertEquals(List.of(), look(LATER).moves());
  }

  @Test
  void whoOwnsNothingAnyMoreIsDrained() {
    serving("u0", "gw2");
    assertFalse(look(LATER).emptied());
    duty("gw1", Duty.DRAINING);
    assertTrue(look(LATER).emptied());
    view.apply(
        Entries.unit(
            "u1",
            1,
            new Ownership(
                Phase.RELEASING,
                1,
                "gw2",
                "gw2-p1",
                "gw1",
                Entries.NOW,
                "",
                List.of(),
                List.of())));
    assertFalse(look(LATER).emptied(), "it is about to get one");
    duty("gw1", Duty.DRAINED);
    assertFalse(look(LATER).emptied(), "it is on record");
  }

  @Test
  void aGatewayOutOfServiceTakesOverWhatNobodyElseCan() {
    duty("gw1", Duty.DRAINED);
    view.apply(Entries.unit("u0", 1, Phase.UNOWNED, 1, ""));
    assertEquals(List.of(), look(LATER).takeOvers());
    duty("gw2", Duty.DRAINED);
    duty("gw3", Duty.DRAINED);
    assertEquals(1, look(LATER).takeOvers().size());
  }

  @Test
  void aUnitGoesBackToTheFirstOfItsOrderThatIsWell() {
    serving("u0", "gw1", "gw2", "gw3", "gw1");
    serving("u1", "gw1", "gw1", "gw2");
    serving("u2", "gw1");
    assertEquals(Map.of(), targets(look(Entries.NOW.plus(STABLE))));
    assertEquals(Map.of("u0", "gw2"), targets(look(LATER)));
    duty("gw2", Duty.DRAINING);
    assertEquals(Map.of("u0", "gw3"), targets(look(LATER.plusSeconds(60))));
    gw1.policy(new Movements.Policy(false, STABLE, false, EVEN, 4));
    assertEquals(Map.of(), targets(look(LATER.plusSeconds(600))));
    gw1.policy(new Movements.Policy(true, STABLE, false, EVEN, 4));
    assertEquals(Map.of("u0", "gw3"), targets(look(LATER.plusSeconds(600))));
  }

  @Test
  void aGatewayThatKeepsFailingGetsUnitsBackEverLater() {
    GatewayEntry gateway = Entries.up("gw2", 2);
    Instant at = Entries.NOW;
    assertEquals(STABLE, Movements.patience(STABLE, gateway));
    for (int failures = 1; failures <= 20; failures++) {
      gateway =
          gateway.next(
              GatewayEntry.State.FAILED, at, "gone", gateway.flapsWhenItFails(at.plusSeconds(1)));
      gateway = gateway.next(GatewayEntry.State.UP, at, "registered", gateway.flaps());
      assertEquals(
          STABLE.multipliedBy(1L << Math.min(6, failures - 1)),
          Movements.patience(STABLE, gateway),
          "after " + failures);
    }
    assertEquals(1, gateway.flapsWhenItFails(at.plus(GatewayEntry.FLAP_MEMORY)));
  }

  @Test
  void whatWasMovedAndCameBackRestsEverLonger() {
    serving("u0", "gw1");
    duty("gw1", Duty.DRAINING);
    Instant now = LATER;
    for (long rest = 5; rest <= 5 << 6; rest *= 2) {
      assertEquals(1, look(now).moves().size(), "after " + rest);
      assertEquals(0, look(now.plusSeconds(rest).minusMillis(1)).moves().size());
      now = now.plusSeconds(rest);
    }
    assertEquals(1, look(now.plus(Duration.ofMinutes(16))).moves().size());
    assertEquals(1, look(now.plus(Duration.ofMinutes(16)).plusSeconds(5)).moves().size());
  }

  @Test
  void theMostLoadedGivesToTheLeastLoadedOneAtATime() {
    gw1 = steward(new Movements.Policy(true, STABLE, true, EVEN, 4));
    serving("u0", "gw1", "gw1");
    serving("u1", "gw1");
    serving("u2", "gw1");
    serving("u3", "gw2");
    serving("u4", "gw3");
    assertEquals(Map.of("u1", "gw2"), targets(look(LATER)), "what has a preference stays");
    assertEquals(Map.of("u2", "gw2"), targets(look(LATER)), "u1 rests");
    serving("u5", "gw2");
    serving("u6", "gw3");
    assertEquals(Map.of(), targets(look(LATER.plusSeconds(60))), "one more is no reason");
  }

  @Test
  void theLoadIsEvenedOutBeforeTheNumber() {
    gw1 = steward(new Movements.Policy(true, STABLE, true, EVEN, 4));
    serving("u0", "gw1");
    serving("u1", "gw1");
    serving("u2", "gw2");
    serving("u3", "gw2");
    serving("u4", "gw3");
    serving("u5", "gw3");
    serving("u6", "gw1", "gw1");
    loads.putAll(Map.of("u0", 800.0, "u1", 1_000.0, "u2", 300.0, "u6", 100.0));
    assertEquals(Map.of("u1", "gw3"), targets(look(LATER)));
    assertEquals(Map.of(), targets(look(Entries.NOW.plus(STABLE))), "not as soon as that");
  }

  @Test
  void aDrainGivesTheBusyUnitsToDifferentGateways() {
    gw1 = steward(new Movements.Policy(false, STABLE, false, EVEN, 8));
    for (int i = 0; i < 6; i++) {
      serving("u" + i, "gw1");
    }
    serving("u6", "gw2");
    loads.putAll(Map.of("u0", 1_000.0, "u1", 1_000.0, "u2", 1_000.0, "u6", 1_500.0));
    duty("gw1", Duty.DRAINING);
    Map<String, String> moves = targets(look(LATER));
    assertEquals(
        List.of("gw2", "gw3", "gw3"),
        Stream.of("u0", "u1", "u2").map(moves::get).sorted().toList());
    assertEquals(3, moves.values().stream().filter("gw2"::equals).count());
  }

  /** Many light units are a load together, and a preference comes before a load. */
  @Test
  void aDrainCountsWhatTheOthersHaveAlready() {
    gw1 = steward(new Movements.Policy(false, STABLE, false, EVEN, 1));
    for (int i = 0; i < 50; i++) {
      serving("light" + i, "gw2");
      loads.put("light" + i, 100.0);
    }
    serving("other", "gw3");
    serving("heavy", "gw1");
    serving("idle", "gw1");
    serving("preferring", "gw1", "gw3");
    loads.putAll(Map.of("other", 2_000.0, "heavy", 4_000.0, "preferring", 500.0));
    duty("gw1", Duty.DRAINING);
    assertEquals(Map.of("heavy", "gw3"), targets(look(LATER)), "the heaviest first");
    loads.put("preferring", 3_100.0);
    serving("heavy", "gw1");
    assertEquals(
        Map.of("heavy", "gw2"), targets(look(LATER.plusSeconds(60))), "gw3 is to have 5,100");
  }

  /** One after the other: what is on its way counts where it goes. */
  @Test
  void aDrainCountsWhatIsUnderWay() {
    gw1 = steward(new Movements.Policy(false, STABLE, false, EVEN, 8));
    serving("a", "gw1");
    serving("b", "gw1");
    loads.putAll(Map.of("a", 1_000.0, "b", 900.0));
    view.apply(
        Entries.unit(
            "b",
            2,
            new Ownership(
                Phase.ACQUIRING, 2, "gw2", "gw2-p1", "", Entries.NOW, "", List.of(), List.of())));
    duty("gw1", Duty.DRAINING);
    assertEquals(Map.of("a", "gw3"), targets(look(LATER)));
    serving("c", "gw1");
    loads.put("c", 800.0);
    Plan next = gw1.look(view, List.of(), Set.of("a"), Set.of(), LATER);
    assertEquals(Map.of("c", "gw2"), targets(next), "a was asked for, and the view has it here");
    view.apply(
        Entries.unit(
            "a",
            3,
            new Ownership(
                Phase.RELEASING,
                1,
                "gw1",
                "gw1-p1",
                "gw3",
                Entries.NOW,
                "",
                List.of(),
                List.of())));
    serving("d", "gw1");
    loads.put("c", 0.0);
    loads.put("d", 800.0);
    assertEquals(Map.of("d", "gw2"), targets(look(LATER.plusSeconds(1))));
  }

  /** Whoever is silent would pass for idle. */
  @Test
  void whatIsNotKnownOfAllIsNoReason() {
    gw1 =
        new Stewardship(
            "gw1",
            "gw1-p1",
            new Movements.Policy(true, STABLE, true, EVEN, 4),
            new Loads() {
              @Override
              public double of(String unitId) {
                return loads.getOrDefault(unitId, 0.0);
              }

              @Override
              public boolean knownOf(Set<String> gateways) {
                return !gateways.contains("gw3");
              }
            });
    serving("u0", "gw1");
    serving("u1", "gw1");
    serving("u2", "gw2");
    serving("u3", "gw2");
    serving("u4", "gw3");
    loads.putAll(Map.of("u0", 1_000.0, "u1", 1_000.0));
    assertEquals(Map.of(), targets(look(LATER)));
    serving("u5", "gw1");
    assertEquals(Set.of("gw3"), Set.copyOf(targets(look(LATER)).values()), "by number");
  }

  @Test
  void aUnitThatNobodyCanOpenDoesNotKeepADrainFromGoingOn() {
    for (int i = 0; i < 9; i++) {
      view.apply(
          Entries.unit(
              "broken" + i,
              1,
              new Ownership(
                  i % 2 == 0 ? Phase.UNOWNED : Phase.ACQUIRING,
                  7,
                  i % 2 == 0 ? "" : "gw2",
                  i % 2 == 0 ? "" : "gw2-p1",
                  "",
                  Entries.NOW,
                  "",
                  List.of(),
                  List.of("gw1", "gw3"))));
    }
    serving("u0", "gw1");
    duty("gw1", Duty.DRAINING);
    assertEquals(1, look(LATER).moves().size());
  }

  @Test
  void aMoveOfAnUnitIsOnlyItsOwners() {
    UnitEntry other = Entries.unit("u0", 1, Phase.SERVING, 1, "gw2", "gw3");
    view.apply(other);
    assertEquals(Map.of(), targets(look(LATER)));
  }

  private static Observation part(String observer, String subject, Kind kind, String part) {
    return new Observation(observer, subject, subject + "-p1", kind, Entries.NOW, "", part);
  }

  private Plan look(Instant now, Observation... observations) {
    return gw1.look(view, List.of(observations), Set.of(), Set.of(), now);
  }

  @Test
  void whoLostItsPortalsGivesAllItsUnitsAway() {
    serving("u0", "gw1", "gw1", "gw3");
    serving("u1", "gw1");
    serving("u2", "gw2");
    view.apply(Entries.unit("u3", 1, Phase.UNOWNED, 1, "", "gw2"));
    Observation lost = part("gw1", "gw1", Kind.PORTAL_LOST, "127.0.0.1:3260");
    Plan plan = look(LATER, lost);
    assertEquals(Map.of("u0", "gw3", "u1", "gw2"), targets(plan));
    for (Stewardship.Move move : plan.moves()) {
      assertEquals("hosts can't reach gw1", move.cause());
      assertEquals(List.of(lost), move.evidence());
    }
  }

  @Test
  void theWordOfOneOtherMovesNothing() {
    serving("u0", "gw1");
    Observation ofOne = part("gw2", "gw1", Kind.PORTAL_UNREACHABLE, "127.0.0.1:3260");
    Observation ofAnother = part("gw3", "gw1", Kind.PORTAL_UNREACHABLE, "127.0.0.1:3260");
    assertEquals(Map.of(), targets(look(LATER, ofOne)));
    assertEquals(
        Map.of(),
        targets(
            look(LATER, ofOne, ofAnother, part("gw3", "gw3", Kind.PORTAL_LOST, "127.0.0.3:3260"))),
        "gw3 reaches nobody");
    assertEquals(Map.of("u0", "gw2"), targets(look(LATER, ofOne, ofAnother)));
  }

  @Test
  void aStoreThatFailsForAUnitMovesThatUnitAlone() {
    serving("u0", "gw1");
    serving("u1", "gw1");
    Observation failing = part("gw1", "gw1", Kind.STORE_FAILING, "u1");
    Plan plan = look(LATER, failing);
    assertEquals(Map.of("u1", "gw2"), targets(plan));
    assertEquals("trouble of gw1 with the store", plan.moves().get(0).cause());
    assertEquals(List.of(failing), plan.moves().get(0).evidence());
  }

  /** Then it is the store, and not the way to it. */
  @Test
  void aStoreThatIsInTroubleEverywhereMovesNothing() {
    serving("u0", "gw1");
    serving("u1", "gw2");
    serving("u2", "gw3");
    Observation here = part("gw1", "gw1", Kind.STORE_SLOW, "u0");
    Observation there = part("gw2", "gw2", Kind.STORE_SLOW, "u1");
    assertEquals(Map.of("u0", "gw3"), targets(look(LATER, here, there)));
    assertTrue(look(LATER, here, there).others().anySuits("u0", view));
    Plan plan =
        look(LATER.plusSeconds(60), here, there, part("gw3", "gw3", Kind.STORE_FAILING, "u2"));
    assertEquals(Map.of(), targets(plan));
    assertFalse(plan.others().anySuits("u0", view));
  }

  @Test
  void whatHangsOrMayBeLostIsNotMoved() {
    serving("u0", "gw1");
    Observation portal = part("gw1", "gw1", Kind.PORTAL_LOST, "127.0.0.1:3260");
    for (Kind kind : List.of(Kind.STORE_STUCK, Kind.STORE_LOST)) {
      Observation trouble = part("gw1", "gw1", kind, "u0");
      assertEquals(Map.of(), targets(look(LATER, trouble)));
      assertEquals(Map.of(), targets(look(LATER, trouble, portal)));
      assertEquals(
          Map.of(), targets(look(LATER, trouble, part("gw1", "gw1", Kind.STORE_FAILING, "u0"))));
    }
    duty("gw1", Duty.DRAINING);
    assertEquals(Map.of(), targets(look(LATER, part("gw1", "gw1", Kind.STORE_LOST, "u0"))));
    assertEquals(1, look(LATER, part("gw1", "gw1", Kind.STORE_STUCK, "u0")).moves().size());
  }

  /** A bad block, say: the other's word lapses, and nothing has changed. */
  @Test
  void aUnitDoesNotGoBackToWhereTheStoreFailedForIt() {
    Observation there = part("gw2", "gw2", Kind.STORE_FAILING, "u0");
    view.apply(
        Entries.unit(
            "u0",
            1,
            new Ownership(
                Phase.SERVING,
                2,
                "gw1",
                "gw1-p1",
                "",
                Entries.NOW,
                "trouble of gw2 with the store",
                List.of(there),
                List.of())));
    Observation here = part("gw1", "gw1", Kind.STORE_FAILING, "u0");
    assertEquals(Map.of("u0", "gw3"), targets(look(LATER, here)));
    duty("gw3", Duty.DRAINED);
    assertEquals(Map.of(), targets(look(LATER.plusSeconds(60), here)));
  }

  /** Then it is the unit, and others may still be moved for the way to their store. */
  @Test
  void aUnitThatIsInTroubleEverywhereKeepsNoOtherFromMoving() {
    serving("u0", "gw3");
    serving("u1", "gw1");
    Observation[] seen = {
      part("gw1", "gw1", Kind.STORE_FAILING, "u0"),
      part("gw2", "gw2", Kind.STORE_FAILING, "u0"),
      part("gw3", "gw3", Kind.STORE_FAILING, "u0"),
      part("gw1", "gw1", Kind.STORE_FAILING, "u1")
    };
    assertEquals(Map.of("u1", "gw2"), targets(look(LATER, seen)));
  }

  @Test
  void aUnitThatRestsDoesNotHoldADrainUp() {
    serving("u0", "gw1");
    Observation failing = part("gw1", "gw1", Kind.STORE_FAILING, "u0");
    assertEquals(1, look(LATER, failing).moves().size());
    serving("u1", "gw1");
    duty("gw1", Duty.DRAINING);
    assertEquals(Set.of("u1"), targets(look(LATER.plusSeconds(1), failing)).keySet());
  }

  /** Its own link is more likely. */
  @Test
  void anObserverThatReachesMostOthersNotDoesNotCount() {
    view.apply(Entries.up("gw4", 4));
    serving("u0", "gw1");
    Observation two = part("gw2", "gw1", Kind.PORTAL_UNREACHABLE, "127.0.0.1:3260");
    Observation three = part("gw3", "gw1", Kind.PORTAL_UNREACHABLE, "127.0.0.1:3260");
    assertEquals(1, look(LATER, two, three).moves().size());
    assertEquals(
        Map.of(),
        targets(
            look(
                LATER.plusSeconds(60),
                two,
                three,
                part("gw3", "gw2", Kind.PORTAL_UNREACHABLE, "127.0.0.2:3260"))));
  }

  @Test
  void nothingIsPlacedOnWhoLostItsPortalsOrHasTroubleWithTheStore() {
    serving("u0", "gw1", "gw2", "gw3");
    Observation lost = part("gw2", "gw2", Kind.PORTAL_LOST, "127.0.0.2:3260");
    assertEquals(Map.of("u0", "gw3"), targets(look(LATER, lost)), "failback");
    view.apply(Entries.unit("u1", 1, Phase.UNOWNED, 1, "", "gw2", "gw1"));
    assertEquals(List.of("u1"), takenOver(look(LATER, lost)));
    assertEquals(List.of(), takenOver(look(LATER)));
    assertEquals(
        List.of("u1"), takenOver(look(LATER, part("gw2", "gw2", Kind.STORE_FAILING, "u0"))));
  }

  /** The plan names another by now, who leaves it to this one: and somebody waits for it. */
  @Test
  void whatItHasTakenOverIsRecordedFirstWhenThatIsWaitedForWhateverThePlanSays() {
    serving("u0", "gw2", "gw1");
    serving("u1", "gw2", "gw3");
    List<Observation> gone = List.of(GW2_GONE);
    Set<String> mine = Set.of("u0", "u1");
    Stewardship.Claims wanted = new Stewardship.Claims(mine, Set.of("u1"), Set.of());
    assertEquals(List.of("u1"), takenOver(gw1.look(view, gone, Set.of(), wanted, LATER)));
    Stewardship.Claims none = new Stewardship.Claims(mine, Set.of(), Set.of());
    assertEquals(List.of("u0", "u1"), takenOver(gw1.look(view, gone, Set.of(), none, LATER)));
  }

  @Test
  void aUnitThatWasMovedForAFaultRestsBeforeTheNextTime() {
    serving("u0", "gw1");
    Observation failing = part("gw1", "gw1", Kind.STORE_FAILING, "u0");
    assertEquals(1, look(LATER, failing).moves().size());
    assertEquals(0, look(LATER.plusSeconds(4), failing).moves().size());
    assertEquals(1, look(LATER.plusSeconds(5), failing).moves().size());
    assertEquals(0, look(LATER.plusSeconds(14), failing).moves().size());
  }

  @Test
  void whoCouldServeIsInServiceAndExportsTheUnit() {
    serving("u0", "gw1");
    duty("gw2", Duty.DRAINED);
    view.apply(Entries.target("t", Map.of(0, "u0"), "gw1", "gw2"));
    Plan plan = look(LATER, part("gw1", "gw1", Kind.STORE_FAILING, "u0"));
    assertEquals(Map.of(), targets(plan));
    assertFalse(plan.others().anySuits("u0", view));
    duty("gw2", Duty.IN_SERVICE);
    plan = look(LATER, part("gw1", "gw1", Kind.STORE_FAILING, "u0"));
    assertEquals(Map.of("u0", "gw2"), targets(plan));
  }
}
