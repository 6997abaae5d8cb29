package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private final View view = new View();
  private final List<UnitEntry> needy = new ArrayList<>();

  private UnitEntry needs(UnitEntry unit) {
    view.apply(unit);
    needy.add(unit);
    return unit;
  }

  private static UnitEntry unowned(String id, List<String> refusedBy, String... preferred) {
    return Entries.unit(
        id,
        1,
        new Ownership(Phase.UNOWNED, 1, "", "", "", Entries.NOW, "", List.of(), refusedBy),
        preferred);
  }

  @Test
  void preferenceComesFirstThenTheLeastLoaded() {
    view.apply(Entries.unit("u0", 1, Phase.SERVING, 1, "gw1"));
    needs(unowned("u1", List.of(), "gw9", "gw1", "gw2"));
    needs(unowned("u2", List.of()));
    assertEquals(
        Map.of("u1", "gw1", "u2", "gw2"), Placement.plan(needy, view, Set.of("gw1", "gw2")));
  }

  @Test
  void aGatewayThatRefusedIsAskedLastNotNever() {
    needs(unowned("u1", List.of("gw1"), "gw1"));
    assertEquals(Map.of("u1", "gw2"), Placement.plan(needy, view, Set.of("gw1", "gw2")));
    assertEquals(Map.of("u1", "gw1"), Placement.plan(needy, view, Set.of("gw1")));
  }

  /** Or one that never can would be asked for ever, and the others, who can again, never. */
  @Test
  void whatAllHaveRefusedGoesToTheOneWhoseRefusalIsTheOldest() {
    needs(unowned("u1", List.of("gw2", "gw3", "gw1"), "gw1"));
    assertEquals(Map.of("u1", "gw2"), Placement.plan(needy, view, Set.of("gw1", "gw2", "gw3")));
    assertEquals(Map.of("u1", "gw3"), Placement.plan(needy, view, Set.of("gw1", "gw3")));
    view.apply(Entries.target("iqn.t", Map.of(0, "u1"), "gw1", "gw3"));
    assertEquals(Map.of("u1", "gw3"), Placement.plan(needy, view, Set.of("gw1", "gw2", "gw3")));
    assertEquals(Map.of("u1", "gw4"), Placement.plan(needy, view, Set.of("gw4")));
  }

  @Test
  void aGatewayThatExportsTheUnitIsTakenWhenThereIsOne() {
    needs(unowned("u1", List.of(), "gw1"));
    view.apply(Entries.target("iqn.t", Map.of(0, "u1"), "gw2", "gw3"));
    assertEquals(Map.of("u1", "gw2"), Placement.plan(needy, view, Set.of("gw1", "gw2", "gw3")));
    assertEquals(Map.of("u1", "gw1"), Placement.plan(needy, view, Set.of("gw1")));
  }

  @Test
  void withNobodyAliveThereIsNoPlan() {
    needs(unowned("u1", List.of(), "gw1"));
    assertEquals(Map.of(), Placement.plan(needy, view, Set.of()));
  }

  @Test
  void whatAFailedGatewayOwnedIsSpreadEvenlyAndAlikeEverywhere() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 3_000; i++) {
      String owner = "gw" + (1 + random.nextInt(4));
      UnitEntry unit = Entries.unit("u" + i, 1, Phase.SERVING, 1, owner);
      view.apply(unit);
      if (owner.equals("gw1")) {
        needy.add(unit);
      }
    }
    Set<String> alive = Set.of("gw2", "gw3", "gw4");
    Map<String, String> plan = Placement.plan(needy, view, alive);
    assertEquals(needy.size(), plan.size());
    List<UnitEntry> shuffled = new ArrayList<>(needy);
    Collections.shuffle(shuffled, random);
    assertEquals(plan, Placement.plan(shuffled, view, alive), "seed " + seed);

    Map<String, Integer> load = new HashMap<>();
    for (UnitEntry unit : view.units()) {
      load.merge(plan.getOrDefault(unit.id(), unit.ownership().owner()), 1, Integer::sum);
    }
    int most = Collections.max(load.values());
    int least = Collections.min(load.values());
    assertTrue(most - least <= 1, "seed " + seed + ": " + load);

    Map<Integer, Set<String>> byGroup = new HashMap<>();
    plan.forEach(
        (unit, owner) ->
            byGroup.computeIfAbsent(OwnershipRows.group(unit), g -> new HashSet<>()).add(owner));
    long shared = byGroup.values().stream().filter(owners -> owners.size() > 1).count();
    assertTrue(shared <= alive.size() - 1, "seed " + seed + ": " + byGroup);
  }

  @Test
  void whoMayGoToFewGatewaysIsPlacedFirstAndTheOthersEvenItOut() {
    for (int i = 0; i < 10; i++) {
      needs(unowned("both" + i, List.of()));
      needs(unowned("narrow" + i, List.of("gw1")));
    }
    Map<String, String> plan = Placement.plan(needy, view, Set.of("gw1", "gw2"));
    assertEquals(10, Collections.frequency(plan.values(), "gw1"));
    assertEquals("gw2", plan.get("narrow0"));
  }

  @Test
  void theOrderInWhichUnitsAreSeenChangesNothing() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> gateways = List.of("gw1", "gw2", "gw3", "gw4");
    for (int i = 0; i < 200; i++) {
      List<String> refused = gateways.subList(0, random.nextInt(3));
      String[] preferred =
          random.nextInt(4) == 0 ? new String[] {"gw" + (2 + random.nextInt(3))} : new String[0];
      needs(unowned("u" + i, refused, preferred));
    }
    Map<String, String> plan = Placement.plan(needy, view, Set.copyOf(gateways));
    assertEquals(200, plan.size());
    Collections.shuffle(needy, random);
    assertEquals(plan, Placement.plan(needy, view, Set.copyOf(gateways)), "seed " + seed);
  }

  @Test
  void whatOneHasTakenLeavesThePartsOfTheOthersAsTheyWere() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      needs(Entries.unit("u" + i, 1, Phase.SERVING, 1, "gw1"));
    }
    Set<String> alive = Set.of("gw2", "gw3", "gw4");
    Map<String, String> plan = Placement.plan(needy, view, alive);
    Collections.shuffle(needy, random);
    while (!needy.isEmpty()) {
      UnitEntry taken = needy.remove(0);
      view.apply(Entries.unit(taken.id(), 2, Phase.SERVING, 2, plan.get(taken.id())));
      Map<String, String> later = Placement.plan(needy, view, alive);
      needy.forEach(
          unit -> assertEquals(plan.get(unit.id()), later.get(unit.id()), "seed " + seed));
    }
  }
}
