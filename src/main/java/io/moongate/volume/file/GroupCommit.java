package io.moongate.volume.file;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One {@code fdatasync} for many who wait for one. Whoever asks is covered by a sync that begins
 * after he asked, never by one that was already running: that one may have missed his pages.
 *
 * <p>A failed sync is final. Linux reports a write-back error once and marks the pages clean, so
 * the next sync would succeed without the lost data ever reaching the disk. From then on everything
 * fails with {@link Reason#LOST} until the volume is opened again, and even then a read may find in
 * the page cache what the disk does not have.
 */
final class GroupCommit {

  /** The blocking sync. */
  @FunctionalInterface
  interface Sync {
    void force() throws IOException;
  }

  private final Sync sync;
  private List<CompletableFuture<Void>> waiting = new ArrayList<>();
  private boolean running;
  private volatile VolumeException failure;

  GroupCommit(Sync sync) {
    this.sync = sync;
  }

  /**
   * Completes {@code done} after a sync. The calling thread performs it when none is running, and
   * then goes on for those who came meanwhile; else this returns at once.
   */
  void commit(CompletableFuture<Void> done) {
    synchronized (this) {
      waiting.add(done);
      if (running) {
        return;
      }
      running = true;
    }
    for (List<CompletableFuture<Void>> group = next(); !group.isEmpty(); group = next()) {
      VolumeException failed = force();
      for (CompletableFuture<Void> each : group) {
        if (failed == null) {
          each.complete(null);
        } else {
          each.completeExceptionally(failed);
        }
      }
    }
  }

  /** Those whom the next sync covers; when there are none nobody is running any more. */
  private synchronized List<CompletableFuture<Void>> next() {
    List<CompletableFuture<Void>> group = waiting;
    waiting = new ArrayList<>();
    running = !group.isEmpty();
    return group;
  }

  private VolumeException force() {
    if (failure != null) {
      return failure;
    }
    try {
      sync.force();
      return null;
    } catch (Throwable e) {
      // Also an Error: the group must hear of it, and the next one be served.
      failure =
          new VolumeException(
              Reason.LOST, "a sync failed; data may be lost: open the volume again", e);
      return failure;
    }
  }

  /** Whether nothing may be written any more. */
  boolean hasFailed() {
    return failure != null;
  }

  /** Something else has failed after which nothing may be written: as if a sync had. */
  void fail(VolumeException cause) {
    failure = cause;
  }

  /**
   * Refuses to go on after a failed sync.
   *
   * @throws VolumeException with {@link Reason#LOST}
   */
  void requireIntact() {
    VolumeException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }
}
