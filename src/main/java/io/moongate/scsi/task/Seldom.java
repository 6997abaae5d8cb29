package io.moongate.scsi.task;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Says now and then what happens all the time, and how often it has happened since. */
final class Seldom {
  /** Between two words. */
  static final Duration PAUSE = Duration.ofSeconds(10);

  private final LongSupplier nanoTime;
  private boolean said;
  private long saidLast;
  private long unsaid;

  /**
   * @param nanoTime a monotonic time
   */
  Seldom(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * It has happened.
   *
   * @return how often since the last word; 0 when nothing is to be said now
   */
  synchronized long happened() {
    long now = nanoTime.getAsLong();
    unsaid++;
    if (said && now - saidLast < PAUSE.toNanos()) {
      return 0;
    }
    said = true;
    saidLast = now;
    long times = unsaid;
    unsaid = 0;
    return times;
  }
}
