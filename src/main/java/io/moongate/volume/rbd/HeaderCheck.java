package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Whether an image that an owner has open is still there.
 *
 * <p>A read asks the servers of the data only, and what is not there reads as zeros: an image whose
 * objects somebody has removed would be one of zeros. So while an image is in use its header is
 * looked for every now and then, and zeros are not believed when that was too long ago. When it is
 * gone the owner is fenced: it can only close the image.
 */
final class HeaderCheck {
  /** For so long it is taken for granted. */
  static final Duration FRESH = Duration.ofSeconds(1);

  private final ImageHeader header;
  private final FenceLatch latch;
  private List<CompletableFuture<Void>> waiting = new ArrayList<>();
  private CompletableFuture<Void> ended;
  private boolean looking;
  private volatile boolean owned;
  private volatile long lookedLast;

  HeaderCheck(ImageHeader header, FenceLatch latch) {
    this.header = header;
    this.latch = latch;
  }

  /** The image has been fenced for this owner: it was there just now. */
  synchronized void begin() {
    owned = true;
    lookedLast = System.nanoTime();
  }

  /** Looks, when that was too long ago; nobody waits for it. */
  void refresh() {
    if (owned && !isFresh()) {
      synchronized (this) {
        if (owned && !looking) {
          look();
        }
      }
    }
  }

  /**
   * Completes when the image was there a moment ago, at the earliest {@link #FRESH} before now.
   *
   * @return fails with FENCED when it was not
   */
  synchronized CompletionStage<Void> fresh() {
    if (!owned || isFresh()) {
      return CompletableFuture.completedStage(null);
    }
    CompletableFuture<Void> answer = new CompletableFuture<>();
    waiting.add(answer);
    if (!looking) {
      look();
    }
    return answer;
  }

  private boolean isFresh() {
    return System.nanoTime() - lookedLast < FRESH.toNanos();
  }

  private void look() {
    looking = true;
    long began = System.nanoTime();
    header.isThere().whenComplete((there, failure) -> looked(began, failure(there, failure)));
  }

  private static VolumeException failure(Boolean there, Throwable failure) {
    if (failure != null) {
      return CallThreads.known(failure);
    }
    return Boolean.TRUE.equals(there)
        ? null
        : new VolumeException(Reason.FENCED, "the image was removed while it was open");
  }

  /** Looks no more; completes when it has ended what it does. The client may be closed then. */
  synchronized CompletionStage<Void> end() {
    owned = false;
    if (ended == null) {
      ended = new CompletableFuture<>();
      if (!looking) {
        ended.complete(null);
      }
    }
    return ended;
  }

  private void looked(long began, VolumeException failure) {
    List<CompletableFuture<Void>> told;
    CompletableFuture<Void> awaited;
    synchronized (this) {
      looking = false;
      told = waiting;
      waiting = new ArrayList<>();
      awaited = ended;
      if (failure == null) {
        lookedLast = began;
      }
    }
    if (failure == null) {
      told.forEach(each -> each.complete(null));
    } else {
      latch.note(failure);
      told.forEach(each -> each.completeExceptionally(failure));
    }
    if (awaited != null) {
      awaited.complete(null);
    }
  }
}
