package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes an image that shares the blocks of a snapshot of another.
 *
 * <p>librbd copies all metadata of the source, whose unit, epoch and owner say nothing of the
 * clone. So a clone is ours once it has the id of its own unit: that comes last, in one operation
 * of the header's server with the removal of what was copied, by who made the image and nobody
 * else. Whoever finds one that was not finished can't tell whether somebody is at it, and leaves it
 * alone: it is for an operator to remove.
 */
final class ImageClone {
  /** The image and the snapshot that it was made from: metadata of the image. */
  static final String SOURCE = "moongate.source";

  /** What is copied from the source. */
  private static final Set<String> OF_THE_SOURCE =
      Set.of(
          Ownership.EPOCH,
          Ownership.OWNER,
          Ownership.PROCESS,
          ImageSnapshots.RELEASING,
          ImageSnapshots.ROLLING_BACK,
          ImageSnapshots.ROLLED_BACK);

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
   * @throws VolumeException with UNAVAILABLE while somebody else makes it, and when that was
   *     interrupted; with EXISTS when there is another image of the name
   */
  long perform(String source, String snapshot, long features) {
    Optional<Optional<String>> unit = unit();
    boolean marked = ImageCreation.isMarked(client, name);
    if (unit.isPresent() && !marked) {
      unit = unit(); // It may just have been finished.
    }
    if (unit.equals(Optional.of(Optional.of(unitId)))) {
      long size = equalSize(source, snapshot);
      ImageCreation.unmark(client, name);
      return size;
    }
    if (unit.isPresent()) {
      throw marked
          ? unfinished()
          : new VolumeException(
              Reason.EXISTS,
              "image %s is of unit %s".formatted(name, unit.get().orElse("somebody else")));
    }
    requireBlockSize(source);
    ImageCreation.mark(client, name);
    int made = Librbd.clone(client.pool(), source, snapshot, name, features);
    if (made == -Errno.EEXIST) {
      throw unfinished();
    }
    if (made == -Errno.ENOENT) {
      ImageCreation.unmark(client, name);
    }
    Errno.check(made, "cloning snapshot %s of image %s".formatted(snapshot, source));
    long size = finish(source, snapshot);
    ImageCreation.unmark(client, name);
    return size;
  }

  private VolumeException unfinished() {
    return new VolumeException(
        Reason.UNAVAILABLE,
        ("image %s is just being made, or that was interrupted: ask again; if it stays so, and no"
                + " gateway makes it any more, remove it with rbd rm")
            .formatted(name));
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

  private static String text(String source, String snapshot) {
    return source + "@" + snapshot;
  }

  private long finish(String source, String snapshot) {
    return RbdImage.with(
        RbdImage.openReadOnly(client, name),
        image -> {
          Optional<String> inherited = image.metadata(RbdVolumeStore.UNIT);
          Map<String, String> own = new TreeMap<>(ImageCreation.metadata(unitId, blockSize));
          own.put(SOURCE, text(source, snapshot));
          if (inherited.equals(Optional.of(unitId))
              || !new ImageHeader(client, image)
                  .replace(RbdVolumeStore.UNIT, inherited, own, OF_THE_SOURCE)) {
            throw unfinished(); // It is not the one that was made above.
          }
          return image.size();
        });
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
