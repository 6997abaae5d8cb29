package io.moongate.volume.rbd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.jna.Native;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;

/**
 * The header object of an image, which has its exclusive lock and its metadata, without librbd in
 * between.
 *
 * <p>librbd takes and releases the lock; here it is looked at, and taken away. librbd can do that
 * too, and puts the holder on the blocklist for it, but only for as long as the monitors do by
 * default, and Ceph 16 can't prolong that afterwards.
 *
 * <p>librbd can write metadata too, and then waits for 5 s and more for each client that has the
 * image open and does not answer, as one that is stopped.
 */
final class ImageHeader {
  private static final String LOCK = "rbd_lock";

  /** Says that it was taken for the feature exclusive-lock, and not by hand. */
  private static final String TAG = "internal";

  private static final int LONGEST = 1024;

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

  /** Metadata, durably, all in one operation of the server that has the header. */
  void record(Map<String, String> metadata) {
    int bytes = Integer.BYTES;
    for (Map.Entry<String, String> each : metadata.entrySet()) {
      bytes += 2 * Integer.BYTES + each.getKey().length() + each.getValue().length();
    }
    ByteBuffer pairs = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    pairs.putInt(metadata.size());
    metadata.forEach(
        (key, value) -> {
          put(pairs, key);
          put(pairs, value);
        });
    Errno.check(
        Librados.rados_exec(
            client.pool(), header, "rbd", "metadata_set", pairs.array(), bytes, null, 0),
        "recording " + metadata.keySet());
  }

  /** Removes a record, if it is there. */
  void forget(String key) {
    ByteBuffer name =
        ByteBuffer.allocate(Integer.BYTES + key.length()).order(ByteOrder.LITTLE_ENDIAN);
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

  /** The image's features now: librbd may not have heard of a change yet. */
  long features() {
    ByteBuffer ofNoSnapshot =
        ByteBuffer.allocate(Long.BYTES + 1)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(-2)
            .put((byte) 1);
    ByteBuffer answer = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
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
}
