package io.moongate.volume.rbd;

import com.sun.jna.Native;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongToIntFunction;

/**
 * An open image. Its methods wait for the cluster, but for those that return a future. None may be
 * called once {@link #close} has been: librbd would touch memory that is gone.
 */
final class RbdImage {
  private static final int LONGEST_VALUE = 1024;
  private static final int LONGEST_ID = 64;
  private static final int LONGEST_LIST = 64 << 10;
  static final int MOST_KEYS = 256;
  private static final int MOST_WATCHERS = 64;
  private static final int FEW_SNAPSHOTS = 64;
  private static final int SNAPSHOT_FIELDS = 3;
  private static final int LOOKS = 200;
  private static final int PAUSE_MILLIS = 20;

  private final RadosClient client;
  private final long image;
  private final String name;

  private RbdImage(RadosClient client, long image, String name) {
    this.client = client;
    this.image = image;
    this.name = name;
  }

  /** For reading and writing. */
  static RbdImage open(RadosClient client, String name) {
    long[] image = new long[1];
    requireThere(Librbd.rbd_open(client.pool(), name, image, null), name);
    return new RbdImage(client, image[0], name);
  }

  /** Without being noticed by others: what is known of it may become out of date. */
  static RbdImage openReadOnly(RadosClient client, String name) {
    long[] image = new long[1];
    requireThere(Librbd.rbd_open_read_only(client.pool(), name, image, null), name);
    return new RbdImage(client, image[0], name);
  }

  private static void requireThere(int result, String name) {
    if (result == -Errno.ENOENT) {
      throw new VolumeException(
          Reason.NOT_FOUND,
          "image %s is not in the pool: it was never made, or somebody has removed it"
              .formatted(name));
    }
    Errno.check(result, "opening image " + name);
  }

  /** Does something with an image and closes it. */
  static <T> T with(RbdImage image, Function<RbdImage, T> task) {
    T result;
    try {
      result = task.apply(image);
    } catch (RuntimeException | Error e) {
      try {
        image.close();
      } catch (VolumeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
    image.close();
    return result;
  }

  String name() {
    return name;
  }

  /** Bytes. */
  long size() {
    long[] size = new long[1];
    check(Librbd.rbd_get_size(image, size), "the size");
    return size[0];
  }

  /** Bytes that lie in one object: what is written within such a piece is written at once. */
  long pieceSize() {
    long[] bytes = new long[1];
    check(Librbd.rbd_get_stripe_unit(image, bytes), "the stripe unit");
    return bytes[0];
  }

  long features() {
    long[] features = new long[1];
    check(Librbd.rbd_get_features(image, features), "the features");
    return features[0];
  }

  /** What no other image of the pool ever has. */
  String id() {
    byte[] id = new byte[LONGEST_ID];
    check(Librbd.rbd_get_id(image, id, id.length), "the id");
    return Native.toString(id, "US-ASCII");
  }

  Optional<String> metadata(String key) {
    byte[] value = new byte[LONGEST_VALUE];
    int result = Librbd.rbd_metadata_get(image, key, value, new long[] {value.length});
    if (result == -Errno.ENOENT) {
      return Optional.empty();
    }
    check(result, key);
    return Optional.of(Native.toString(value, "US-ASCII"));
  }

  /** What of librbd's configuration is set on the image, by option. */
  Map<String, String> configuration() {
    return options(
        "listing the configuration of image " + name,
        (keys, keysLength, values, valuesLength) ->
            Librbd.rbd_metadata_list(
                image,
                SafeOptions.CONFIGURATION,
                MOST_KEYS,
                keys,
                keysLength,
                values,
                valuesLength));
  }

  /** A call that lists metadata: each key and each value ends with a zero. */
  @FunctionalInterface
  interface Listing {
    int list(byte[] keys, long[] keysLength, byte[] values, long[] valuesLength);
  }

  static Map<String, String> options(String action, Listing listing) {
    byte[] keys = new byte[LONGEST_LIST];
    byte[] values = new byte[LONGEST_LIST];
    long[] keysLength = {LONGEST_LIST};
    long[] valuesLength = {LONGEST_LIST};
    int result = listing.list(keys, keysLength, values, valuesLength);
    if (result == -Errno.ENOENT) {
      return Map.of();
    }
    Errno.check(result, action);
    String[] names = texts(keys, keysLength[0]);
    String[] found = texts(values, valuesLength[0]);
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < Math.min(names.length, found.length); i++) {
      if (names[i].startsWith(SafeOptions.CONFIGURATION)) {
        options.put(names[i].substring(SafeOptions.CONFIGURATION.length()), found[i]);
      }
    }
    return options;
  }

  private static String[] texts(byte[] bytes, long length) {
    return new String(bytes, 0, (int) length, StandardCharsets.US_ASCII).split("\0", -1);
  }

  /** A value that is a number, 0 or more. */
  Optional<Long> number(String key) {
    return metadata(key)
        .map(
            text -> {
              try {
                return Long.parseUnsignedLong(text);
              } catch (NumberFormatException e) {
                throw new VolumeException(
                    Reason.IO, "image %s: %s is %s".formatted(name, key, text), e);
              }
            });
  }

  /** Turns those of some features on that are off. */
  void enable(long wanted) {
    long missing = wanted & ~features();
    if (missing != 0) {
      check(Librbd.rbd_update_features(image, missing, (byte) 1), "turning features on");
    }
  }

  /** Turns those of some features off that are on. */
  void disable(long unwanted) {
    long there = unwanted & features();
    if (there != 0) {
      check(Librbd.rbd_update_features(image, there, (byte) 0), "turning features off");
    }
  }

  /** How many have it open, this one among them; as many as {@link #MOST_WATCHERS} at most. */
  int watchers() {
    long[] watchers = new long[3 * MOST_WATCHERS];
    long[] count = {MOST_WATCHERS};
    int result = Librbd.rbd_watchers_list(image, watchers, count);
    if (result == -Errno.ERANGE) {
      return MOST_WATCHERS;
    }
    check(result, "looking who has it open");
    Librbd.rbd_watchers_list_cleanup(watchers, count[0]);
    return (int) count[0];
  }

  /** Waits until librbd has seen that the image has become so large. */
  void awaitSize(long size) {
    for (int i = 0; size() < size; i++) {
      if (i == LOOKS) {
        throw new VolumeException(
            Reason.UNAVAILABLE, "image %s has grown, but not here yet".formatted(name));
      }
      pause(PAUSE_MILLIS);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VolumeException(Reason.UNAVAILABLE, "interrupted", e);
    }
  }

  /** The number of the snapshot that has a name, as far as librbd has seen. */
  Optional<Long> snapshotId(String snapshot) {
    long[] seen = new long[1];
    int result = Librbd.rbd_snap_get_id(image, snapshot, seen);
    if (result == -Errno.ENOENT) {
      return Optional.empty();
    }
    check(result, "looking for a snapshot");
    return Optional.of(seen[0]);
  }

  /** The numbers of all snapshots, hidden ones too, as far as librbd has seen. */
  Set<Long> snapshotIds() {
    int[] room = {FEW_SNAPSHOTS};
    while (true) {
      long[] snapshots = new long[SNAPSHOT_FIELDS * room[0]];
      int count = Librbd.rbd_snap_list(image, snapshots, room);
      if (count == -Errno.ERANGE) {
        continue;
      }
      check(count, "listing the snapshots");
      Librbd.rbd_snap_list_end(snapshots);
      Set<Long> ids = new HashSet<>();
      for (int i = 0; i < count; i++) {
        ids.add(snapshots[SNAPSHOT_FIELDS * i]);
      }
      return ids;
    }
  }

  /** A number for a snapshot, from the monitors; greater than all before. */
  long newSnapshotId() {
    long[] id = new long[1];
    check(
        inDataPool(context -> Librados.rados_ioctx_selfmanaged_snap_create(context, id)),
        "getting a number for a snapshot");
    return id[0];
  }

  /** Releases the space that only the snapshot of a number needs. May be repeated. */
  void releaseSnapshotId(long id) {
    int released = inDataPool(context -> Librados.rados_ioctx_selfmanaged_snap_remove(context, id));
    if (released != -Errno.ENOENT) {
      check(released, "releasing a snapshot");
    }
  }

  /** Snapshots are numbered in the pool where the data are. */
  private int inDataPool(LongToIntFunction task) {
    return client.inPool(Librbd.rbd_get_data_pool_id(image), context -> task.applyAsInt(context));
  }

  /** Makes size and content those of a snapshot; nothing may be under way. */
  void rollBack(String snapshot) {
    check(Librbd.rbd_snap_rollback(image, snapshot), "rolling back to " + snapshot);
  }

  boolean isLockOwner() {
    int[] isOwner = new int[1];
    check(Librbd.rbd_is_exclusive_lock_owner(image, isOwner), "asking for the lock");
    return isOwner[0] != 0;
  }

  /**
   * Takes the lock, to keep it whoever asks for it.
   *
   * @return false when another client has it so
   */
  boolean acquireLock() {
    int result = Librbd.rbd_lock_acquire(image, Librbd.LOCK_EXCLUSIVE);
    if (result == -Errno.EROFS || result == -Errno.EBUSY || result == -Errno.EAGAIN) {
      return false;
    }
    check(result, "taking the lock");
    return true;
  }

  void releaseLock() {
    check(Librbd.rbd_lock_release(image), "releasing the lock");
  }

  /**
   * Which bytes of a range may have been written, in order. An object counts up to the last byte
   * that was written of it.
   */
  List<Volume.Extent> written(long offset, long length) {
    List<Volume.Extent> found = new ArrayList<>();
    Librbd.Extents each =
        (at, bytes, exists, argument) -> {
          if (exists != 0) {
            found.add(new Volume.Extent(at, bytes, true));
          }
          return 0;
        };
    check(
        Librbd.rbd_diff_iterate2(image, null, offset, length, (byte) 1, (byte) 0, each, 0),
        "looking what is allocated");
    return found;
  }

  /** Waits until it is written. */
  void writeNow(long offset, byte[] bytes) {
    check(Librbd.rbd_write(image, offset, bytes.length, bytes), "a write");
  }

  CompletableFuture<Long> read(long offset, TransferBuffer target) {
    return Requests.begin(
        "a read",
        target,
        completion ->
            Librbd.rbd_aio_read(image, offset, target.length(), target.address(), completion));
  }

  CompletableFuture<Long> write(long offset, TransferBuffer source) {
    return Requests.begin(
        "a write",
        source,
        completion ->
            Librbd.rbd_aio_write(image, offset, source.length(), source.address(), completion));
  }

  CompletableFuture<Long> writeZeroes(long offset, long length) {
    return Requests.begin(
        "writing zeros",
        this,
        completion -> Librbd.rbd_aio_write_zeroes(image, offset, length, completion, 0, 0));
  }

  CompletableFuture<Long> writeSame(long offset, long length, TransferBuffer block) {
    return Requests.begin(
        "writing the same",
        block,
        completion ->
            Librbd.rbd_aio_writesame(
                image, offset, length, block.address(), block.length(), completion, 0));
  }

  CompletableFuture<Long> flush() {
    return Requests.begin("a flush", this, completion -> Librbd.rbd_aio_flush(image, completion));
  }

  /** Waits for what is under way, gives the lock back if it has it, and closes. */
  void close() {
    int result = Librbd.rbd_close(image);
    // A client that was fenced has nothing left to give back.
    if (result != -Errno.ESHUTDOWN) {
      check(result, "closing");
    }
  }

  private void check(long result, String action) {
    Errno.check(result, "image %s: %s".formatted(name, action));
  }
}
