package io.moongate.volume;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Counts the operations on an open volume: those that are under way, so that closing it can refuse
 * new ones and wait for the rest, and how those went that have ended. Thread-safe.
 */
public final class OperationGate {
  private static final int PLACES = 4;

  private final CompletableFuture<Void> empty = new CompletableFuture<>();
  private long inside;
  private boolean closed;
  private long ended;
  private long counted;
  private long failed;
  private long nanos;

  /** Offsets of the last failures: a bad block is asked for again and again. */
  private final long[] failedAt = new long[PLACES];

  private int nextPlace;

  /** Makes the gate of a volume that has just been opened. */
  public OperationGate() {
    Arrays.fill(failedAt, -1);
  }

  /**
   * Lets an operation in; each needs one {@link #exit} or {@link #withdraw}.
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
   * @param offset of its first byte, for one on blocks; else -1, and it is not counted
   * @param failure null when it has succeeded
   */
  public void exit(long entered, long offset, Throwable failure) {
    long took = System.nanoTime() - entered;
    boolean last;
    synchronized (this) {
      inside--;
      ended++;
      boolean ofTheStore = failure instanceof VolumeException known && known.isOfTheStore();
      if (offset >= 0 && (!ofTheStore || isNewPlace(offset))) {
        counted++;
        nanos += took;
        failed += ofTheStore ? 1 : 0;
      }
      last = closed && inside == 0;
    }
    if (last) {
      empty.complete(null);
    }
  }

  /** An operation is over of which nothing is counted. */
  public void withdraw() {
    boolean last;
    synchronized (this) {
      inside--;
      last = closed && inside == 0;
    }
    if (last) {
      empty.complete(null);
    }
  }

  private boolean isNewPlace(long offset) {
    for (long place : failedAt) {
      if (place == offset) {
        return false;
      }
    }
    failedAt[nextPlace] = offset;
    nextPlace = (nextPlace + 1) % PLACES;
    return true;
  }

  /**
   * How operations have gone so far.
   *
   * @param lost as in {@link Volume.Health}
   */
  public synchronized Volume.Health health(boolean lost) {
    return new Volume.Health(inside, ended, counted, failed, nanos, lost);
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
