package io.moongate.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.bench.load.Operation;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Everyone has the same turns, and what is told is what was measured. */
class RaceTest {

  private static final Cell CELL = new Cell(Operation.READ, 4096, 32);

  private final List<String> turns = new ArrayList<>();

  /** Answers with its rates, one after the other, the first in the trial. */
  private final class Fake implements Contestant {
    private final String name;
    private final List<Double> rates;
    private final List<Long> asked = new ArrayList<>();

    Fake(String name, Double... rates) {
      this.name = name;
      this.rates = new ArrayList<>(List.of(rates));
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<Long> pids(Cell cell) {
      return List.of();
    }

    @Override
    public void fill() {}

    @Override
    public double run(Cell cell, long operations) {
      turns.add(name);
      asked.add(operations);
      return rates.remove(0);
    }
  }

  @Test
  void turnsGoRoundAndEachIsAskedForAsLongAsItTakes() {
    Fake quick = new Fake("quick", 50_000.0, 40_000.0, 60_000.0, 50_000.0);
    Fake slow = new Fake("slow", 10_000.0, 10_000.0, 30_000.0, 10_000.0);
    List<Score> scores = new Race(List.of(quick, slow), 3, Duration.ofMillis(500)).run(CELL);
    assertEquals(
        List.of("quick", "slow", "quick", "slow", "slow", "quick", "quick", "slow"), turns);
    assertEquals(List.of(25_000L, 25_000L, 25_000L), quick.asked.subList(1, 4));
    assertEquals(List.of(5_000L, 5_000L, 5_000L), slow.asked.subList(1, 4));
    assertEquals(50_000, scores.get(0).rate());
    // Round by round: 4, 2, 5. Not the ratio of the medians.
    assertEquals(new Score.Ratio(2, 4, 5), scores.get(0).to(scores.get(1)));
  }

  @Test
  void everyoneWarmsUpInEveryCell() {
    Fake alone = new Fake("alone", 1000.0, 1000.0, 3000.0, 3000.0);
    new Race(List.of(alone), 1, Duration.ofSeconds(1))
        .warmUp(List.of(CELL, new Cell(Operation.WRITE, 512, 1)), Duration.ofSeconds(2));
    assertEquals(List.of(200L, 1000L, 200L, 3000L), alone.asked);
  }

  @Test
  void anEvenNumberOfRoundsHasAMiddleToo() {
    assertEquals(2.5, Score.median(List.of(4.0, 1.0, 2.0, 3.0)));
    assertEquals(2, Score.median(List.of(3.0, 1.0, 2.0)));
  }

  @Test
  void theTableTellsRatesAndRatios() {
    Score gateway = new Score("moongate", List.of(300.0), List.of(20.0), List.of(60.0));
    Score other = new Score("librbd", List.of(200.0), List.of(), List.of(40.0));
    StringWriter text = new StringWriter();
    Report.print(Map.of(CELL, List.of(gateway, other)), new PrintWriter(text));
    String[] lines = text.toString().split("\\R", -1);
    assertTrue(lines[2].matches("operation +size +depth +moongate +librbd +ratio *"), lines[2]);
    assertTrue(
        lines[3].matches(
            "read +4 KiB +32 +300 \\(20 / 60\\) +200 \\(- / 40\\) +1\\.50 \\(1\\.50 to 1\\.50\\) *"),
        lines[3]);
  }
}
