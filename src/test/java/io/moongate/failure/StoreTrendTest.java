package io.moongate.failure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.failure.Observation.Kind;
import io.moongate.failure.StoreTrend.Counts;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StoreTrendTest {
  private static final long MILLI = 1_000_000L;

  private final StoreTrend trend =
      new StoreTrend(
          new StoreTrend.Settings(
              Duration.ofSeconds(2),
              3,
              Duration.ofSeconds(2),
              Duration.ofSeconds(5),
              Duration.ofSeconds(15),
              Duration.ofSeconds(60)));

  private Object volume = new Object();
  private long now = -7_000 * MILLI;
  private long underWay;
  private long ended;
  private long failed;
  private long nanos;
  private boolean lost;

  private Counts counts() {
    return new Counts(underWay, ended, ended, failed, nanos, lost);
  }

  private Kind look() {
    now += 250 * MILLI;
    return trend.look(volume, counts(), now).map(StoreTrend.Trouble::kind).orElse(null);
  }

  private void end(int well, int badly) {
    ended += well + badly;
    failed += badly;
    nanos += (well + badly) * MILLI;
  }

  private boolean mayPass() {
    return trend.mayPass(volume, counts(), now);
  }

  @Test
  void itFailsWhenMostOperationsDo() {
    assertEquals(null, look());
    end(0, 2);
    assertEquals(null, look(), "too few");
    end(3, 1);
    assertEquals(Kind.STORE_FAILING, look());
  }

  /** The window has many that went well before. */
  @Test
  void whatBeginsSuddenlyIsSeenByTheLastPartOfTheWindow() {
    for (int i = 0; i < 8; i++) {
      end(1000, 0);
      assertEquals(null, look());
    }
    assertTrue(mayPass(), "the first of all");
    end(200, 20);
    assertEquals(null, look());
    assertTrue(mayPass(), "too early to tell");
    end(0, 200);
    assertEquals(Kind.STORE_FAILING, look());
    assertTrue(mayPass());
  }

  /** A bad block is bad through every gateway. */
  @Test
  void whereMostGoWellItIsTheBlock() {
    look();
    for (int i = 0; i < 40; i++) {
      assertEquals(i < 2, mayPass(), "the time " + i);
      end(10, 3);
      assertEquals(null, look());
    }
  }

  @Test
  void failuresThatComeSlowlyAreCountedInTheWindowOnly() {
    look();
    for (int i = 0; i < 10; i++) {
      end(0, 1);
      for (int j = 0; j < 5; j++) {
        assertEquals(null, look());
      }
    }
  }

  @Test
  void itIsSlowByTheMeanOfTheWindowWhenThatLasts() {
    look();
    end(100, 0);
    look();
    ended += 3;
    nanos += 6_300 * MILLI;
    assertEquals(null, look(), "the others count too");
    for (int i = 0; i < 9; i++) {
      assertEquals(null, look());
    }
    for (int i = 0; i < 4; i++) {
      ended += 3;
      nanos += 6_300 * MILLI;
      assertEquals(null, look(), "the time " + i);
    }
    assertEquals(Kind.STORE_SLOW, look());
  }

  @Test
  void oneThatTakesLongIsNotEnough() {
    look();
    for (int i = 0; i < 3; i++) {
      ended += 2;
      nanos += 20_000 * MILLI;
      for (int j = 0; j < 9; j++) {
        assertEquals(null, look());
      }
    }
  }

  /** A process that stood still finds all its operations to have taken so long. */
  @Test
  void whatALateLookFindsSaysNothing() {
    look();
    underWay = 3;
    look();
    now += 6_000 * MILLI;
    ended += 30;
    nanos += 180_000 * MILLI;
    assertEquals(null, look());
    now += 6_000 * MILLI;
    assertEquals(null, look(), "nothing has ended since");
    for (int i = 0; i < 19; i++) {
      assertEquals(null, look());
    }
    assertEquals(Kind.STORE_STUCK, look());
  }

  @Test
  void whatMayBeLostIsSaidBeforeAllElse() {
    look();
    end(0, 10);
    lost = true;
    assertEquals(Kind.STORE_LOST, look());
  }

  @Test
  void itIsStuckWhenNothingEnds() {
    look();
    underWay = 3;
    for (int i = 0; i < 19; i++) {
      assertEquals(null, look());
    }
    assertEquals(Kind.STORE_STUCK, look());
    underWay = 0;
    ended += 3;
    nanos += 20_000 * MILLI;
    for (int i = 0; i < 9; i++) {
      assertEquals(Kind.STORE_STUCK, look(), "and not slow because it hung");
    }
  }

  @Test
  void whoIsIdleIsNotStuck() {
    for (int i = 0; i < 50; i++) {
      assertEquals(null, look());
    }
    underWay = 1;
    assertEquals(null, look());
  }

  @Test
  void troubleStandsForAWhileAndLongerTheNextTime() {
    for (int time = 0; time < 9; time++) {
      look();
      end(0, 3);
      assertEquals(Kind.STORE_FAILING, look());
      volume = new Object();
      long lasts = 60_000L << Math.min(6, time);
      now += lasts * MILLI - 1;
      assertEquals(Kind.STORE_FAILING, trend.look(now).orElseThrow().kind());
      now += 1;
      assertTrue(trend.look(now).isEmpty(), "the time " + time);
    }
    now += 15 * 60_000 * MILLI;
    look();
    end(0, 3);
    look();
    now += 60_000 * MILLI;
    assertTrue(trend.look(now).isEmpty(), "a quarter of an hour forgets");
  }

  @Test
  void aFailureMayPassForAWhile() {
    look();
    for (int i = 0; i < 60; i++) {
      assertTrue(mayPass(), "the time " + i);
      end(0, 1);
      look();
    }
    assertFalse(mayPass(), "for 15 s");
    volume = new Object();
    ended = 0;
    failed = 0;
    assertTrue(mayPass(), "it was opened anew");
  }

  @Test
  void hopeBeginsAnewAfterAGoodTime() {
    look();
    for (int i = 0; i < 61; i++) {
      mayPass();
      end(0, 1);
      look();
    }
    for (int i = 0; i < 239; i++) {
      end(10, 0);
      look();
    }
    assertFalse(mayPass(), "after less than a minute");
    for (int i = 0; i < 240; i++) {
      end(10, 0);
      look();
    }
    assertTrue(mayPass());
  }

  /** Whoever asks for a bad block every 8 s is not told to ask again for ever. */
  @Test
  void whatFailsNowAndThenIsToldAfterAWhile() {
    look();
    for (int i = 0; i < 20; i++) {
      assertEquals(i < 1, mayPass(), "the time " + i);
      end(0, 1);
      for (int j = 0; j < 32; j++) {
        end(1, 0);
        look();
      }
    }
  }
}
