package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Map;
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
  private final String unitId;
  private final ImageHeader header;
  private final Duration blocklistFor;
  private final FenceLatch latch = new FenceLatch();
  private boolean owner;
  private long taken;

  /**
   * Of an image that has just been opened.
   *
   * @param unitId the unit whose it is to be: epochs of another one mean nothing
   * @param blocklistFor how long whoever had the lock is refused
   */
  Ownership(RadosClient client, RbdImage image, String unitId, Duration blocklistFor) {
    this.client = client;
    this.image = image;
    this.unitId = unitId;
    this.header = new ImageHeader(client, image);
    this.blocklistFor = blocklistFor;
  }

  /** Where it is kept that this client was fenced. */
  FenceLatch latch() {
    return latch;
  }

  /**
   * Takes the image at an epoch, and records that.
   *
   * @throws VolumeException with FENCED when it is another unit's, there is a newer epoch, or this
   *     one was fenced; with UNAVAILABLE when the lock can't be had
   */
  synchronized void take(long epoch) {
    latch.requireNotFenced();
    try {
      attempt(epoch);
    } catch (Late e) {
      VolumeException refusal = new VolumeException(Reason.FENCED, e.getMessage(), e);
      if (owner && e.recorded > taken) {
        latch.note(refusal); // It was ours.
      }
      throw refusal;
    } catch (VolumeException e) {
      latch.note(e);
      throw e;
    }
  }

  /** Whoever comes too late has lost nothing, and may come again at a newer epoch. */
  private static final class Late extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long recorded;

    Late(String message, long recorded) {
      super(message);
      this.recorded = recorded;
    }
  }

  private void attempt(long epoch) {
    requireNoNewer(epoch);
    if (image.isLockOwner()) {
      requireLock(image.acquireLock());
    } else if (owner) {
      throw new VolumeException(Reason.FENCED, "the lock was taken away");
    } else {
      lock(epoch);
    }
    // From here on no server does anything for us before it knows who was blocklisted until now.
    client.awaitNewestMap();
    try {
      SafeOptions.secure(client, image, header);
      RbdVolumeStore.requireFeatures(header.features(), image.name());
      long recorded = requireNoNewer(epoch);
      if (recorded < epoch) {
        header.record(Map.of(EPOCH, Long.toString(epoch)));
      }
    } catch (RuntimeException | Error e) {
      if (!owner) {
        release(e);
      }
      throw e;
    }
    owner = true;
    taken = epoch;
  }

  private void lock(long epoch) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<ImageHeader.Holder> holder = header.holder();
      // After the look whose the lock is: nobody is broken who had recorded a newer epoch by then.
      requireNoNewer(epoch);
      if (holder.isPresent()) {
        client.blocklist(holder.get().address(), blocklistFor);
        header.takeFrom(holder.get());
      }
      if (image.acquireLock()) {
        return;
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
    String unit = image.metadata(RbdVolumeStore.UNIT).orElse("nobody");
    if (!unit.equals(unitId)) {
      throw new Late(
          "image %s is of unit %s, not %s".formatted(image.name(), unit, unitId), Long.MAX_VALUE);
    }
    long recorded = image.number(EPOCH).orElse(-1L);
    if (recorded > epoch) {
      throw new Late("epoch %d is older than %d on record".formatted(epoch, recorded), recorded);
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
