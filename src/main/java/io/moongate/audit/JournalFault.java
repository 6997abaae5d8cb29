package io.moongate.audit;

/** The journal is not as entities write it: the row and what is wrong with it. */
public final class JournalFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Of an entity's row. */
  public JournalFault(String persistenceId, long sequenceNr, String what) {
    super("%s, sequence number %d: %s".formatted(persistenceId, sequenceNr, what));
  }

  /** Of an entity as a whole. */
  public JournalFault(String persistenceId, String what) {
    super("%s: %s".formatted(persistenceId, what));
  }
}
