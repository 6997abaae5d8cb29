package io.moongate.cli;

/** How long a command goes on asking whether long work has ended. */
final class Patience {
  private static final long POLL_MS = 500;

  private final long deadline;

  /**
   * Begins to wait.
   *
   * @param seconds at most
   */
  Patience(long seconds) {
    this.deadline = System.nanoTime() + seconds * 1_000_000_000L;
  }

  /** Pauses before the next question; false when there is to be none. */
  boolean more() {
    if (System.nanoTime() - deadline >= 0) {
      return false;
    }
    try {
      Thread.sleep(POLL_MS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.refused("Interrupted; what was begun goes on");
    }
  }
}
