package io.moongate.cluster.entity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Writers that take terms, replay, append and confirm in every order that the journal allows; what
 * was confirmed once must be what everybody replays after.
 */
class TermReplayTest {
  private static final int SEEDS = 400;
  private static final int STEPS = 120;

  private record Row(long sequenceNr, long timestamp, TermReplay.Position position, String event) {}

  private static final class Writer {
    final long term;
    List<String> history = List.of();
    TermReplay<List<String>> replay = new TermReplay<>(List.of(), 0, 0);
    long highest;
    boolean appended;

    /** Written and not landed yet; a writer has one write under way at a time. */
    List<Row> underWay = List.of();

    Writer(long term) {
      this.term = term;
    }
  }

  private final List<Row> rows = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();
  private List<String> confirmed = List.of();
  private long clock;

  @Test
  void whatWasConfirmedIsWhatEverybodyReplays() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + SEEDS; seed++) {
      rows.clear();
      writers.clear();
      confirmed = List.of();
      simulate(seed);
    }
  }

  private void simulate(long seed) {
    Random random = new Random(seed);
    writers.add(replay(1));
    for (int step = 0; step < STEPS; step++) {
      Writer newest = writers.get(writers.size() - 1);
      Writer writer = random.nextInt(3) > 0 ? newest : writers.get(random.nextInt(writers.size()));
      switch (random.nextInt(8)) {
        case 0 -> {
          Writer next = replay(newest.term + 1);
          String why = "seed %d step %d: term %d".formatted(seed, step, next.term);
          assertTrue(next.history.size() >= confirmed.size(), why);
          assertEquals(confirmed, next.history.subList(0, confirmed.size()), why);
          writers.add(next);
        }
        case 1, 2, 3 -> begin(writer, random, step);
        case 4, 5 -> land(writer);
        default -> {
          // A confirmation: of all that the writer has, if its term is the newest. It has appended
          // before, so that what it replayed is on its own branch.
          boolean anchored = writer.appended || writer.history.isEmpty();
          if (writer == newest && anchored && writer.underWay.isEmpty()) {
            confirmed = List.copyOf(writer.history);
          }
        }
      }
    }
  }

  private void begin(Writer writer, Random random, int step) {
    if (writer.underWay.isEmpty()) {
      // The clocks of the writers differ.
      long timestamp = 10 * clock++ + random.nextInt(400) - 200;
      String event = writer.term + "@" + step;
      writer.underWay =
          List.of(
              new Row(
                  writer.highest + 1,
                  timestamp,
                  TermReplay.Position.parse(writer.replay.next(writer.term).manifest()),
                  event),
              new Row(writer.highest + 2, timestamp + 1, null, ""));
    }
  }

  private void land(Writer writer) {
    if (!writer.underWay.isEmpty()) {
      rows.addAll(writer.underWay);
      rows.sort(Comparator.comparingLong(Row::sequenceNr).thenComparingLong(Row::timestamp));
      take(writer, writer.underWay.get(0));
      if (writer.replay.term() <= writer.term) {
        writer.replay.settled();
      }
      writer.highest += 2;
      writer.appended = true;
      writer.underWay = List.of();
    }
  }

  private Writer replay(long term) {
    Writer writer = new Writer(term);
    writer.highest = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).sequenceNr();
    for (Row row : rows) {
      if (!row.event().isEmpty()) {
        take(writer, row);
      }
      if (row.sequenceNr() == writer.highest) {
        break;
      }
    }
    return writer;
  }

  private static void take(Writer writer, Row row) {
    writer.history =
        writer.replay.event(
            row.position(),
            before -> {
              List<String> after = new ArrayList<>(before);
              after.add(row.event());
              return after;
            });
  }

  @Test
  void ofTwoWithOneNumberTheOneThatWasBuiltUponCounts() {
    TermReplay<String> replay = new TermReplay<>("", 0, 0);
    replay.event(new TermReplay.Position(2, 0, 1), before -> before + "a");
    assertEquals("b", replay.event(new TermReplay.Position(5, 0, 1), before -> before + "b"));
    assertEquals("ac", replay.event(new TermReplay.Position(10, 2, 2), before -> before + "c"));
    assertEquals("ac", replay.event(new TermReplay.Position(5, 5, 2), before -> before + "d"));
    assertEquals(new TermReplay.Position(11, 10, 3), replay.next(11));
  }

  @Test
  void aGapInFrontOfANewerEventIsNotPassedOver() {
    TermReplay<String> replay = new TermReplay<>("", 0, 0);
    replay.event(new TermReplay.Position(2, 0, 1), before -> before + "a");
    assertThrows(
        IllegalStateException.class,
        () -> replay.event(new TermReplay.Position(3, 2, 3), before -> before + "c"));
    assertEquals("a", replay.event(new TermReplay.Position(1, 1, 3), before -> before + "c"));
  }

  /** However many an entity has had since it began. */
  @Test
  void whoAppendsAloneRemembersOneState() {
    TermReplay<String> replay = new TermReplay<>("", 0, 0);
    for (int version = 1; version <= 20; version++) {
      replay.event(
          new TermReplay.Position(1, version == 1 ? 0 : 1, version), before -> before + "a");
    }
    assertEquals(21, replay.remembers());
    replay.event(replay.next(2), before -> before + "b");
    replay.settled();
    assertEquals(1, replay.remembers());
    for (int event = 0; event < 10; event++) {
      replay.event(replay.next(2), before -> before + "c");
      assertEquals(1, replay.remembers());
    }
    assertEquals("a".repeat(20) + "b" + "c".repeat(10), replay.state());
    assertEquals(31, replay.version());
  }

  @Test
  void anEventWithoutAPositionIsRefused() {
    assertThrows(IllegalStateException.class, () -> TermReplay.Position.parse(""));
  }
}
