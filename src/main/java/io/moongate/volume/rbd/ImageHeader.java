package io.moongate.volume.rbd;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The header object of an image, which has its exclusive lock and its metadata, without librbd in
 * between.
 *
 * <p>librbd takes and releases the lock; here it is looked at, and taken away. librbd can do that
 * too, and puts the holder on the blocklist for it, but only for as long as the monitors do by
 * default, and Ceph 16 can't prolong that afterwards.
 *
 * <p>librbd can write metadata too, and then waits for 5 s and more for each client that has the
 * image open and does not answer, as one that is stopped. It can also change the size, by asking
 * whoever has the lock; and aborts the whole process of one that closes the image just then.
 */
final class ImageHeader {
  private static final String LOCK = "rbd_lock";

  /** Says that it was taken for the feature exclusive-lock, and not by hand. */
  private static final String TAG = "internal";

  /** Stands before the keys of metadata in the header. */
  private static final String METADATA = "metadata_";

  private static final int LONGEST = 1024;
  private static final int ATTEMPTS = 16;

  /** Not that of a snapshot. */
  private static final long LATEST = -2;

  private static final byte EQUAL = 1;
  private static final long NOTIFY_MILLIS = 5_000;

  private final RadosClient client;
  private final String header;

  ImageHeader(RadosClient client, RbdImage image) {
    this.client = client;
    this.header = "rbd_header." + image.id();
  }

  /**
   * Who has it.
   *
   * @param client as in {@code client.4117}
   * @param cookie tells apart what the client has open
   * @param address address, port and nonce: what the blocklist knows a client by
   */
  record Holder(String client, String cookie, String address) {}

  /**
   * Who has it now, if anybody.
   *
   * @throws VolumeException with UNAVAILABLE when the image was locked by hand
   */
  Optional<Holder> holder() {
    byte[] tag = new byte[LONGEST];
    byte[] clients = new byte[LONGEST];
    byte[] cookies = new byte[LONGEST];
    byte[] addresses = new byte[LONGEST];
    long holders =
        Librados.rados_list_lockers(
            client.pool(),
            header,
            LOCK,
            new int[1],
            tag,
            length(),
            clients,
            length(),
            cookies,
            length(),
            addresses,
            length());
    if (holders == 0 || holders == -Errno.ENOENT) {
      return Optional.empty();
    }
    Errno.check(holders, "looking who has the lock");
    if (!text(tag).equals(TAG)) {
      throw new VolumeException(
          Reason.UNAVAILABLE, "%s locked the image by hand".formatted(text(clients)));
    }
    return Optional.of(new Holder(text(clients), text(cookies), text(addresses)));
  }

  private static long[] length() {
    return new long[] {LONGEST};
  }

  private static String text(byte[] bytes) {
    return Native.toString(bytes, "US-ASCII");
  }

  /** Takes it away from a holder; nothing happens when it isn't his any more. */
  void takeFrom(Holder holder) {
    int result =
        Librados.rados_break_lock(client.pool(), header, LOCK, holder.client(), holder.cookie());
    if (result != -Errno.ENOENT) {
      Errno.check(result, "breaking the lock of " + holder.address());
    }
  }

  /**
   * Takes the lock, to keep it whoever asks for it. Who has it, and who had it last and has not
   * given it back, is on the blocklist before.
   *
   * @param image whose header this is
   * @param blocklist where they are put
   * @param unitId the unit for which it is taken
   * @param mayTake asked after each look whose the lock is; throws when it is not to be taken
   * @throws VolumeException with UNAVAILABLE when it can't be had
   */
  void takeLock(RbdImage image, Blocklist blocklist, String unitId, Runnable mayTake) {
    blocklist.begin();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Holder> holder = holder();
      Optional<String> former = image.metadata(Ownership.OWNER);
      mayTake.run();
      Set<String> stale = new HashSet<>();
      former.ifPresent(stale::add);
      holder.ifPresent(each -> stale.add(each.address()));
      for (String address : stale) {
        blocklist.add(address, processOf(image, address, former), unitId, image.name());
      }
      holder.ifPresent(this::takeFrom);
      if (image.acquireLock()) {
        return;
      }
    }
    throw new VolumeException(
        Reason.UNAVAILABLE, "the lock of image %s can't be had".formatted(image.name()));
  }

  /** What an owner has said of itself; it counts for the very address that it is about. */
  private static Optional<ProcessIdentity> processOf(
      RbdImage image, String address, Optional<String> owner) {
    return owner
        .filter(address::equals)
        .flatMap(same -> image.metadata(Ownership.PROCESS))
        .filter(said -> said.startsWith(address + " "))
        .flatMap(said -> ProcessIdentity.parse(said.substring(address.length() + 1)));
  }

  /** Metadata, durably, all in one operation of the server that has the header. */
  void record(Map<String, String> metadata) {
    byte[] pairs = encode(metadata);
    Errno.check(
        Librados.rados_exec(
            client.pool(), header, "rbd", "metadata_set", pairs, pairs.length, null, 0),
        "recording " + metadata.keySet());
  }

  private static byte[] encode(Map<String, String> metadata) {
    int bytes = Integer.BYTES;
    for (Map.Entry<String, String> each : metadata.entrySet()) {
      bytes += 2 * Integer.BYTES + each.getKey().length() + each.getValue().length();
    }
    ByteBuffer pairs = ByteBuffer.allocate(bytes).order(LITTLE_ENDIAN);
    pairs.putInt(metadata.size());
    metadata.forEach(
        (key, value) -> {
          put(pairs, key);
          put(pairs, value);
        });
    return pairs.array();
  }

  /** Removes a record, if it is there. */
  void forget(String key) {
    ByteBuffer name = ByteBuffer.allocate(Integer.BYTES + key.length()).order(LITTLE_ENDIAN);
    put(name, key);
    int result =
        Librados.rados_exec(
            client.pool(),
            header,
            "rbd",
            "metadata_remove",
            name.array(),
            name.capacity(),
            null,
            0);
    if (result != -Errno.ENOENT) {
      Errno.check(result, "removing " + key);
    }
  }

  private static void put(ByteBuffer pairs, String text) {
    pairs.putInt(text.length()).put(text.getBytes(US_ASCII));
  }

  /** Whether it is there, asked without waiting; a failure says that it is not known. */
  CompletionStage<Boolean> isThere() {
    Memory sizeAndTime = new Memory(2 * Long.BYTES);
    long at = Pointer.nativeValue(sizeAndTime);
    return Requests.beginOfRados(
            "looking for the header",
            sizeAndTime,
            completion ->
                Librados.rados_aio_stat(client.pool(), header, completion, at, at + Long.BYTES))
        .thenApply(found -> true)
        .exceptionallyCompose(
            failure ->
                CallThreads.known(failure).reason() == Reason.NOT_FOUND
                    ? CompletableFuture.completedStage(false)
                    : CompletableFuture.failedStage(failure));
  }

  /** The image's features now: librbd may not have heard of a change yet. */
  long features() {
    ByteBuffer ofNoSnapshot =
        ByteBuffer.allocate(Long.BYTES + 1).order(LITTLE_ENDIAN).putLong(LATEST).put((byte) 1);
    ByteBuffer answer = ByteBuffer.allocate(2 * Long.BYTES).order(LITTLE_ENDIAN);
    Errno.check(
        Librados.rados_exec(
            client.pool(),
            header,
            "rbd",
            "get_features",
            ofNoSnapshot.array(),
            ofNoSnapshot.capacity(),
            answer.array(),
            answer.capacity()),
        "looking at the features");
    return answer.getLong(0);
  }

  /** Bytes; as they are on record now, whatever librbd has seen yet. */
  long size() {
    byte[] latest = ByteBuffer.allocate(Long.BYTES).order(LITTLE_ENDIAN).putLong(LATEST).array();
    byte[] orderAndSize = new byte[1 + Long.BYTES];
    Errno.check(
        Librados.rados_exec(
            client.pool(),
            header,
            "rbd",
            "get_size",
            latest,
            latest.length,
            orderAndSize,
            orderAndSize.length),
        "looking for the size");
    return ByteBuffer.wrap(orderAndSize).order(LITTLE_ENDIAN).getLong(1);
  }

  /**
   * Makes the size on record at least so large, durably, and tells those who have the image open.
   * However many do this at the same time, it never becomes smaller.
   */
  void grow(long size) {
    for (long present = size(); present < size; present = size()) {
      replaceSize(present, size);
    }
    tell();
  }

  /**
   * Tells those who have the image open that its header has changed; waits for each, for a time.
   */
  void tell() {
    byte[] headerChanged = new byte[0];
    int told = Librados.rados_notify2(client.pool(), header, headerChanged, 0, NOTIFY_MILLIS, 0, 0);
    if (told != -Errno.ETIMEDOUT) {
      Errno.check(told, "telling a change of the header");
    }
  }

  /**
   * Records metadata and removes others if one of them is still as it was, all in one operation.
   *
   * @param before its value; empty when it was not there
   * @param forgotten keys of those that are removed; they need not be there
   * @return false when it is not so any more
   */
  boolean replace(
      String key, Optional<String> before, Map<String, String> metadata, Set<String> forgotten) {
    byte[] present = before.orElse("").getBytes(US_ASCII);
    byte[] pairs = encode(metadata);
    long operation = Librados.rados_create_write_op();
    try {
      Librados.rados_write_op_omap_cmp(
          operation, METADATA + key, EQUAL, present, present.length, 0);
      forgotten.forEach(each -> forget(operation, each));
      Librados.rados_write_op_exec(operation, "rbd", "metadata_set", pairs, pairs.length, 0);
      int result = Librados.rados_write_op_operate(operation, client.pool(), header, 0, 0);
      if (result == -Errno.ECANCELED) {
        return false;
      }
      Errno.check(result, "recording " + metadata.keySet());
      return true;
    } finally {
      Librados.rados_release_write_op(operation);
    }
  }

  private static void forget(long operation, String key) {
    String stored = METADATA + key;
    try (Memory text = new Memory(stored.length() + 1)) {
      text.setString(0, stored, "US-ASCII");
      Librados.rados_write_op_omap_rm_keys(operation, new long[] {Pointer.nativeValue(text)}, 1);
    }
  }

  private void replaceSize(long present, long size) {
    byte[] before = ByteBuffer.allocate(Long.BYTES).order(LITTLE_ENDIAN).putLong(present).array();
    byte[] after = ByteBuffer.allocate(Long.BYTES).order(LITTLE_ENDIAN).putLong(size).array();
    long operation = Librados.rados_create_write_op();
    try {
      Librados.rados_write_op_omap_cmp(operation, "size", EQUAL, before, before.length, 0);
      Librados.rados_write_op_exec(operation, "rbd", "set_size", after, after.length, 0);
      int result = Librados.rados_write_op_operate(operation, client.pool(), header, 0, 0);
      if (result != -Errno.ECANCELED) {
        Errno.check(result, "growing");
      }
    } finally {
      Librados.rados_release_write_op(operation);
    }
  }
}
