package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.ownership.Balance.Gift;
import io.moongate.cluster.ownership.Balance.Tolerance;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BalanceTest {
  private static final Tolerance TOLERANCE = new Tolerance(2, 0.5, 100);

  private final Map<String, UnitEntry> units = new TreeMap<>();
  private final Map<String, Double> loads = new HashMap<>();

  /** By unit, the gateways that can't have it. */
  private final Map<String, Set<String>> narrow = new HashMap<>();

  private final Set<String> gateways = new TreeSet<>(Set.of("gw1", "gw2", "gw3"));

  private void unit(String id, String owner, double load, String... preferred) {
    units.put(id, Entries.unit(id, 1, Phase.SERVING, 1, owner, preferred));
    loads.put(id, load);
  }

  private void units(String owner, int count) {
    for (int i = 0; i < count; i++) {
      unit(owner + "-" + i, owner, 0);
    }
  }

  private Optional<Gift> next(String self) {
    return balance().next(self, unit -> true);
  }

  private Balance balance() {
    return new Balance(
        gateways,
        gateways,
        units.values(),
        KnownLoads.of(loads),
        TOLERANCE,
        unit -> unit.preferred().isEmpty(),
        (unit, to) -> !narrow.getOrDefault(unit.id(), Set.of()).contains(to));
  }

  private void assertGives(String self, String unit, String to) {
    Gift gift = next(self).orElseThrow();
    assertEquals(unit + " to " + to, gift.unit().id() + " to " + gift.to());
    for (String other : gateways) {
      assertTrue(other.equals(self) || next(other).isEmpty(), other + " gives, too");
    }
  }

  private void assertNobodyGives() {
    gateways.forEach(gateway -> assertEquals(Optional.empty(), next(gateway)));
  }

  @Test
  void theMostLoadedGivesWhatBringsItClosestToTheLeastLoaded() {
    unit("a", "gw1", 900);
    unit("b", "gw1", 400);
    unit("c", "gw1", 100);
    unit("d", "gw2", 300);
    unit("e", "gw2", 0);
    unit("f", "gw3", 200);
    unit("g", "gw3", 0);
    assertGives("gw1", "b", "gw3");
    assertEquals(
        "rebalance: gw1 has 1400 operations/s, gw3 200, of this unit are 400",
        next("gw1").orElseThrow().cause());
  }

  @Test
  void oneBusyUnitIsNotSentAround() {
    unit("a", "gw1", 5_000);
    units("gw2", 1);
    units("gw3", 1);
    assertNobodyGives();
  }

  @Test
  void whatIsLittleOrLittleMoreMovesNothing() {
    unit("a", "gw1", 50);
    unit("b", "gw1", 49);
    unit("c", "gw2", 0);
    unit("d", "gw3", 0);
    assertNobodyGives();
    unit("a", "gw1", 5_000);
    unit("b", "gw1", 1_000);
    unit("c", "gw2", 4_000);
    unit("d", "gw3", 4_000);
    assertNobodyGives();
  }

  @Test
  void theNumberIsEvenedOutWithTheLeastLoaded() {
    units("gw1", 4);
    units("gw2", 2);
    units("gw3", 3);
    loads.put("gw1-0", 20.0);
    assertGives("gw1", "gw1-1", "gw2");
    assertEquals("rebalance: gw1 owns 4 units, gw2 2", next("gw1").orElseThrow().cause());
  }

  @Test
  void theNumberMakesNoUnevenLoad() {
    gateways.remove("gw3");
    unit("a", "gw1", 1_000);
    unit("b", "gw1", 1_000);
    unit("c", "gw2", 3_500);
    unit("d", "gw1", 1_000);
    assertNobodyGives();
    unit("e", "gw1", 0);
    assertGives("gw1", "e", "gw2");
  }

  @Test
  void whoCanGiveNothingDoesNotKeepOthersFromIt() {
    unit("a", "gw1", 900, "gw1");
    unit("b", "gw1", 900, "gw1");
    unit("c", "gw1", 0, "gw1");
    unit("d", "gw2", 500);
    unit("e", "gw2", 500);
    assertGives("gw2", "d", "gw3");
    unit("a", "gw1", 10_000);
    unit("b", "gw1", 0, "gw1");
    loads.putAll(Map.of("d", 3_000.0, "e", 3_000.0));
    unit("f", "gw2", 3_000);
    assertGives("gw2", "d", "gw3");
  }

  @Test
  void oneBusyUnitDoesNotKeepOthersFromBeingSpread() {
    unit("a", "gw1", 10_000);
    for (int i = 0; i < 30; i++) {
      unit("u%02d".formatted(i), "gw2", 100);
    }
    while (step()) {
      assertEquals("gw1", units.get("a").ownership().owner());
    }
    assertEquals(Map.of("gw1", 1L, "gw2", 15L, "gw3", 15L), counts());
  }

  @Test
  void whereAUnitCannotBeItDoesNotGo() {
    unit("a", "gw1", 1_000);
    unit("b", "gw1", 900);
    narrow.put("a", Set.of("gw2", "gw3"));
    narrow.put("b", Set.of("gw2"));
    assertGives("gw1", "b", "gw3");
    narrow.put("b", Set.of("gw2", "gw3"));
    assertNobodyGives();
  }

  @Test
  void whatIsNotReadyIsWaitedFor() {
    unit("a", "gw1", 1_000);
    unit("b", "gw1", 900);
    unit("c", "gw2", 300);
    unit("d", "gw2", 0);
    unit("e", "gw2", 0);
    assertEquals("b", balance().next("gw1", unit -> !unit.id().equals("a")).get().unit().id());
    assertEquals(Optional.empty(), balance().next("gw1", unit -> false));
    assertEquals(Optional.empty(), next("gw2"));
  }

  private Map<String, Long> counts() {
    return units.values().stream()
        .collect(Collectors.groupingBy(u -> u.ownership().owner(), Collectors.counting()));
  }

  /** Whatever the loads, in the end nobody gives, and what could be even is. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void itEnds(int size) {
    for (long seed = 1; seed <= 3_000; seed++) {
      itEnds(size, new Random(seed * 10 + size), "seed %d of %d".formatted(seed, size));
    }
  }

  private void itEnds(int size, Random random, String seed) {
    gateways.clear();
    units.clear();
    narrow.clear();
    for (int i = 1; i <= size; i++) {
      gateways.add("gw" + i);
    }
    int count = 1 + random.nextInt(40);
    for (int i = 0; i < count; i++) {
      double load =
          switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextDouble() * 10;
            case 2 -> 200;
            default -> Math.exp(random.nextDouble() * 9);
          };
      String owner = "gw" + (1 + random.nextInt(random.nextBoolean() ? size : 1));
      unit("u" + i, owner, load, random.nextInt(8) == 0 ? new String[] {owner} : new String[0]);
      if (random.nextInt(4) == 0) {
        narrow.put("u" + i, Set.of("gw" + (1 + random.nextInt(size))));
      }
    }
    int moves = 0;
    while (step()) {
      moves++;
      assertTrue(moves <= 4 * count, "it goes on moving; " + seed);
    }
    assertEven(seed);
  }

  private boolean step() {
    for (String gateway : gateways) {
      Optional<Gift> gift = next(gateway);
      if (gift.isPresent()) {
        String id = gift.get().unit().id();
        unit(id, gift.get().to(), loads.get(id));
        return true;
      }
    }
    return false;
  }

  /** No unit is left that would bring two gateways closer to one another, by load or by number. */
  private void assertEven(String seed) {
    Map<String, Double> sums = new TreeMap<>();
    gateways.forEach(gateway -> sums.put(gateway, 0.0));
    units.values().forEach(u -> sums.merge(u.ownership().owner(), loads.get(u.id()), Double::sum));
    double total = sums.values().stream().mapToDouble(d -> d).sum();
    double even = Math.max(100, total / 2 / sums.size());
    double negligible = even / 2 / units.size();
    for (UnitEntry unit : units.values()) {
      String from = unit.ownership().owner();
      double load = loads.get(unit.id());
      for (String to : gateways) {
        if (!unit.preferred().isEmpty()
            || narrow.getOrDefault(unit.id(), Set.of()).contains(to)
            || to.equals(from)) {
          continue;
        }
        double apart = sums.get(from) - sums.get(to);
        assertFalse(
            apart > even && load > negligible && load <= apart * 3 / 4,
            () -> "%s: %s of %.0f to %s: %s".formatted(seed, unit.id(), load, to, sums));
        long more = counts().get(from) - counts().getOrDefault(to, 0L);
        assertFalse(
            more >= 2 && (load <= negligible || load <= apart),
            () -> "%s: %s of %.0f to %s: %s".formatted(seed, unit.id(), load, to, counts()));
      }
    }
  }
}
