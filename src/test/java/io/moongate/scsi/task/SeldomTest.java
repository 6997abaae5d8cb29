package io.moongate.scsi.task;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SeldomTest {
  private long now = Long.MAX_VALUE - 1;
  private final Seldom seldom = new Seldom(() -> now);

  @Test
  void theFirstIsSaidAndThenHowManyThereWere() {
    assertEquals(1, seldom.happened());
    assertEquals(0, seldom.happened());
    now += Seldom.PAUSE.toNanos() - 1;
    assertEquals(0, seldom.happened());
    now += 1;
    assertEquals(3, seldom.happened());
    assertEquals(0, seldom.happened());
    now += Seldom.PAUSE.toNanos();
    assertEquals(2, seldom.happened());
  }
}
