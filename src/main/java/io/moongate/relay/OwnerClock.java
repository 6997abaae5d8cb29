package io.moongate.relay;

/**
 * What a sender knows of the owner's clock: the last tick, and when it came. From that it
 * translates a deadline so that in the owner's clock it is never later than in its own; the
 * package's documentation argues why. Nanoseconds of {@link System#nanoTime} throughout. Not
 * thread-safe.
 */
final class OwnerClock {
  private final double drift;
  private final long marginNanos;
  private boolean ticked;
  private long ownerNanos;
  private long localNanos;

  /**
   * A clock without a tick.
   *
   * @param drift how much faster or slower one clock may run than the other, as a fraction
   * @param marginNanos what a translated deadline is shortened by beside the drift
   */
  OwnerClock(double drift, long marginNanos) {
    this.drift = drift;
    this.marginNanos = marginNanos;
  }

  /** A tick came. Taking note of it late only makes deadlines shorter. */
  void tick(long owner, long local) {
    ticked = true;
    ownerNanos = owner;
    localNanos = local;
  }

  /** Whether there ever was a tick. */
  boolean hasTicked() {
    return ticked;
  }

  /** Whether there was a tick within the bound. */
  boolean isFresh(long local, long boundNanos) {
    return ticked && local - localNanos < boundNanos;
  }

  /** The deadline in the owner's clock. Only meaningful after a tick. */
  long translate(long localDeadline) {
    long left = localDeadline - localNanos;
    long slower = (long) Math.ceil(Math.abs((double) left) * drift);
    return ownerNanos + (left - slower - marginNanos);
  }
}
