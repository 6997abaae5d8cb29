package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.util.ArrayList;
import java.util.HashMap;
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
 * replayed, that its snapshots say what its events say, and that it goes on from where it is known
 * to have been.
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
    ChainCheck.Report report =
        ChainCheck.check(
            persistenceId,
            journal.rows(persistenceId, 1),
            Optional.ofNullable(expected.get(persistenceId)));
    events.addAndGet(report.events());
    unsealed.addAndGet(report.unsealed());
    report.faults().forEach(this::fault);
    if (report.faults().isEmpty()) {
      // What is wrong with the rows was said; what follows from it need not be.
      snapshots(persistenceId);
    }
    return report.head();
  }

  private void snapshots(String persistenceId) {
    Optional<EntityKind> kind = EntityKind.of(persistenceId);
    if (kind.isEmpty()) {
      fault(persistenceId + ": is no entity of Moongate");
      return;
    }
    Map<Long, List<JournalCodec.SavedState>> saved = new HashMap<>();
    try {
      Iterator<Journal.StoredSnapshot> stored = journal.snapshots(persistenceId, Journal.LATEST);
      while (stored.hasNext()) {
        JournalCodec.SavedState state = codec.state(persistenceId, stored.next());
        saved.computeIfAbsent(state.state().version(), v -> new ArrayList<>(1)).add(state);
      }
      new EntityHistory(journal, codec, persistenceId, kind.get())
          .all(
              step -> {
                for (JournalCodec.SavedState state :
                    saved.getOrDefault(step.position().version(), List.of())) {
                  compare(persistenceId, step, state);
                }
                return true;
              });
    } catch (JournalFault failure) {
      fault(failure.getMessage());
    }
  }

  /** One of a stale incarnation is not believed by anybody. */
  private void compare(
      String persistenceId, EntityHistory.Step step, JournalCodec.SavedState state) {
    TermReplay.Position position = step.position();
    if (position.term() == state.term()
        && (!state.state().equals(step.after())
            || (!state.digest().isEmpty() && !state.digest().equals(position.digest())))) {
      fault(
          "%s: the snapshot of version %d, term %d, is not what the events make"
              .formatted(persistenceId, position.version(), state.term()));
    }
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
