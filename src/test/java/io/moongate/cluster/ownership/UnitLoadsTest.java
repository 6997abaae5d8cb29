package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UnitLoadsTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private long now = -5;
  private final UnitLoads loads = new UnitLoads("gw1", Duration.ofSeconds(10), () -> now);

  private Map<String, Double> after(int seconds, Map<String, Double> work) {
    now += seconds * SECOND;
    return loads.measure(work);
  }

  @Test
  void comesCloserToWhatIsAskedTheLongerItIs() {
    assertEquals(Map.of(), after(0, Map.of("u", 500.0)), "nobody knows since when");
    assertEquals(Map.of("u", 1_000 * (1 - Math.exp(-0.1))), after(1, Map.of("u", 1_500.0)));
    for (int second = 2; second <= 10; second++) {
      after(1, Map.of("u", 500 + second * 1_000.0));
    }
    assertEquals(1_000 * (1 - Math.exp(-1)), loads.of("u"), 1e-6);
    after(10, Map.of("u", 10_500.0));
    assertEquals(1_000 * (1 - Math.exp(-1)) * Math.exp(-1), loads.of("u"), 1e-6);
  }

  @Test
  void whatIsAlmostNothingIsNothing() {
    after(0, Map.of("u", 0.0, "v", 0.0));
    assertEquals(Map.of(), after(10, Map.of("u", 7.0, "v", 0.0)));
    assertEquals(0, loads.of("u"));
  }

  @Test
  void theNextOwnerCarriesOnWithWhatTheLastOneSaid() {
    loads.told("gw2", Map.of("u", 800.0));
    assertEquals(Map.of("u", 800.0), after(1, Map.of("u", 3.0)));
    after(1, Map.of("u", 803.0));
    assertEquals(800, loads.of("u"), 1e-6);
  }

  @Test
  void whatIsCountedAnewIsNoNegativeLoad() {
    after(0, Map.of("u", 1_000.0));
    after(1, Map.of("u", 2_000.0));
    double before = loads.of("u");
    after(1, Map.of("u", 10.0));
    assertEquals(before, loads.of("u"));
  }

  @Test
  void whatNobodySaysAnyMoreIsForgotten() {
    loads.told("gw2", Map.of("u", 800.0));
    now += 60 * SECOND;
    assertEquals(800, loads.of("u"));
    now += 1;
    assertEquals(0, loads.of("u"), "whether anything is measured here or not");
    after(0, Map.of());
    assertEquals(Map.of(), loads.all());
  }

  @Test
  void thatALoadHasEndedIsToldOnce() {
    loads.told("gw2", Map.of("u", 0.6));
    after(0, Map.of("u", 5.0));
    assertEquals(Set.of("u"), after(10, Map.of("u", 5.0)).keySet());
    assertEquals(Map.of(), after(10, Map.of("u", 5.0)));
    loads.told("gw2", Map.of("v", 800.0));
    loads.told("gw2", Map.of("v", 0.2));
    assertEquals(0, loads.of("v"));
  }

  @Test
  void ofWhatIsServedHereNobodyKnowsBetter() {
    after(0, Map.of("u", 0.0));
    after(10, Map.of("u", 10_000.0));
    double measured = loads.of("u");
    loads.told("gw2", Map.of("u", 3.0));
    loads.remembered(Map.of("u", 4.0, "v", 5.0));
    assertEquals(measured, loads.of("u"));
    assertEquals(5, loads.of("v"));
    after(1, Map.of());
    loads.told("gw2", Map.of("u", 3.0));
    assertEquals(3, loads.of("u"), "it is another gateway's now");
  }

  @Test
  void aGatewayThatIsSilentIsNotKnown() {
    assertTrue(loads.knownOf(Set.of("gw1")));
    assertFalse(loads.knownOf(Set.of("gw1", "gw2")));
    loads.told("gw2", Map.of());
    assertTrue(loads.knownOf(Set.of("gw1", "gw2")));
    now += 21 * SECOND;
    assertFalse(loads.knownOf(Set.of("gw1", "gw2")));
  }
}
