package io.moongate.cluster.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
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
  }
}
