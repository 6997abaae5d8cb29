package io.moongate.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class OwnerClockTest {
  private static final long MS = 1_000_000;

  @Test
  void aDeadlineIsShortenedByWhatTheTickIsOldAndByDriftAndMargin() {
    OwnerClock clock = new OwnerClock(0.01, MS);
    clock.tick(1_000 * MS, 5_000 * MS);
    assertEquals((1_000 + 4_000 - 40 - 1) * MS, clock.translate(9_000 * MS));
    // Already past when the tick came: past at the owner, too.
    assertTrue(clock.translate(4_900 * MS) < 900 * MS);
  }

  @Test
  void freshnessEndsWithTheBound() {
    OwnerClock clock = new OwnerClock(0.01, MS);
    assertFalse(clock.hasTicked());
    assertFalse(clock.isFresh(0, Long.MAX_VALUE));
    clock.tick(0, 100);
    assertTrue(clock.isFresh(109, 10));
    assertFalse(clock.isFresh(110, 10));
  }

  @Test
  void itHoldsWhereClocksOverflow() {
    OwnerClock clock = new OwnerClock(0.01, MS);
    clock.tick(Long.MAX_VALUE - 10, Long.MIN_VALUE + 5);
    long deadline = clock.translate(Long.MIN_VALUE + 5 + 1_000 * MS);
    assertEquals(989 * MS, deadline - (Long.MAX_VALUE - 10));
  }

  private static double corrected(Random random) {
    return random.nextBoolean()
        ? (random.nextBoolean() ? 1 : -1) / 12.0
        : (2 * random.nextDouble() - 1) / 12;
  }

  @Test
  void theOwnersDeadlineIsNeverLaterThanTheSendersWithinTheDrift() {
    long seed = new Random().nextLong();
    System.out.println("OwnerClockTest seed " + seed);
    Random random = new Random(seed);
    RelaySettings settings = TestSettings.with("");
    for (int round = 0; round < 100_000; round++) {
      // Both clocks may be off as while chrony corrects them, often as far as that goes.
      double senderRate = 1 + corrected(random);
      double ownerRate = 1 + corrected(random);
      long senderStart = random.nextLong();
      long ownerStart = random.nextLong();
      double ticked = random.nextInt(1_000) * (double) MS;
      double received = ticked + random.nextInt(3_000) * (double) MS;
      double deadline = received + (random.nextInt(40_000) - 5_000) * (double) MS;
      OwnerClock clock = new OwnerClock(settings.clockDrift(), settings.clockMargin().toNanos());
      long tick = ownerStart + (long) (ticked * ownerRate);
      clock.tick(tick, senderStart + (long) (received * senderRate));
      long translated = clock.translate(senderStart + (long) (deadline * senderRate));
      // What was past when the tick came is past at the owner since it sent it.
      long ownerThen = deadline < received ? tick : ownerStart + (long) (deadline * ownerRate);
      assertTrue(translated - ownerThen <= 0, "seed " + seed + " round " + round);
    }
  }
}
