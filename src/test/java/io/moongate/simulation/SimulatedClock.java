package io.moongate.simulation;

/**
 * A monotonic clock as {@link System#nanoTime} is one: it starts anywhere, may overflow, and runs a
 * little faster or slower than the world's time.
 */
final class SimulatedClock {
  private final long start;
  private final double rate;

  /**
   * Makes a clock.
   *
   * @param rate its nanoseconds for each of the world's
   */
  SimulatedClock(long start, double rate) {
    this.start = start;
    this.rate = rate;
  }

  /** What it shows. */
  long at(long worldNanos) {
    return start + (long) (worldNanos * rate);
  }

  /** The first instant of the world at which it shows {@code local} or later. */
  long worldInstant(long local) {
    long instant = (long) ((local - start) / rate);
    while (at(instant) - local < 0) {
      instant++;
    }
    return instant;
  }
}
