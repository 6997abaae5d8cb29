package io.moongate.failure;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PortalTrendTest {
  private static final long SECOND = 1_000_000_000L;

  private final PortalTrend trend = new PortalTrend(3, Duration.ofSeconds(10));
  private long now = -5 * SECOND;

  private boolean looked(boolean well) {
    now += SECOND;
    return trend.looked(well, now);
  }

  private void lose() {
    looked(false);
    looked(false);
    assertTrue(looked(false));
  }

  private void wellFor(int seconds) {
    assertTrue(looked(true));
    for (int second = 1; second < seconds; second++) {
      assertTrue(looked(true), "after " + second);
    }
    assertFalse(looked(true), "after " + seconds);
  }

  @Test
  void itIsLostAfterSeveralMissesInARow() {
    assertFalse(looked(true));
    for (int i = 0; i < 5; i++) {
      assertFalse(looked(false));
      assertFalse(looked(false));
      assertFalse(looked(true));
    }
    lose();
  }

  @Test
  void itIsBackWhenItWasWellWithoutABreak() {
    lose();
    for (int i = 0; i < 9; i++) {
      assertTrue(looked(true));
    }
    assertTrue(looked(false));
    wellFor(10);
  }

  @Test
  void whatComesAndGoesStaysLostEverLonger() {
    for (int loss = 0; loss < 10; loss++) {
      lose();
      wellFor(10 << Math.min(6, loss));
    }
  }

  @Test
  void anHourForgets() {
    for (int loss = 0; loss < 2; loss++) {
      lose();
      wellFor(10 << loss);
    }
    now += 3600 * SECOND;
    lose();
    wellFor(10);
  }
}
