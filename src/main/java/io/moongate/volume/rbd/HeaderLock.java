package io.moongate.volume.rbd;

import com.sun.jna.Native;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.Optional;

/**
 * The exclusive lock of an image as Ceph has it: an attribute of the image's header object. librbd
 * takes and releases it; here it is looked at, and taken away.
 *
 * <p>librbd can take it away too, and puts the holder on the blocklist for that, but only for as
 * long as the monitors do by default, and Ceph 16 can't prolong that afterwards.
 */
final class HeaderLock {
  private static final String LOCK = "rbd_lock";

  /** Says that it was taken for the feature exclusive-lock, and not by hand. */
  private static final String TAG = "internal";

  private static final int LONGEST = 1024;

  private final RadosClient client;
  private final String header;

  HeaderLock(RadosClient client, RbdImage image) {
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
}
