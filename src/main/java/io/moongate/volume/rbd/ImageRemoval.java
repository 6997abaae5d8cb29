package io.moongate.volume.rbd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Removes the image of a volume with all that we have put beside it, so that it can be repeated
 * after an interruption, wherever that was.
 *
 * <p>librbd removes the data, the header, the object that has the image's id, and last the entry in
 * the pool's directory. An image without a header can't be opened, but is not gone: as long as the
 * rest is there no other can be made with its name.
 */
final class ImageRemoval {
  private static final String DIRECTORY = "rbd_directory";
  private static final int LONGEST_ID = 256;

  private final RadosClient client;
  private final String name;

  ImageRemoval(RadosClient client, String name) {
    this.client = client;
    this.name = name;
  }

  /** Removes it, unless it has become another unit's. */
  void perform(String unitId) {
    Optional<String> unit;
    try {
      unit =
          RbdImage.with(
              RbdImage.openReadOnly(client, name), image -> image.metadata(RbdVolumeStore.UNIT));
    } catch (VolumeException e) {
      if (e.reason() != Reason.NOT_FOUND) {
        throw e;
      }
      unit = Optional.empty(); // It has no header any more, if it is there at all.
    }
    if (unit.isEmpty() || unit.get().equals(unitId)) {
      perform();
    }
  }

  /**
   * Removes it; nothing is wrong when it is not there.
   *
   * @throws VolumeException with UNAVAILABLE when it is open somewhere, with IN_USE when it has
   *     snapshots
   */
  void perform() {
    Optional<String> id = id(client, name);
    id.ifPresent(this::requireNoSnapshots);
    int removed = Librbd.rbd_remove(client.pool(), name);
    if (removed == -Errno.EBUSY) {
      throw new VolumeException(
          Reason.UNAVAILABLE,
          "image %s is open somewhere, or was by a client that died within the last 30 s"
              .formatted(name));
    }
    if (removed == -Errno.ENOTEMPTY) {
      throw new VolumeException(
          Reason.IN_USE, "image %s has snapshots: delete them first".formatted(name));
    }
    checkThere(removed, "deleting image " + name);
    id.ifPresent(known -> AtomicWrites.discard(client, known));
    checkThere(
        Librados.rados_remove(client.pool(), ImageCreation.mark(name)),
        "removing the mark of image " + name);
  }

  /**
   * Completes when nothing depends on it.
   *
   * @throws VolumeException with IN_USE when it has snapshots, with NOT_FOUND when it is not there
   */
  void requireNoSnapshots() {
    requireNoSnapshots(
        id(client, name)
            .orElseThrow(() -> new VolumeException(Reason.NOT_FOUND, "there is no image " + name)));
  }

  /** Before anything is removed. Those that are hidden have clones. */
  private void requireNoSnapshots(String id) {
    List<SnapshotRecords.Snapshot> snapshots;
    try {
      snapshots = new SnapshotRecords(client, id).all();
    } catch (VolumeException e) {
      if (e.reason() == Reason.NOT_FOUND) {
        return; // The header is gone already.
      }
      throw e;
    }
    if (snapshots.isEmpty()) {
      return;
    }
    int clones = snapshots.stream().mapToInt(SnapshotRecords.Snapshot::clones).sum();
    boolean hidden = snapshots.stream().anyMatch(SnapshotRecords.Snapshot::isHidden);
    throw new VolumeException(
        Reason.IN_USE,
        "image %s has %d snapshots%s%s: delete them first"
            .formatted(
                name,
                snapshots.size(),
                clones == 0 ? "" : " and %d clones of them".formatted(clones),
                hidden ? ", some of them kept by Ceph for their clones" : ""));
  }

  /** As long as anything of the image is there that knows it. */
  static Optional<String> id(RadosClient client, String name) {
    byte[] answer = new byte[LONGEST_ID];
    int length = Librados.rados_read(client.pool(), "rbd_id." + name, answer, answer.length, 0);
    if (length == -Errno.ENOENT) {
      ByteBuffer input =
          ByteBuffer.allocate(Integer.BYTES + name.length())
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(name.length())
              .put(name.getBytes(US_ASCII));
      length =
          Librados.rados_exec(
              client.pool(),
              DIRECTORY,
              "rbd",
              "dir_get_id",
              input.array(),
              input.capacity(),
              answer,
              answer.length);
    }
    checkThere(length, "looking for the id of image " + name);
    return length <= Integer.BYTES ? Optional.empty() : Optional.of(text(answer, length));
  }

  /** A text with its length before it. */
  private static String text(byte[] bytes, int length) {
    int said = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return new String(bytes, Integer.BYTES, Math.min(said, length - Integer.BYTES), US_ASCII);
  }

  private static void checkThere(int result, String action) {
    if (result != -Errno.ENOENT) {
      Errno.check(result, action);
    }
  }
}
