package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How long the records of what was taken over by the row are put off. */
class RecordPauseTest {
  private static final boolean BUSY = true;
  private static final boolean OPEN = false;
  private static final boolean OTHERS = true;
  private static final boolean ALONE = false;

  private final RecordPause pause = new RecordPause();

  private static long at(long millis) {
    // Of a monotonic clock that is about to overflow.
    return Long.MAX_VALUE
        - TimeUnit.MILLISECONDS.toNanos(500)
        + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void nothingIsHeldBeforeARowWasGranted() {
    assertFalse(pause.holds(OPEN, OTHERS, at(0)));
    assertFalse(pause.holds(BUSY, OTHERS, at(10)), "of an entity's own decision");
  }

  @Test
  void untilTheStoresAreOpenHere() {
    pause.granted(at(0));
    assertTrue(pause.holds(BUSY, ALONE, at(10)));
    assertTrue(pause.holds(BUSY, ALONE, at(900)));
    assertFalse(pause.holds(OPEN, ALONE, at(901)));
  }

  @Test
  void andAWhileLongerWhenOthersMayBeAtIt() {
    pause.granted(at(0));
    assertTrue(pause.holds(BUSY, OTHERS, at(400)));
    assertTrue(pause.holds(OPEN, OTHERS, at(500)));
    assertTrue(pause.holds(OPEN, OTHERS, at(1499)));
    assertFalse(pause.holds(OPEN, OTHERS, at(1500)));
    assertFalse(pause.holds(OPEN, OTHERS, at(9000)));
  }

  @Test
  void anotherRowBeginsItAnew() {
    pause.granted(at(0));
    assertFalse(pause.holds(OPEN, ALONE, at(10)));
    pause.granted(at(5000));
    assertTrue(pause.holds(OPEN, OTHERS, at(5000)));
    assertTrue(pause.holds(OPEN, OTHERS, at(5999)));
    assertFalse(pause.holds(OPEN, OTHERS, at(6000)));
  }

  @Test
  void neverLongerThanItsBound() {
    pause.granted(at(0));
    assertTrue(pause.holds(BUSY, OTHERS, at(2999)));
    assertFalse(pause.holds(BUSY, OTHERS, at(3000)));
  }
}
