package io.moongate.failure;

import java.time.Duration;

/**
 * Whether a portal counts as lost, from one look after another: after several in a row that failed,
 * and until it was seen well for some time without a break. That time doubles with each loss, so
 * that a portal which comes and goes stays lost. Not thread-safe.
 */
public final class PortalTrend {
  /** Each loss after the first doubles the time, so often at most. */
  private static final int DOUBLINGS = 6;

  /** After such a time without a loss, the next one is a first one again. */
  private static final long FORGET_NANOS = Duration.ofHours(1).toNanos();

  private final int misses;
  private final long stableNanos;
  private int missed;
  private int losses;
  private boolean lost;
  private long wellSince;
  private long lostLast;

  /**
   * @param misses looks in a row that fail before it counts as lost
   * @param stableFor how long it must be seen well before it does not any more, the first time
   */
  public PortalTrend(int misses, Duration stableFor) {
    this.misses = misses;
    this.stableNanos = stableFor.toNanos();
  }

  /**
   * Notes a look.
   *
   * @param nanos a monotonic time
   * @return whether the portal counts as lost now
   */
  public boolean looked(boolean well, long nanos) {
    if (!well) {
      missed++;
      if (!lost && missed >= misses) {
        losses = losses > 0 && nanos - lostLast >= FORGET_NANOS ? 1 : losses + 1;
        lost = true;
      }
      if (lost) {
        lostLast = nanos;
      }
      return lost;
    }
    if (missed > 0) {
      missed = 0;
      wellSince = nanos;
    }
    if (lost && nanos - wellSince >= stableNanos << Math.min(DOUBLINGS, losses - 1)) {
      lost = false;
    }
    return lost;
  }
}
