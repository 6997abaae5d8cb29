package io.moongate.volume;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Counts the operations on an open volume: those that are under way, so that closing it can refuse
 * new ones and wait for the rest, and how those went that have ended. Thread-safe.
 */
public final class OperationGate {
  private final CompletableFuture<Void> empty = new CompletableFuture<>();
  private long inside;
  private boolean closed;
  private long ended;
  private long failed;
  private long nanos;

  /**
   * Lets an operation in; each needs one {@link #exit}.
   *
   * @return the time, for that
   * @throws VolumeException with {@link VolumeException.Reason#CLOSED} after {@link #close}
   */
  public long enter() {
    long now = System.nanoTime();
    synchronized (this) {
      if (closed) {
        throw new VolumeException(VolumeException.Reason.CLOSED, "the volume is closed");
      }
      inside++;
    }
    return now;
  }

  /**
   * An operation has ended.
   *
   * @param entered what {@link #enter} said
   * @param failure null when it has succeeded
   */
  public void exit(long entered, Throwable failure) {
    long took = System.nanoTime() - entered;
    boolean last;
    synchronized (this) {
      inside--;
      ended++;
      nanos += took;
      if (failure instanceof VolumeException known && known.isOfTheStore()) {
        failed++;
      }
      last = closed && inside == 0;
    }
    if (last) {
      empty.complete(null);
    }
  }

  /** How operations have gone so far. */
  public synchronized Volume.Health health() {
    return new Volume.Health(inside, ended, failed, nanos);
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
