package io.moongate.volume.rbd;

import io.moongate.volume.Volume.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Looks what is allocated of an image. Each object has to be asked for: what lies beyond so many is
 * called mapped. So is everything while another look is under way, or too many are in the store:
 * hosts may ask for this as often as they like, and it may hang.
 */
final class AllocationLookUps {
  private static final long OBJECTS_LOOKED_AT = 1024;

  private final RbdImage image;
  private final long pieceSize;
  private final CallThreads threads;
  private final AtomicBoolean looking = new AtomicBoolean();

  /**
   * Of an open image.
   *
   * @param pieceSize bytes in one object
   */
  AllocationLookUps(RbdImage image, long pieceSize, CallThreads threads) {
    this.image = image;
    this.pieceSize = pieceSize;
    this.threads = threads;
  }

  /** As {@link io.moongate.volume.Volume#status}. */
  CompletionStage<List<Extent>> begin(long offset, long length, int blockSize) {
    if (length > 0 && looking.compareAndSet(false, true)) {
      Optional<CompletionStage<List<Extent>>> begun =
          threads.tryRun(() -> lookUp(offset, length, blockSize));
      if (begun.isPresent()) {
        return begun.get();
      }
      looking.set(false);
    }
    return CompletableFuture.completedStage(
        length == 0 ? List.of() : List.of(new Extent(offset, length, true)));
  }

  private List<Extent> lookUp(long offset, long length, int blockSize) {
    try {
      long looked = Math.min(length, OBJECTS_LOOKED_AT * pieceSize);
      List<Extent> written = new ArrayList<>(image.written(offset, looked));
      if (looked < length) {
        written.add(new Extent(offset + looked, length - looked, true));
      }
      return Allocation.covering(offset, length, blockSize, written);
    } finally {
      looking.set(false);
    }
  }
}
