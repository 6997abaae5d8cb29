package io.moongate.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Has contestants do the same, in turns, as often as there are rounds. */
final class Race {

  /** So many operations for each that is under way, to see how fast it goes. */
  private static final long TRIAL = 200;

  private static final long TRIAL_BYTES = 256L << 20;

  private final List<Contestant> contestants;
  private final int rounds;
  private final Duration time;

  /**
   * @param time of one contestant in one round, about
   */
  Race(List<Contestant> contestants, int rounds, Duration time) {
    this.contestants = List.copyOf(contestants);
    this.rounds = rounds;
    this.time = time;
  }

  /** Has everyone do some of everything, for as long as that altogether. */
  void warmUp(List<Cell> grid, Duration whole) {
    double share = whole.toMillis() / 1000.0 / grid.size();
    for (Contestant contestant : contestants) {
      for (Cell cell : whole.isZero() ? List.<Cell>of() : grid) {
        double rate = contestant.run(cell, TRIAL);
        contestant.run(cell, Math.max(TRIAL, Math.round(rate * share)));
      }
    }
  }

  /** The scores, in the order of the contestants. */
  List<Score> run(Cell cell) {
    Map<Contestant, Long> operations = new LinkedHashMap<>();
    Map<Contestant, Score> scores = new LinkedHashMap<>();
    for (Contestant contestant : contestants) {
      double rate = contestant.run(cell, trial(cell));
      operations.put(contestant, Math.max(TRIAL, Math.round(rate * time.toMillis() / 1000.0)));
      scores.put(contestant, new Score(contestant.name()));
    }
    List<Contestant> order = new ArrayList<>(contestants);
    for (int round = 0; round < rounds; round++) {
      for (Contestant contestant : order) {
        measure(contestant, cell, operations.get(contestant), scores.get(contestant));
      }
      Collections.rotate(order, 1);
    }
    return List.copyOf(scores.values());
  }

  /** Enough to see how fast it goes with all of them under way, and not too much to wait for. */
  private static long trial(Cell cell) {
    long atATime = (long) cell.depth() * cell.sessions();
    long enough = TRIAL * (1 + atATime / 4);
    return Math.max(2 * atATime, Math.min(enough, TRIAL_BYTES / cell.size()));
  }

  private static void measure(Contestant contestant, Cell cell, long operations, Score score) {
    List<Long> pids = contestant.pids(cell);
    long server = micros(pids);
    long machine = machineMicros();
    score.rates().add(contestant.run(cell, operations));
    score.machine().add((machineMicros() - machine) / (double) operations);
    if (!pids.isEmpty()) {
      score.server().add((micros(pids) - server) / (double) operations);
    }
  }

  private static long micros(List<Long> pids) {
    long micros = 0;
    for (long pid : pids) {
      micros +=
          ProcessHandle.of(pid)
              .flatMap(process -> process.info().totalCpuDuration())
              .map(used -> used.toNanos() / 1000)
              .orElse(0L);
    }
    return micros;
  }

  /** Time that all processors together were not idle; 0 where the kernel doesn't say. */
  private static long machineMicros() {
    try {
      // user nice system idle iowait irq softirq steal, in hundredths of a second
      String[] fields = Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split(" +", -1);
      long busy = 0;
      for (int field : new int[] {1, 2, 3, 6, 7}) {
        busy += Long.parseLong(fields[field]);
      }
      return busy * 10_000;
    } catch (IOException e) {
      return 0;
    }
  }
}
