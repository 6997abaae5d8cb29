package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.util.Optional;

/**
 * Makes an image ours that others have made, once for each unit: the unit's id is recorded on it at
 * the end, and whoever finds that changes nothing any more. So an adoption that comes late can't
 * disturb the unit, which may be served already.
 *
 * <p>Nobody may have the image open. Whoever had the lock and is gone, or is stopped and may go on,
 * is put on the blocklist as in a take-over, before anything is changed.
 */
final class ImageAdoption {
  private final RadosClient client;
  private final RbdImage image;
  private final ImageHeader header;
  private final Blocklist blocklist;

  /**
   * Of an image that has just been opened.
   *
   * @param blocklist where whoever had the lock is put
   */
  ImageAdoption(RadosClient client, RbdImage image, Blocklist blocklist) {
    this.client = client;
    this.image = image;
    this.header = new ImageHeader(client, image);
    this.blocklist = blocklist;
  }

  /**
   * Looks whether that can be, and sees to the lock: it is only there for who opens it then.
   *
   * @param former the unit that had it last and is deleted, if there was any
   */
  void prepare(String unitId, Optional<String> former, int blockSize) {
    requireUsable(blockSize);
    if (isToBeTaken(unitId, former)) {
      image.enable(Librbd.FEATURE_EXCLUSIVE_LOCK);
    }
  }

  /**
   * Why it could not be adopted as it is now, were it no unit's; of an image that was opened for
   * reading only, which nobody notices.
   */
  Optional<String> obstacle(int blockSize) {
    try {
      SafeOptions.requireOf(image);
      requireUsable(blockSize);
      if (image.metadata(RbdVolumeStore.UNIT).isEmpty()) {
        requireMade();
      }
      header.holder(); // Not one that was locked by hand.
      requireWatchers(0);
      return Optional.empty();
    } catch (VolumeException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Makes it the unit's. */
  void perform(String unitId, Optional<String> former, int blockSize) {
    if (!isToBeTaken(unitId, former)) {
      return;
    }
    header.takeLock(image, blocklist, unitId, this::requireUnused);
    client.awaitNewestMap();
    blocklist.awaitRecords();
    if (!isToBeTaken(unitId, former)) { // Somebody else was faster.
      return;
    }
    image.disable(Librbd.FEATURE_FAST_DIFF | Librbd.FEATURE_OBJECT_MAP);
    // Those of the former unit, which begin anew.
    header.forget(Ownership.EPOCH);
    header.forget(Ownership.OWNER);
    header.forget(ImageSnapshots.ROLLED_BACK);
    header.record(ImageCreation.metadata(unitId, blockSize));
  }

  /** Whether it is not the unit's yet; it must not be anybody's but the former one's. */
  private boolean isToBeTaken(String unitId, Optional<String> former) {
    Optional<String> unit = image.metadata(RbdVolumeStore.UNIT);
    if (unit.filter(unitId::equals).isPresent()) {
      return false;
    }
    requireMade();
    if (unit.isPresent() && !unit.equals(former)) {
      throw new VolumeException(
          Reason.EXISTS, "image %s is of unit %s".formatted(image.name(), unit.get()));
    }
    if (image.metadata(ImageSnapshots.ROLLING_BACK).isPresent()) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          ("a rollback of image %s was interrupted: complete it with rbd snap rollback, and remove"
                  + " %s of its metadata")
              .formatted(image.name(), ImageSnapshots.ROLLING_BACK));
    }
    return true;
  }

  private void requireMade() {
    if (ImageCreation.isMarked(client, image.name())) {
      throw new VolumeException(
          Reason.EXISTS, "image %s is just being made".formatted(image.name()));
    }
  }

  private void requireUsable(int blockSize) {
    try {
      new VolumeGeometry(image.size(), blockSize, true, blockSize, 0, false);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
    long features = image.features();
    if ((features & ~RbdVolumeStore.ADOPTED_WITH) != 0) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "image %s has features %#x, none but %#x may be: see rbd feature disable"
              .formatted(image.name(), features, RbdVolumeStore.ADOPTED_WITH));
    }
  }

  private void requireUnused() {
    requireWatchers(1);
  }

  private void requireWatchers(int most) {
    if (image.watchers() > most) {
      throw new VolumeException(
          Reason.UNAVAILABLE,
          ("image %s is open somewhere, or was by a client that died within the last 30 s: see rbd"
                  + " status")
              .formatted(image.name()));
    }
  }
}
