package io.moongate.cli.demo;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Times, and what is said of them. */
record Latencies(List<Duration> sorted) {

  Latencies {
    if (sorted.isEmpty()) {
      throw new IllegalArgumentException("no times");
    }
    sorted = sorted.stream().sorted().toList();
  }

  /** The smallest time that at least {@code fraction} of all do not exceed (nearest rank). */
  Duration percentile(double fraction) {
    int rank = (int) Math.ceil(fraction * sorted.size());
    return sorted.get(Math.max(0, Math.min(sorted.size(), rank) - 1));
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "n=%d min %.3f s, median %.3f s, p90 %.3f s, max %.3f s",
        sorted.size(),
        seconds(sorted.get(0)),
        seconds(percentile(0.5)),
        seconds(percentile(0.9)),
        seconds(sorted.get(sorted.size() - 1)));
  }

  static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }
}
