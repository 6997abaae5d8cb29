package io.moongate.audit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Checks the whole journal, one entity after another: the digests of its rows, that it can be
 * replayed, that each snapshot says what the events up to it say, and that it goes on from where it
 * is known to have been.
 */
final class JournalVerification {
  private final Journal journal;
  private final JournalCodec codec;
  private final Map<String, ChainCheck.Head> expected;
  private final Set<String> met = new HashSet<>();
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong unsealed = new AtomicLong();
  private final AtomicLong faults = new AtomicLong();
  private final Consumer<String> told;

  /**
   * Of a journal.
   *
   * @param expected the ends that histories are known to have had, by entity
   * @param told takes each fault
   */
  JournalVerification(
      Journal journal,
      JournalCodec codec,
      Map<String, ChainCheck.Head> expected,
      Consumer<String> told) {
    this.journal = journal;
    this.codec = codec;
    this.expected = expected;
    this.told = told;
  }

  /** Checks an entity; may be called by several threads. */
  ChainCheck.Head entity(String persistenceId) {
    synchronized (met) {
      met.add(persistenceId);
    }
    ChainCheck chain =
        new ChainCheck(persistenceId, Optional.ofNullable(expected.get(persistenceId)));
    List<String> replayed = new ArrayList<>();
    Optional<SnapshotCheck> snapshots =
        EntityKind.of(persistenceId)
            .map(kind -> new SnapshotCheck(journal, codec, persistenceId, kind, replayed::add));
    if (snapshots.isEmpty()) {
      replayed.add(persistenceId + ": is no entity of Moongate");
    }
    Iterator<JournalRow> rows = journal.rows(persistenceId, 1);
    while (rows.hasNext()) {
      JournalRow row = rows.next();
      chain.row(row);
      snapshots.ifPresent(check -> check.row(row));
    }
    snapshots.ifPresent(SnapshotCheck::end);
    ChainCheck.Report report = chain.end();
    events.addAndGet(report.events());
    unsealed.addAndGet(report.unsealed());
    // What is wrong with the rows is said; what follows from it need not be.
    (report.faults().isEmpty() ? replayed : report.faults()).forEach(this::fault);
    return report.head();
  }

  /** After the last entity: those that should have been there. */
  void end() {
    expected.keySet().stream()
        .filter(id -> !met.contains(id))
        .sorted()
        .forEach(id -> fault(id + ": is not in the journal any more"));
  }

  private void fault(String fault) {
    faults.incrementAndGet();
    told.accept(fault);
  }

  /** Events so far. */
  long events() {
    return events.get();
  }

  /** Of them without a digest. */
  long unsealed() {
    return unsealed.get();
  }

  /** Faults so far. */
  long faults() {
    return faults.get();
  }
}
