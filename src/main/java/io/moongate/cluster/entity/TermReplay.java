package io.moongate.cluster.entity;

import java.util.Optional;

/**
 * Which of the stored events count, when several incarnations of an entity have appended to one
 * journal (design rule 9). Pure: used by the entities when they replay, and by whoever reads the
 * journal beside them.
 *
 * <p>Every event is written together with a mark, in one atomic write, and carries the term of its
 * writer. So events and marks alternate, and events between two marks have one sequence number: of
 * those the one of the greatest term counts. An event of a smaller term than one that counted before
 * it was appended by an incarnation that had lost its term, was never confirmed, and is dropped.
 *
 * <p>Without the mark, an event could hide behind a late one of the same sequence number: a replay
 * ends at the first row of the highest number. That last row is a mark now, whoever wrote it.
 *
 * <p>Pekko's own replay filter can't do this: it takes the writer that appears last for the newest,
 * also when its only event is a late one of a stale incarnation. It has to be off.
 *
 * @param <E> events
 */
public final class TermReplay<E> {
  private long term;
  private E candidate;
  private long candidateTerm;

  /**
   * Begins a replay.
   *
   * @param snapshotTerm the term of the snapshot that it starts from; 0 without one
   */
  public TermReplay(long snapshotTerm) {
    term = snapshotTerm;
  }

  /** Takes the next event in the order of the journal; it counts or not once its mark is seen. */
  public void event(E event, long writerTerm) {
    if (writerTerm >= term && (candidate == null || writerTerm > candidateTerm)) {
      candidate = event;
      candidateTerm = writerTerm;
    }
  }

  /** Takes the next mark: the event that counts since the last one, if any. */
  public Optional<E> mark() {
    Optional<E> counts = Optional.ofNullable(candidate);
    if (candidate != null) {
      term = candidateTerm;
      candidate = null;
    }
    return counts;
  }
}
