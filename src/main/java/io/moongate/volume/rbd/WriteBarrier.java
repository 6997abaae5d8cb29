package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Holds writes back while something needs the image without any. Writes pass it side by side; while
 * it is up new ones wait, without a thread, until it is let down.
 */
final class WriteBarrier {
  private int passing;

  /** Completes when the barrier is let down; null while it is down. */
  private CompletableFuture<Void> down;

  /** Completes when the last write that had passed has ended. */
  private CompletableFuture<Void> idle;

  /** Begins a write when none is held back, else once that is over. */
  <T> CompletionStage<T> pass(Supplier<CompletionStage<T>> write) {
    CompletableFuture<Void> awaited;
    synchronized (this) {
      awaited = down;
      passing += awaited == null ? 1 : 0;
    }
    if (awaited != null) {
      return awaited.thenCompose(lowered -> pass(write));
    }
    CompletionStage<T> begun;
    try {
      begun = write.get();
    } catch (Throwable e) {
      begun = CompletableFuture.failedStage(e);
    }
    return begun.whenComplete((done, failure) -> ended());
  }

  private void ended() {
    CompletableFuture<Void> last;
    synchronized (this) {
      passing--;
      last = passing == 0 ? idle : null;
    }
    if (last != null) {
      last.complete(null);
    }
  }

  /**
   * Puts it up and waits until no write is under way. One at a time.
   *
   * @throws VolumeException with UNAVAILABLE when that takes longer; it is down again then
   */
  void raise(Duration patience) {
    CompletableFuture<Void> ended = new CompletableFuture<>();
    synchronized (this) {
      down = new CompletableFuture<>();
      idle = ended;
      if (passing == 0) {
        ended.complete(null);
      }
    }
    try {
      ended.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      lower();
      throw new VolumeException(
          Reason.UNAVAILABLE, "writes that had begun have not ended within " + patience, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      lower();
      throw new VolumeException(Reason.UNAVAILABLE, "interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets it down: what waited begins. */
  void lower() {
    CompletableFuture<Void> lowered;
    synchronized (this) {
      lowered = down;
      down = null;
      idle = null;
    }
    lowered.complete(null);
  }
}
