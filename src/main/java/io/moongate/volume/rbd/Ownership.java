package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Optional;

/**
 * How an open image becomes its owner's, at an epoch (docs/decisions/0019-rbd.md). The lock orders
 * those who want it; who has it looks at the epoch on record and writes down its own; from whom it
 * is taken is on the blocklist before the next has it.
 *
 * <p>States: <i>open</i> (no epoch yet; the lock comes and goes with writes), <i>owner</i> (has the
 * lock for good). Who was owner and has lost the lock never is again: it is to be opened anew.
 */
final class Ownership {
  /** Where the epoch is: metadata of the image. */
  static final String EPOCH = "moongate.epoch";

  private static final int ATTEMPTS = 16;

  private final RadosClient client;
  private final RbdImage image;
  private boolean owner;

  Ownership(RadosClient client, RbdImage image) {
    this.client = client;
    this.image = image;
  }

  /**
   * Takes the image at an epoch, and records that.
   *
   * @return the client from whom the lock was taken, if it was from one
   * @throws VolumeException with FENCED when there is a newer epoch, or this one was fenced; with
   *     UNAVAILABLE when the lock can't be had
   */
  synchronized Optional<String> take(long epoch) {
    requireNoNewer(epoch);
    Optional<String> broken = Optional.empty();
    if (image.isLockOwner()) {
      requireLock(image.acquireLock());
    } else if (owner) {
      throw new VolumeException(Reason.FENCED, "the lock was taken away");
    } else {
      broken = lock(epoch);
    }
    // From here on no server does anything for us before it knows who was blocklisted until now.
    client.awaitNewestMap();
    try {
      long recorded = requireNoNewer(epoch);
      if (recorded < epoch) {
        image.record(EPOCH, epoch);
      }
    } catch (RuntimeException | Error e) {
      if (!owner) {
        release(e);
      }
      throw e;
    }
    owner = true;
    return broken;
  }

  private Optional<String> lock(long epoch) {
    Optional<String> broken = Optional.empty();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<String> holder = image.lockOwner();
      // After the look whose the lock is: nobody is broken who had recorded a newer epoch by then.
      requireNoNewer(epoch);
      if (holder.isPresent()) {
        if (!image.breakLock(holder.get())) {
          continue;
        }
        broken = holder;
      }
      if (image.acquireLock()) {
        return broken;
      }
    }
    throw new VolumeException(
        Reason.UNAVAILABLE, "the lock of image %s can't be had".formatted(image.name()));
  }

  private static void requireLock(boolean had) {
    if (!had) {
      throw new VolumeException(Reason.FENCED, "another client has the lock");
    }
  }

  private long requireNoNewer(long epoch) {
    long recorded = image.number(EPOCH).orElse(-1L);
    if (recorded > epoch) {
      throw new VolumeException(
          Reason.FENCED, "epoch %d is older than %d on record".formatted(epoch, recorded));
    }
    return recorded;
  }

  private void release(Throwable because) {
    try {
      image.releaseLock();
    } catch (VolumeException e) {
      because.addSuppressed(e);
    }
  }
}
