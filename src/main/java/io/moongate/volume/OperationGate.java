package io.moongate.volume;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Counts the operations that are under way on an open volume, so that closing it can refuse new
 * ones and wait for the rest. Thread-safe.
 */
public final class OperationGate {
  private final CompletableFuture<Void> empty = new CompletableFuture<>();
  private long inside;
  private boolean closed;

  /**
   * Lets an operation in; each needs one {@link #exit}.
   *
   * @throws VolumeException with {@link VolumeException.Reason#CLOSED} after {@link #close}
   */
  public synchronized void enter() {
    if (closed) {
      throw new VolumeException(VolumeException.Reason.CLOSED, "the volume is closed");
    }
    inside++;
  }

  /** An operation has ended. */
  public void exit() {
    boolean last;
    synchronized (this) {
      inside--;
      last = closed && inside == 0;
    }
    if (last) {
      empty.complete(null);
    }
  }

  /** Refuses every later operation; completes when the last one that was let in has ended. */
  public CompletionStage<Void> close() {
    boolean idle;
    synchronized (this) {
      closed = true;
      idle = inside == 0;
    }
    if (idle) {
      empty.complete(null);
    }
    return empty;
  }
}
