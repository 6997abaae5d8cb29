package io.moongate.cluster.charter;

import java.time.Duration;

/**
 * How far the rates of two hosts' clocks may be apart. {@code CLOCK_MONOTONIC}, which {@link
 * System#nanoTime} reads, never jumps, but runs faster or slower while the time of day is being
 * corrected: by up to a twelfth where chrony does that and nothing else was set. Of two hosts that
 * are corrected in opposite directions one runs 13/11 times as fast as the other
 * (docs/decisions/0037-clock-rates.md).
 */
public final class ClockRates {
  private ClockRates() {}

  /** What may show on the fastest clock while the slowest shows so much. */
  public static Duration longest(Duration bySlowest) {
    return bySlowest.multipliedBy(6).dividedBy(5);
  }
}
