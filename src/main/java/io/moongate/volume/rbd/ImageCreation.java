package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes the image of a volume, so that it can be repeated after an interruption.
 *
 * <p>The block size can only be recorded once the image is there. So a mark, an object of its own,
 * is made before, and removed after that: an image without a block size that has the mark is ours
 * and was never used; one without either is somebody else's.
 */
final class ImageCreation {
  private final RadosClient client;
  private final String name;
  private final String unitId;
  private final long size;
  private final int blockSize;

  /**
   * Of an image.
   *
   * @param unitId whose it is
   * @param size bytes
   * @param blockSize bytes of a logical block
   */
  ImageCreation(RadosClient client, String name, String unitId, long size, int blockSize) {
    this.client = client;
    this.name = name;
    this.unitId = unitId;
    this.size = size;
    this.blockSize = blockSize;
  }

  /** The name of the mark's object. */
  static String mark(String imageName) {
    return "moongate_creating." + imageName;
  }

  /**
   * Makes it, or leaves an equal one as it is.
   *
   * @param objectSize bytes, a power of two
   * @param features of the new image
   * @throws VolumeException with EXISTS when there is another
   */
  void perform(int objectSize, long features) {
    Optional<Long> recorded;
    if (exists()) {
      recorded = recorded();
    } else {
      make(objectSize, features);
      recorded = Optional.empty();
    }
    if (recorded.isEmpty() && !isMarked()) {
      // Somebody else may have finished it meanwhile.
      recorded = Optional.of(recorded().orElse(0L));
    }
    requireEqual(recorded.orElse((long) blockSize));
    if (recorded.isEmpty()) {
      RbdImage.with(
          RbdImage.openReadOnly(client, name),
          image -> {
            new ImageHeader(client, image).record(metadata(unitId, blockSize));
            return null;
          });
      unmark(client, name);
    }
  }

  /** Together: an image that has the block size has the rest. */
  static Map<String, String> metadata(String unitId, int blockSize) {
    Map<String, String> metadata = new TreeMap<>(SafeOptions.metadata());
    metadata.put(RbdVolumeStore.UNIT, unitId);
    metadata.put(RbdVolumeStore.BLOCK_SIZE, Integer.toString(blockSize));
    return metadata;
  }

  private boolean exists() {
    try {
      return RbdImage.with(RbdImage.openReadOnly(client, name), image -> true);
    } catch (VolumeException e) {
      if (e.reason() == Reason.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private void make(int objectSize, long features) {
    mark(client, name);
    int[] order = {Integer.numberOfTrailingZeros(objectSize)};
    int made = Librbd.rbd_create2(client.pool(), name, size, features, order);
    Errno.check(ignoring(Errno.EEXIST, made), "creating image " + name);
  }

  private static int ignoring(int errno, int result) {
    return result == -errno ? 0 : result;
  }

  private Optional<Long> recorded() {
    return RbdImage.with(
        RbdImage.openReadOnly(client, name), image -> image.number(RbdVolumeStore.BLOCK_SIZE));
  }

  private boolean isMarked() {
    return isMarked(client, name);
  }

  /** Says that an image is just being made. */
  static void mark(RadosClient client, String name) {
    Errno.check(
        Librados.rados_write_full(client.pool(), mark(name), new byte[1], 1),
        "marking image " + name);
  }

  /** Says that it is complete. */
  static void unmark(RadosClient client, String name) {
    int removed = Librados.rados_remove(client.pool(), mark(name));
    Errno.check(ignoring(Errno.ENOENT, removed), "removing the mark of image " + name);
  }

  /** Whether an image is just being made, or was begun to be. */
  static boolean isMarked(RadosClient client, String name) {
    int read = Librados.rados_read(client.pool(), mark(name), new byte[1], 1, 0);
    return read != -Errno.ENOENT && Errno.check(read, "looking for the mark of " + name) >= 0;
  }

  private void requireEqual(long presentBlockSize) {
    long presentSize = RbdImage.with(RbdImage.openReadOnly(client, name), RbdImage::size);
    if (presentSize != size || presentBlockSize != blockSize) {
      throw new VolumeException(
          Reason.EXISTS,
          "image %s exists with %d bytes and blocks of %s bytes"
              .formatted(name, presentSize, presentBlockSize == 0 ? "unknown" : presentBlockSize));
    }
  }
}
