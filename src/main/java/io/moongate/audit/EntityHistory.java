package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * The history of one entity: the events that count, in their order, and the states that they made.
 * It begins with the newest snapshot that can be relied on, and holds no more than some rows at a
 * time.
 */
final class EntityHistory {
  /**
   * How long after an event was written one may still come that takes its place: a writer whose
   * term is over notices within that time, or writes nothing more.
   */
  private static final Duration SETTLED = Duration.ofMinutes(1);

  /** Events that are remembered between finding out which count and applying them. */
  private static final int REMEMBERED = 2_000;

  /** Bytes of those. */
  private static final long REMEMBERED_BYTES = 4 << 20;

  /** Rows before a snapshot's end among which one of a newer term would have taken its place. */
  private static final int ROWS_BEFORE_SNAPSHOT = 40;

  private static final int SNAPSHOTS_TRIED = 3;

  private final Journal journal;
  private final JournalCodec codec;
  private final String persistenceId;
  private final EntityKind kind;

  EntityHistory(Journal journal, JournalCodec codec, String persistenceId, EntityKind kind) {
    this.journal = journal;
    this.codec = codec;
    this.persistenceId = persistenceId;
    this.kind = kind;
  }

  /** An event that counts. */
  record Step(
      JournalRow row,
      TermReplay.Position position,
      JournalCodec.Read read,
      EntityState before,
      EntityState after) {}

  /** Takes one event after another. */
  interface Visitor {
    /** Whether more are wanted. */
    boolean step(Step step);
  }

  /**
   * Where a replay begins.
   *
   * @param lastSequenceNr of the last row that is in the state; 0 for none
   */
  private record Base(
      EntityState state, long term, long version, String digest, long lastSequenceNr) {
    long firstSequenceNr() {
      return Math.max(1, lastSequenceNr - ROWS_BEFORE_SNAPSHOT);
    }
  }

  private interface Replay {
    void from(Base base);
  }

  /** A row of an event, and where that stands. */
  private record Placed(JournalRow row, TermReplay.Position position) {
    static Placed of(JournalRow row) {
      return new Placed(row, row.position());
    }
  }

  /**
   * The state at an instant: after every event until the first one that was decided later.
   *
   * @throws JournalFault when the history can't be replayed
   */
  EntityState at(Instant instant) {
    EntityState[] last = new EntityState[1];
    fromNewest(
        instant,
        version -> true,
        base -> {
          last[0] = base.state();
          replay(
              base,
              Optional.of(instant),
              lineage -> true,
              step -> {
                boolean then = !EventFacts.at(step.read().event()).isAfter(instant);
                if (then) {
                  last[0] = step.after();
                }
                return then;
              });
        });
    return last[0];
  }

  /** Visits every event from the first one on. */
  void all(Visitor visitor) {
    replay(beginning(), Optional.empty(), lineage -> true, visitor);
  }

  /**
   * Something of the events of a version and those after it.
   *
   * @param version of the first one
   * @param last the last one; clocks differ, so it may have been written before those before it
   * @param written when the one was written that was written last
   * @param pick what is kept of an event; empty for nothing, however many there are
   */
  <T> List<T> between(
      long version, EventKey last, Instant written, Function<Step, Optional<T>> pick) {
    List<T> picked = new ArrayList<>();
    fromNewest(
        written,
        saved -> saved < version,
        base -> {
          picked.clear();
          replay(
              base,
              Optional.of(written),
              lineage -> lineage.version() >= last.version() && lineage.state().has(position(last)),
              step -> {
                if (step.position().version() >= version) {
                  pick.apply(step).ifPresent(picked::add);
                }
                return step.position().version() < last.version();
              });
        });
    return picked;
  }

  private static TermReplay.Position position(EventKey key) {
    return new TermReplay.Position(key.term(), 0, key.version());
  }

  private Base beginning() {
    return new Base(kind.empty(), 0, 0, "", 0);
  }

  /** Replays from the newest snapshot that holds, or from the beginning. */
  private void fromNewest(Instant until, LongPredicate wanted, Replay replay) {
    Iterator<Journal.StoredSnapshot> snapshots = journal.snapshots(persistenceId, until);
    for (int tried = 0; tried < SNAPSHOTS_TRIED && snapshots.hasNext(); ) {
      Journal.StoredSnapshot stored = snapshots.next();
      try {
        JournalCodec.SavedState saved = codec.state(persistenceId, stored);
        if (!wanted.test(saved.state().version())) {
          continue; // Later than what is asked for, and no worse for it.
        }
        tried++;
        if (saved.digest().isEmpty()) {
          continue;
        }
        replay.from(
            new Base(
                saved.state(),
                saved.term(),
                saved.state().version(),
                saved.digest(),
                stored.sequenceNr()));
        return;
      } catch (JournalFault notThatOne) {
        tried++;
      }
    }
    replay.from(beginning());
  }

  /**
   * First which events count, then what they make of the state.
   *
   * @param until after which no rows are read once there are {@code enough}; empty for all rows
   * @throws JournalFault also when the state that it begins with is not one of this history
   */
  private void replay(
      Base base, Optional<Instant> until, Predicate<TermReplay<Lineage>> enough, Visitor visitor) {
    List<Placed> remembered = new ArrayList<>();
    long bytes = 0;
    boolean complete = true;
    boolean held = base.version() == 0;
    TermReplay<Lineage> lineage =
        new TermReplay<>(Lineage.upTo(base.term(), base.version()), base.term(), base.version());
    Iterator<JournalRow> rows = journal.rows(persistenceId, base.firstSequenceNr());
    long sequenceNr = base.firstSequenceNr() - 1;
    while (rows.hasNext()) {
      JournalRow row = rows.next();
      if (row.sequenceNr() > sequenceNr + 1) {
        throw new JournalFault(persistenceId, row.sequenceNr(), "rows before it are missing");
      }
      sequenceNr = row.sequenceNr();
      if (row.mark()) {
        continue;
      }
      Placed placed = Placed.of(row);
      if (row.sequenceNr() <= base.lastSequenceNr()) {
        held |= isLastOf(base, placed);
        continue;
      }
      if (until.isPresent()
          && row.written().isAfter(until.get().plus(SETTLED))
          && placed.position().term() >= lineage.term()
          && enough.test(lineage)) {
        break; // One of a stale incarnation, written late, stands among older ones: it ends
        // nothing.
      }
      bytes += row.event().bytes().length;
      complete = complete && remembered.size() < REMEMBERED && bytes <= REMEMBERED_BYTES;
      if (complete) {
        remembered.add(placed);
      } else {
        remembered.clear();
      }
      long newest = lineage.term();
      take(lineage, placed);
      if (until.isPresent()
          && row.written().isAfter(until.get())
          && lineage.term() > newest
          && enough.test(lineage)) {
        break; // Whoever took that term has seen all that counts before.
      }
    }
    if (!held) {
      throw new JournalFault(
          persistenceId, base.lastSequenceNr(), "the journal lacks the last event of the snapshot");
    }
    apply(
        base.state(),
        lineage,
        complete ? remembered.iterator() : placed(base.lastSequenceNr() + 1),
        visitor);
  }

  private Iterator<Placed> placed(long fromSequenceNr) {
    Iterable<JournalRow> rows = () -> journal.rows(persistenceId, fromSequenceNr);
    return StreamSupport.stream(rows.spliterator(), false)
        .filter(row -> !row.mark())
        .map(Placed::of)
        .iterator();
  }

  /** Whether it is the last event in a snapshot; none of a newer term may stand in its place. */
  private boolean isLastOf(Base base, Placed placed) {
    TermReplay.Position position = placed.position();
    if (position.term() > base.term()) {
      throw new JournalFault(
          persistenceId,
          placed.row().sequenceNr(),
          "is of a newer term than the snapshot after it");
    }
    return position.term() == base.term()
        && position.version() == base.version()
        && position.digest().equals(base.digest());
  }

  private void take(TermReplay<Lineage> lineage, Placed placed) {
    TermReplay.Position position = placed.position();
    try {
      lineage.event(position, before -> before.with(position));
    } catch (IllegalStateException failure) {
      throw new JournalFault(persistenceId, placed.row().sequenceNr(), failure.getMessage());
    }
  }

  private void apply(
      EntityState begin, TermReplay<Lineage> lineage, Iterator<Placed> rows, Visitor visitor) {
    EntityState state = begin;
    while (rows.hasNext() && state.version() < lineage.version()) {
      Placed placed = rows.next();
      JournalRow row = placed.row();
      TermReplay.Position position = placed.position();
      if (position.version() != state.version() + 1 || !lineage.state().has(position)) {
        continue;
      }
      JournalCodec.Read read = codec.event(row);
      EntityState after = applied(state, row, read.event());
      if (!visitor.step(new Step(row, position, read, state, after))) {
        return;
      }
      state = after;
    }
  }

  private EntityState applied(EntityState state, JournalRow row, Object event) {
    try {
      return state.apply(event);
    } catch (RuntimeException failure) {
      throw new JournalFault(
          persistenceId, row.sequenceNr(), "can't follow what is before it: " + failure);
    }
  }
}
