package io.moongate.scsi.task;

/** The command could not be executed now, and was not: it is answered BUSY. */
public final class NotExecuted extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The only one: it has no trace. */
  public static final NotExecuted INSTANCE = new NotExecuted();

  private NotExecuted() {
    super("not executed", null, false, false);
  }
}
