package io.moongate.cluster.entity;

import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/**
 * The terms of entities (design rule 9). The journal does not fence: two incarnations of an entity
 * can both append. So an incarnation takes a term by a lightweight transaction before it replays;
 * after it has persisted an event it confirms by a serial read that the term is still its own
 * before it replies, pushes or acts. What is not confirmed was not decided.
 */
public interface Terms {

  /** The gateway whose node takes terms here. */
  String holder();

  /** Takes the next term of the entity: from now on no older term can be confirmed. */
  CompletionStage<Term> take(String persistenceId);

  /** Whether the term is still the newest. */
  CompletionStage<Boolean> confirm(String persistenceId, Term term);

  /** Records that a snapshot was saved in this term, if it is still the newest. */
  CompletionStage<Boolean> snapshotSaved(String persistenceId, Term term, long sequenceNr);

  /**
   * A term that was taken.
   *
   * @param number grows with each incarnation
   * @param snapshotSequenceNr the last snapshot that a confirmed incarnation recorded
   * @param snapshotTerm the term in which it was saved; a stored snapshot of another term is not
   *     believed
   */
  record Term(long number, OptionalLong snapshotSequenceNr, long snapshotTerm) {}
}
