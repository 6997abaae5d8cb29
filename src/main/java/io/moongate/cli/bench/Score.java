package io.moongate.cli.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Figures of one contestant in one cell, one of each round.
 *
 * @param rates operations a second
 * @param server microseconds of a processor that the serving process took for an operation; empty
 *     where there is none
 * @param machine the same of the whole machine, idle time apart
 */
record Score(String contestant, List<Double> rates, List<Double> server, List<Double> machine) {

  Score(String contestant) {
    this(contestant, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  double rate() {
    return median(rates);
  }

  /** Least, median and most of how many times as fast as the other it was in each round. */
  Ratio to(Score other) {
    List<Double> ratios = new ArrayList<>();
    for (int round = 0; round < rates.size(); round++) {
      ratios.add(rates.get(round) / other.rates.get(round));
    }
    return new Ratio(Collections.min(ratios), median(ratios), Collections.max(ratios));
  }

  /** The middle one; 0 of none. */
  static double median(List<Double> figures) {
    if (figures.isEmpty()) {
      return 0;
    }
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** Of rates, round by round. */
  record Ratio(double least, double median, double most) {}
}
