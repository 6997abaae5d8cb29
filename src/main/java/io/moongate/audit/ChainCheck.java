package io.moongate.audit;

import io.moongate.cluster.entity.ChainDigest;
import io.moongate.cluster.entity.TermReplay;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Whether one entity's history is as its incarnations have written it: every digest is computed
 * again from the rows, and no row may be missing or there that should not be.
 */
final class ChainCheck {
  /** Faults of one entity that are told; the rest is counted with the last one. */
  private static final int TOLD = 20;

  private final String persistenceId;
  private final TermReplay<Lineage> replay = new TermReplay<>(Lineage.upTo(0, 0), 0, 0);
  private final List<String> faults = new ArrayList<>();
  private final Optional<Head> expected;
  private TermReplay.Position headAt;
  private long events;
  private long unsealed;
  private long sequenceNr;
  private boolean eventBefore;
  private JournalRow unmarked;

  /**
   * The end of a history as it once was.
   *
   * @param version how many events it had
   * @param digest of the last one; empty where only the number is known
   */
  record Head(String persistenceId, long version, String digest) {}

  /**
   * What was found.
   *
   * @param head as it is now
   * @param events with those that don't count
   * @param unsealed of them without a digest, which is none of before there were digests
   * @param faults what is wrong, each with its row; empty when nothing is
   */
  record Report(Head head, long events, long unsealed, List<String> faults) {}

  /**
   * Begins.
   *
   * @param expected the end that its history once had, when that is known
   */
  ChainCheck(String persistenceId, Optional<Head> expected) {
    this.persistenceId = persistenceId;
    this.expected = expected;
  }

  /**
   * Checks.
   *
   * @param rows all rows of the entity
   * @param expected the end that its history once had, when that is known
   */
  static Report check(String persistenceId, Iterator<JournalRow> rows, Optional<Head> expected) {
    ChainCheck check = new ChainCheck(persistenceId, expected);
    rows.forEachRemaining(check::row);
    return check.end();
  }

  /** Looks at the next row of the entity. */
  void row(JournalRow row) {
    sequence(row);
    if (row.mark()) {
      if (!row.event().serializerManifest().endsWith("$Settled")) {
        fault(row, "is no mark, and does not say where in the history it stands");
      }
      eventBefore = false;
      return;
    }
    eventBefore = true;
    events++;
    TermReplay.Position position;
    try {
      position = row.position();
    } catch (JournalFault failure) {
      fault(row, "does not say where in the history it stands: \"" + row.manifest() + "\"");
      return;
    }
    event(row, position);
  }

  /** Rows of one number are of several incarnations, of which one counts; none may be left out. */
  private void sequence(JournalRow row) {
    if (row.sequenceNr() > sequenceNr + 1) {
      fault(
          row,
          sequenceNr + 1 == row.sequenceNr() - 1
              ? "the row before it, %d, is missing".formatted(sequenceNr + 1)
              : "the rows before it, %d to %d, are missing"
                  .formatted(sequenceNr + 1, row.sequenceNr() - 1));
    }
    if (unmarked != null && row.mark() && row.sequenceNr() == unmarked.sequenceNr()) {
      unmarked = null;
    } else if (unmarked != null && row.sequenceNr() > unmarked.sequenceNr()) {
      fault(unmarked, "the mark before it is missing");
      unmarked = null;
    }
    if (!row.mark() && eventBefore && row.sequenceNr() > sequenceNr) {
      unmarked = row; // Unless the mark comes yet: of several incarnations' rows with one number.
    }
    sequenceNr = Math.max(sequenceNr, row.sequenceNr());
  }

  private void event(JournalRow row, TermReplay.Position position) {
    Optional<String> before = replay.digestBefore(position);
    if (before.isEmpty()) {
      // Of a stale incarnation, after one that was forgotten: the replay decides whether it counts.
      if (position.term() > replay.term()
          || (position.term() == replay.term() && position.version() > replay.version())) {
        fault(row, "the event before it, version %d, is missing".formatted(position.version() - 1));
      }
      return;
    }
    if (position.digest().isEmpty()) {
      unsealed++;
      if (!before.get().isEmpty()) {
        fault(row, "has no digest, and the event before it has one");
      }
    } else if (!position
        .digest()
        .equals(ChainDigest.of(before.get(), persistenceId, position, row.event()))) {
      fault(row, "was altered, or what is before it: its digest is another one");
    }
    replay.event(position, lineage -> lineage.with(position));
    expected
        .filter(head -> head.version() == position.version())
        .filter(head -> head.digest().isEmpty() || head.digest().equals(position.digest()))
        .ifPresent(head -> headAt = position);
  }

  /** After the last row. */
  Report end() {
    if (unmarked != null) {
      fault(unmarked, "the mark before it is missing");
    }
    if (sequenceNr == 0 && expected.isEmpty()) {
      faults.add(persistenceId + ": none of its first rows is there");
    }
    if (eventBefore) {
      faults.add(
          "%s, sequence number %d: the mark after it is missing"
              .formatted(persistenceId, sequenceNr));
    }
    if (headAt != null && (headAt.version() > replay.version() || !replay.state().has(headAt))) {
      faults.add(
          "%s: version %d is there as it was, and does not count any more"
              .formatted(persistenceId, headAt.version()));
    } else if (expected.isPresent() && headAt == null) {
      Head head = expected.get();
      faults.add(
          head.version() > replay.version()
              ? "%s: ends with version %d, and had %d"
                  .formatted(persistenceId, replay.version(), head.version())
              : "%s: version %d has another digest than it had"
                  .formatted(persistenceId, head.version()));
    }
    return new Report(
        new Head(persistenceId, replay.version(), replay.digest()),
        events,
        unsealed,
        List.copyOf(faults));
  }

  private void fault(JournalRow row, String what) {
    if (faults.size() < TOLD) {
      TermReplay.Position position = null;
      try {
        position = row.mark() ? null : row.position();
      } catch (JournalFault unknown) {
        // It is said what the row has there.
      }
      faults.add(
          "%s, sequence number %d%s, written %s: %s"
              .formatted(
                  persistenceId,
                  row.sequenceNr(),
                  position == null ? "" : ", version " + position.version(),
                  row.written(),
                  what));
    } else if (faults.size() == TOLD) {
      faults.add(persistenceId + ": and more");
    }
  }
}
