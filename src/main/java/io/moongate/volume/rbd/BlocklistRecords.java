package io.moongate.volume.rbd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose the addresses are that were put on the blocklist: an object of the pool, beside the images.
 * Each address is changed by compare-and-set, so that nobody is fenced by an entry that somebody
 * else is just about to remove.
 */
final class BlocklistRecords {
  private static final Logger LOG = LoggerFactory.getLogger(BlocklistRecords.class);

  /** Its values are JSON, by address: see {@link FencedClient}. */
  static final String OBJECT = "moongate_blocklist";

  private static final byte[] NOTHING = new byte[0];
  private static final byte EQUAL = 1;
  private static final int ATTEMPTS = 16;

  /** Made when it is not there. */
  private static final int IDEMPOTENT = 0;

  private final RadosClient client;

  BlocklistRecords(RadosClient client) {
    this.client = client;
  }

  /**
   * One of them.
   *
   * @param value as it is kept, for the next compare-and-set
   * @param client nothing when it was written by a newer version, or is damaged
   */
  record Found(String address, byte[] value, Optional<FencedClient> client) {}

  /**
   * Records that a client is fenced by its address.
   *
   * @return false when the address is just being taken off the blocklist, for another process: it
   *     fences nobody then
   */
  boolean add(String address, FencedClient.Owner owner) {
    FencedClient first = new FencedClient(List.of(owner), "");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (tryReplace(address, NOTHING, first.bytes())) {
        return true; // As it is always, or nearly.
      }
      Optional<Found> found = find(address);
      if (found.isPresent()) {
        Optional<FencedClient> present = found.get().client();
        if (present.isEmpty()) {
          LOG.warn(
              "event=fenced-client-not-recorded address={} reason=\"what is on record can't be read\""
                  + " note=\"its entry in the blocklist stays until its time is over\"",
              address);
          return true;
        }
        if (present.get().isClaimed()) {
          // Whose end was seen before the claim need not be fenced any more.
          return present.get().has(owner.process());
        }
        FencedClient wanted = present.get().and(owner);
        if (wanted.equals(present.get())
            || tryReplace(address, found.get().value(), wanted.bytes())) {
          return true;
        }
      }
    }
    throw new VolumeException(Reason.UNAVAILABLE, "the record of " + address + " keeps changing");
  }

  /** The same as {@link #replace}, and where there is no space at least the claim is looked at. */
  private boolean tryReplace(String address, byte[] before, byte[] after) {
    try {
      return replace(address, before, after);
    } catch (VolumeException e) {
      if (e.reason() == Reason.FULL && find(address).isPresent()) {
        return false;
      }
      throw e;
    }
  }

  /** The record of an address, if there is one. */
  Optional<Found> find(String address) {
    // It is the first of those that begin so.
    return list("", address, 1).stream().filter(each -> each.address().equals(address)).findFirst();
  }

  /**
   * Some of them, in the order of their addresses.
   *
   * @param after the last address that is known already; empty for the first
   * @param most how many
   */
  List<Found> list(String after, int most) {
    return list(after, "", most);
  }

  private List<Found> list(String after, String prefix, int most) {
    long operation = Librados.rados_create_read_op();
    long[] iterator = new long[1];
    try (Memory more = new Memory(1)) {
      Librados.rados_read_op_omap_get_vals2(
          operation, after, prefix, most, iterator, Pointer.nativeValue(more), 0);
      try {
        int result = Librados.rados_read_op_operate(operation, client.pool(), OBJECT, 0);
        if (result == -Errno.ENOENT) {
          return List.of();
        }
        Errno.check(result, "reading " + OBJECT);
        return read(iterator[0]);
      } finally {
        Librados.rados_omap_get_end(iterator[0]);
      }
    } finally {
      Librados.rados_release_read_op(operation);
    }
  }

  private static List<Found> read(long iterator) {
    List<Found> all = new ArrayList<>();
    long[] key = new long[1];
    long[] value = new long[1];
    long[] keyLength = new long[1];
    long[] valueLength = new long[1];
    while (true) {
      Errno.check(
          Librados.rados_omap_get_next2(iterator, key, value, keyLength, valueLength),
          "reading " + OBJECT);
      if (key[0] == 0) {
        return all;
      }
      byte[] bytes = bytes(value[0], valueLength[0]);
      all.add(
          new Found(
              new String(bytes(key[0], keyLength[0]), US_ASCII), bytes, FencedClient.parse(bytes)));
    }
  }

  private static byte[] bytes(long address, long length) {
    return length == 0 ? NOTHING : new Pointer(address).getByteArray(0, (int) length);
  }

  /**
   * Marks an address as being taken off the blocklist: until that is over nobody is fenced by it.
   *
   * @return the record from then on; nothing when it is not as it was found any more
   */
  Optional<Found> claim(Found found, ProcessIdentity process) {
    FencedClient claimed = found.client().orElseThrow().claimedBy(process);
    byte[] value = claimed.bytes();
    return replace(found.address(), found.value(), value)
        ? Optional.of(new Found(found.address(), value, Optional.of(claimed)))
        : Optional.empty();
  }

  /** Takes a claim back of which nothing came. */
  void unclaim(Found claimed, Found before) {
    replace(claimed.address(), claimed.value(), before.value());
  }

  /** Removes a record, unless it is not as it was found any more. */
  void forget(Found found) {
    replace(found.address(), found.value(), NOTHING);
  }

  /** False when the value is not what it was taken for; no value is {@link #NOTHING}. */
  private boolean replace(String address, byte[] before, byte[] after) {
    long operation = Librados.rados_create_write_op();
    try (Memory key = new Memory(address.length() + 1);
        Memory value = new Memory(Math.max(1, after.length))) {
      key.setString(0, address, "US-ASCII");
      value.write(0, after, 0, after.length);
      long[] keys = {Pointer.nativeValue(key)};
      Librados.rados_write_op_create(operation, IDEMPOTENT, null);
      Librados.rados_write_op_omap_cmp(operation, address, EQUAL, before, before.length, 0);
      if (after.length == 0) {
        Librados.rados_write_op_omap_rm_keys(operation, keys, 1);
      } else {
        Librados.rados_write_op_omap_set(
            operation, keys, new long[] {Pointer.nativeValue(value)}, new long[] {after.length}, 1);
      }
      int result = Librados.rados_write_op_operate(operation, client.pool(), OBJECT, 0, 0);
      if (result == -Errno.ECANCELED) {
        return false;
      }
      Errno.check(result, "recording " + address);
      return true;
    } finally {
      Librados.rados_release_write_op(operation);
    }
  }
}
