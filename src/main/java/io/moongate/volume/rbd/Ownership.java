package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How an open image becomes its owner's, at an epoch (docs/decisions/0019-rbd.md). The lock orders
 * those who want it; who has it looks at the epoch on record and writes down its own; from whom it
 * is taken is on the blocklist before the next has it. So is the last owner on record that has not
 * closed, though somebody else may have taken the lock from it and given it back.
 *
 * <p>States: <i>open</i> (no epoch yet; the lock comes and goes with writes), <i>owner</i> (has the
 * lock for good). Who was owner and has lost the lock never is again: it is to be opened anew.
 */
final class Ownership {
  private static final Logger LOG = LoggerFactory.getLogger(Ownership.class);

  /** Where the epoch is: metadata of the image. */
  static final String EPOCH = "moongate.epoch";

  /**
   * Address of the owner, as the blocklist knows it, until it closes: metadata of the image. Any
   * client of librbd that wants to change the image takes the lock from one that is gone, for good
   * as far as the lock tells, and on the blocklist for an hour.
   */
  static final String OWNER = "moongate.owner";

  /**
   * Address of the owner again, and which process it is ({@link ProcessIdentity}): metadata of the
   * image. It means nothing once {@link #OWNER} is another.
   */
  static final String PROCESS = "moongate.process";

  private final RadosClient client;
  private final RbdImage image;
  private final String unitId;
  private final ImageHeader header;
  private final Blocklist blocklist;
  private final FenceLatch latch = new FenceLatch();
  private boolean owner;
  private long taken;

  /**
   * Of an image that has just been opened.
   *
   * @param unitId the unit whose it is to be: epochs of another one mean nothing
   * @param blocklist where whoever had the lock is put
   */
  Ownership(RadosClient client, RbdImage image, String unitId, Blocklist blocklist) {
    this.client = client;
    this.image = image;
    this.unitId = unitId;
    this.header = new ImageHeader(client, image);
    this.blocklist = blocklist;
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
      // After each look whose the lock is: nobody is broken who had recorded a newer epoch by then.
      header.takeLock(image, blocklist, unitId, () -> requireNoNewer(epoch));
    }
    // From here on no server does anything for us before it knows who was blocklisted until now.
    client.awaitNewestMap();
    try {
      blocklist.awaitRecords();
      SafeOptions.secure(client, image, header);
      RbdVolumeStore.requireFeatures(header.features(), image.name());
      long recorded = requireNoNewer(epoch);
      if (recorded < epoch || !owner) {
        String address = address();
        header.record(
            Map.of(
                EPOCH,
                Long.toString(epoch),
                OWNER,
                address,
                PROCESS,
                address + ProcessIdentity.own().map(process -> " " + process).orElse("")));
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

  /** What the blocklist would know this client by. */
  private String address() {
    return header
        .holder()
        .filter(holder -> holder.client().equals(client.id()))
        .orElseThrow(() -> new VolumeException(Reason.FENCED, "the lock was taken away"))
        .address();
  }

  /**
   * Says that this owner does nothing any more, so that its client need not be refused. Only once
   * nothing is under way. That it could not be said does no harm.
   */
  synchronized void giveBack() {
    try {
      latch.requireNotFenced();
      if (owner && image.metadata(OWNER).equals(Optional.of(address()))) {
        header.forget(OWNER);
      }
    } catch (VolumeException e) {
      LOG.debug("event=owner-not-given-back image={}", image.name(), e);
    }
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
