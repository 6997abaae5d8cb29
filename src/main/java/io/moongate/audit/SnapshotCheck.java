package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Whether every snapshot of an entity is what its events make up to the row after which it was
 * saved; also those of stale incarnations, which nobody believes. Rows and snapshots are gone over
 * side by side, and no more states are held than {@link TermReplay} remembers.
 */
final class SnapshotCheck {
  /** Faults of one entity that are told. */
  private static final int TOLD = 20;

  private final Journal journal;
  private final JournalCodec codec;
  private final String persistenceId;
  private final Iterator<Journal.StoredSnapshot> snapshots;
  private final Consumer<String> told;
  private final TermReplay<Made> replay;
  private Journal.StoredSnapshot next;
  private long lastSequenceNr;
  private boolean given;
  private int faults;

  /**
   * What events make.
   *
   * @param sequenceNr of the last one
   * @param digest of the last one
   */
  private record Made(EntityState state, long sequenceNr, String digest) {}

  /**
   * Begins.
   *
   * @param told takes what is wrong
   */
  SnapshotCheck(
      Journal journal,
      JournalCodec codec,
      String persistenceId,
      EntityKind kind,
      Consumer<String> told) {
    this.journal = journal;
    this.codec = codec;
    this.persistenceId = persistenceId;
    this.told = told;
    this.replay = new TermReplay<>(new Made(kind.empty(), 0, ""), 0, 0);
    this.snapshots = journal.snapshots(persistenceId);
    advance();
  }

  private void advance() {
    next = snapshots.hasNext() ? snapshots.next() : null;
  }

  /** Takes the next row of the entity. */
  void row(JournalRow row) {
    while (next != null && next.sequenceNr() < row.sequenceNr()) {
      compare();
    }
    lastSequenceNr = row.sequenceNr();
    if (given || row.mark()) {
      return;
    }
    try {
      TermReplay.Position position = row.position();
      replay.event(position, before -> after(before, row, position));
    } catch (JournalFault fault) {
      giveUp(fault.getMessage());
    } catch (IllegalStateException missing) {
      giveUp(new JournalFault(persistenceId, row.sequenceNr(), missing.getMessage()).getMessage());
    }
  }

  private Made after(Made before, JournalRow row, TermReplay.Position position) {
    Object event = codec.event(row).event();
    try {
      return new Made(before.state().apply(event), row.sequenceNr(), position.digest());
    } catch (RuntimeException failure) {
      throw new JournalFault(
          persistenceId, row.sequenceNr(), "can't follow what is before it: " + failure);
    }
  }

  /** After the last row: those that were written since then are read where a snapshot has them. */
  void end() {
    while (next != null) {
      if (next.sequenceNr() > lastSequenceNr) {
        journal.rows(persistenceId, lastSequenceNr + 1).forEachRemaining(this::row);
      }
      if (next != null) {
        compare();
      }
    }
  }

  private void compare() {
    Journal.StoredSnapshot stored = next;
    if (!given) {
      try {
        fault(stored, codec.state(persistenceId, stored));
      } catch (JournalFault unreadable) {
        tell(unreadable.getMessage());
      }
    }
    advance();
  }

  private void fault(Journal.StoredSnapshot stored, JournalCodec.SavedState saved) {
    long version = saved.state().version();
    Optional<Made> made = replay.stateAt(saved.term(), version);
    String fault = null;
    if (made.isEmpty()) {
      fault = "is of an event that is not there";
    } else if (stored.sequenceNr() > made.get().sequenceNr() + 1) {
      fault = "is older than the row after which it stands";
    } else if (!saved.state().equals(made.get().state())
        || !saved.digest().equals(made.get().digest())) {
      fault = "is not what the events make";
    }
    if (fault != null) {
      tell(
          "%s, sequence number %d: the snapshot of version %d, term %d, saved %s, %s"
              .formatted(
                  persistenceId,
                  stored.sequenceNr(),
                  version,
                  saved.term(),
                  stored.saved(),
                  fault));
    }
  }

  /** Of what comes after a row that can't be replayed nothing can be said. */
  private void giveUp(String fault) {
    given = true;
    tell(fault);
  }

  private void tell(String fault) {
    if (faults < TOLD) {
      told.accept(fault);
    } else if (faults == TOLD) {
      told.accept(persistenceId + ": and more");
    }
    faults++;
  }
}
