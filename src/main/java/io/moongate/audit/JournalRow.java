package io.moongate.audit;

import io.moongate.cluster.entity.ChainDigest;
import io.moongate.cluster.entity.TermReplay;
import java.time.Instant;

/**
 * A row of the journal.
 *
 * @param written when, by the clock of the node that wrote it
 * @param manifest where the event stands in the history; empty for the mark that follows an event
 * @param event as it is kept; null where rows are read without
 */
public record JournalRow(
    String persistenceId,
    long sequenceNr,
    Instant written,
    String manifest,
    ChainDigest.Stored event) {

  /** Whether it says that it is a mark. */
  public boolean mark() {
    return manifest.isEmpty();
  }

  /**
   * Where the event stands.
   *
   * @throws JournalFault when the row does not say it
   */
  public TermReplay.Position position() {
    try {
      return TermReplay.Position.parse(manifest);
    } catch (IllegalStateException failure) {
      throw new JournalFault(persistenceId, sequenceNr, failure.getMessage());
    }
  }
}
