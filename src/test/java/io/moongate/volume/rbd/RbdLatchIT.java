package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A volume that was fenced stays so, though Ceph would serve its client again. */
@CephAlone
class RbdLatchIT extends PoolFixture {
  private static final int OBJECT = 1 << 20;
  private static final int SIZE = 16 * OBJECT;
  private static final int BLOCK = OldOwner.BLOCK;

  @BeforeEach
  void open() {
    get(store.create("unit", SIZE, BLOCK));
  }

  @Test
  void whoWasFencedStaysSoWhenTheEntryIsGone() {
    Volume volume = owned(1);
    String address = owner();
    ceph.ceph("osd", "blocklist", "add", address);
    await(() -> !succeeds(volume.write(0, OldOwner.block("old"), false)));
    unblock(address);
    assertRefused(volume);
    get(volume.close());
    Volume again = owned(1);
    get(again.write(0, OldOwner.block("new"), false));
    get(again.close());
  }

  /** The journal is there, one of two objects is written, and the entry goes before it matters. */
  @Test
  void anAtomicWriteThatWasFencedInTheMiddleIsTheSuccessors() {
    Volume volume = owned(1);
    String address = owner();
    String id = id();
    int first = pairOnTwoServers(id);
    int at = (first + 1) * OBJECT - BLOCK;
    byte[] data = filled((byte) 7);
    int down = ceph.stopOsdOf(pool.name(), data(id, first + 1));
    CompletableFuture<Void> write;
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      write = volume.writeAtomic(at, ByteBuffer.wrap(data)).toCompletableFuture();
      await(
          () ->
              Librados.rados_read(client.pool(), data(id, first), new byte[1], 1, OBJECT - 1) == 1);
      ceph.ceph("osd", "blocklist", "add", address);
    } finally {
      ceph.startOsd(down);
    }
    assertReason(Reason.FENCED, write);
    unblock(address);
    assertRefused(volume);
    assertTrue(ceph.rados("-p", pool.name(), "ls").contains(AtomicWrites.journal(id)));
    get(volume.close());
    Volume next = owned(2);
    assertArrayEquals(data, read(next, at));
    byte[] newer = filled((byte) 8);
    get(next.write(at, ByteBuffer.wrap(newer), false));
    get(next.close());
    Volume last = owned(3);
    assertArrayEquals(newer, read(last, at));
    get(last.close());
  }

  /** A piece of which, and of the journal, another server is the first than of the next. */
  private int pairOnTwoServers(String id) {
    int journal = ceph.osdOf(pool.name(), AtomicWrites.journal(id));
    for (int i = 0; i < SIZE / OBJECT - 1; i++) {
      int second = ceph.osdOf(pool.name(), data(id, i + 1));
      if (second != journal && second != ceph.osdOf(pool.name(), data(id, i))) {
        return i;
      }
    }
    throw new AssertionError("the servers are badly chosen");
  }

  private static String data(String id, int piece) {
    return "rbd_data.%s.%016x".formatted(id, piece);
  }

  private static byte[] filled(byte value) {
    byte[] bytes = new byte[2 * BLOCK];
    Arrays.fill(bytes, value);
    return bytes;
  }

  private static byte[] read(Volume volume, int at) {
    byte[] found = new byte[2 * BLOCK];
    get(volume.read(at, ByteBuffer.wrap(found)));
    return found;
  }

  private Volume owned(long epoch) {
    Volume volume = get(store.open("unit"));
    get(volume.fence(epoch));
    return volume;
  }

  private String owner() {
    String locks = ceph.rbd("lock", "ls", pool.name() + "/test.unit", "--format", "json");
    return locks.replaceAll("(?s).*\"address\":\"([^\"]*)\".*", "$1");
  }

  private String id() {
    String info = ceph.rbd("info", pool.name() + "/test.unit", "--format", "json");
    return info.replaceAll("(?s).*\"id\":\"([^\"]*)\".*", "$1");
  }

  /** Until every server knows: a client that was never refused is served. */
  private void unblock(String address) {
    ceph.ceph("osd", "blocklist", "rm", address);
    ceph.stopOsds();
    ceph.startOsds();
  }

  private static void assertRefused(Volume volume) {
    assertReason(Reason.FENCED, volume.read(0, ByteBuffer.allocate(BLOCK)));
    assertReason(Reason.FENCED, volume.write(0, OldOwner.block("old"), false));
    assertReason(Reason.FENCED, volume.writeAtomic(OBJECT - BLOCK, ByteBuffer.allocate(2 * BLOCK)));
    assertReason(Reason.FENCED, volume.unmap(0, BLOCK));
    assertReason(Reason.FENCED, volume.flush());
    assertReason(Reason.FENCED, volume.fence(9));
  }
}
