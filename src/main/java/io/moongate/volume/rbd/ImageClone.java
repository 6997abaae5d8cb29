package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes an image that shares the blocks of a snapshot of another, so that it can be repeated after
 * an interruption.
 *
 * <p>librbd copies all metadata of the source, whose unit, epoch and owner say nothing of the
 * clone. So a clone is ours once it has the id of its own unit, which is recorded last; and as long
 * as its mark is there one that has another id was not finished: it is removed, and made anew.
 * Either of the two is decided by the header's server at once: who finishes one that somebody else
 * is just removing, or the other way round, comes too late.
 */
final class ImageClone {
  /** The image and the snapshot that it was made from: metadata of the image. */
  static final String SOURCE = "moongate.source";

  /** In place of a unit's id while it is removed. */
  private static final String NOBODY = "nobody";

  private final RadosClient client;
  private final String name;
  private final String unitId;
  private final int blockSize;

  /**
   * Of an image that is to be.
   *
   * @param unitId whose it is to be
   * @param blockSize bytes of a logical block, that of the source
   */
  ImageClone(RadosClient client, String name, String unitId, int blockSize) {
    this.client = client;
    this.name = name;
    this.unitId = unitId;
    this.blockSize = blockSize;
  }

  /**
   * Makes it, or leaves the one that was made so as it is.
   *
   * @param source name of the image that has the snapshot
   * @param features of the new image
   * @return its size in bytes
   */
  long perform(String source, String snapshot, long features) {
    boolean marked = ImageCreation.isMarked(client, name);
    Optional<Optional<String>> unit = unit();
    if (unit.isPresent() && unit.get().equals(Optional.of(unitId))) {
      long size = equalSize(source, snapshot);
      ImageCreation.unmark(client, name);
      return size;
    }
    if (unit.isPresent() && !marked) {
      throw new VolumeException(
          Reason.EXISTS,
          "image %s is of unit %s".formatted(name, unit.get().orElse("somebody else")));
    }
    if (marked) {
      unit.ifPresent(this::disown);
      new ImageRemoval(client, name).perform();
    }
    requireBlockSize(source);
    ImageCreation.mark(client, name);
    int made = Librbd.clone(client.pool(), source, snapshot, name, features);
    if (made == -Errno.ENOENT) {
      ImageCreation.unmark(client, name);
    }
    Errno.check(made, "cloning snapshot %s of image %s".formatted(snapshot, source));
    long size = finish(source, snapshot);
    ImageCreation.unmark(client, name);
    return size;
  }

  /** Whose the image is, if it is there and can be opened. */
  private Optional<Optional<String>> unit() {
    try {
      return Optional.of(
          RbdImage.with(
              RbdImage.openReadOnly(client, name), image -> image.metadata(RbdVolumeStore.UNIT)));
    } catch (VolumeException e) {
      if (e.reason() == Reason.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private void requireBlockSize(String source) {
    long present =
        RbdImage.with(
            RbdImage.openReadOnly(client, source),
            image -> image.number(RbdVolumeStore.BLOCK_SIZE).orElse(0L));
    if (present != blockSize) {
      throw new VolumeException(
          Reason.RANGE,
          "image %s has blocks of %s bytes"
              .formatted(source, present == 0 ? "unknown" : Long.toString(present)));
    }
  }

  private void disown(Optional<String> unit) {
    RbdImage.with(
        RbdImage.openReadOnly(client, name),
        image -> {
          require(
              new ImageHeader(client, image)
                  .replace(RbdVolumeStore.UNIT, unit, Map.of(RbdVolumeStore.UNIT, NOBODY)));
          return null;
        });
  }

  private static String text(String source, String snapshot) {
    return source + "@" + snapshot;
  }

  private long finish(String source, String snapshot) {
    return RbdImage.with(
        RbdImage.openReadOnly(client, name),
        image -> {
          ImageHeader header = new ImageHeader(client, image);
          Optional<String> inherited = image.metadata(RbdVolumeStore.UNIT);
          header.forget(Ownership.EPOCH);
          header.forget(Ownership.OWNER);
          header.forget(ImageSnapshots.RELEASING);
          header.forget(ImageSnapshots.ROLLING_BACK);
          header.forget(ImageSnapshots.ROLLED_BACK);
          Map<String, String> own = new TreeMap<>(ImageCreation.metadata(unitId, blockSize));
          own.put(SOURCE, text(source, snapshot));
          require(header.replace(RbdVolumeStore.UNIT, inherited, own));
          return image.size();
        });
  }

  private void require(boolean done) {
    if (!done) {
      throw new VolumeException(
          Reason.UNAVAILABLE, "somebody else is just making or removing image " + name);
    }
  }

  /** Its size, when it was made from that. */
  private long equalSize(String source, String snapshot) {
    return RbdImage.with(
        RbdImage.openReadOnly(client, name),
        image -> {
          Optional<String> from = image.metadata(SOURCE);
          if (!from.equals(Optional.of(text(source, snapshot)))
              || !image.number(RbdVolumeStore.BLOCK_SIZE).equals(Optional.of((long) blockSize))) {
            throw new VolumeException(
                Reason.EXISTS,
                "image %s exists, and was made from %s".formatted(name, from.orElse("nothing")));
          }
          return image.size();
        });
  }
}
