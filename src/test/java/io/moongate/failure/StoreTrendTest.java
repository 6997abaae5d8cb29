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

  private Counts counts() {
    return new Counts(underWay, ended, failed, nanos);
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
  void itIsSlowByTheMeanOfTheWindow() {
    look();
    end(100, 0);
    look();
    ended += 2;
    nanos += 3_900 * MILLI;
    assertEquals(null, look(), "the others count too");
    for (int i = 0; i < 9; i++) {
      assertEquals(null, look());
    }
    ended += 2;
    nanos += 4_100 * MILLI;
    assertEquals(Kind.STORE_SLOW, look());
  }

  @Test
  void itIsStuckWhenNothingEnds() {
    look();
    underWay = 3;
    for (int i = 0; i < 19; i++) {
      assertEquals(null, look());
    }
    assertEquals(Kind.STORE_STUCK, look());
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
      now += lasts * MILLI - 250 * MILLI - 1;
      assertEquals(Kind.STORE_FAILING, trend.look(now).orElseThrow().kind());
      now += 250 * MILLI + 1;
      assertTrue(trend.look(now).isEmpty(), "the time " + time);
      if (lasts >= 900_000) {
        return; // A quarter of an hour without trouble forgets.
      }
    }
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
    assertFalse(mayPass());
    for (int i = 0; i < 7; i++) {
      end(10, 0);
      look();
    }
    assertFalse(mayPass());
    for (int i = 0; i < 8; i++) {
      end(10, 0);
      look();
    }
    assertTrue(mayPass());
  }
}
