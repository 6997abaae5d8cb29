package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** An image that somebody has removed beneath its owner is not taken for one of zeros. */
class RbdGoneIT extends PoolFixture {
  private static final int BLOCK = 4096;
  private static final int SIZE = 4 << 20;

  private Volume volume;
  private String id;

  private void open() {
    get(store.create("unit", SIZE, BLOCK));
    volume = get(store.open("unit"));
    get(volume.fence(1));
    get(volume.write(0, OldOwner.block("old"), true));
    id = ceph.imageId(pool.name(), "test.unit");
  }

  private void remove(String object) {
    ceph.rados("-p", pool.name(), "rm", object);
  }

  private void assertGone() {
    await(volume::isFenced);
    assertReason(Reason.FENCED, volume.write(0, OldOwner.block("old"), true));
    assertReason(Reason.FENCED, volume.flush());
    get(volume.close().handle((closed, ignored) -> null));
    String why = assertReason(Reason.NOT_FOUND, store.open("unit"));
    assertTrue(why.contains("test.unit is not in the pool"), why);
    get(store.delete("unit"));
  }

  @Test
  void whatIsGoneIsNotReadAsZeros() {
    open();
    CephCluster.pause(HeaderCheck.FRESH.toMillis() + 100);
    remove("rbd_header." + id);
    remove("rbd_data.%s.%016x".formatted(id, 0));
    assertReason(Reason.FENCED, volume.read(0, ByteBuffer.allocate(BLOCK)));
    assertReason(Reason.FENCED, volume.read(0, ByteBuffer.allocateDirect(BLOCK)));
    assertGone();
  }

  @Test
  void whoeverOnlyReadsWhatIsLeftHearsOfItToo() {
    open();
    remove("rbd_header." + id);
    await(() -> !succeeds(volume.read(0, ByteBuffer.allocate(BLOCK))));
    assertReason(Reason.FENCED, volume.read(0, ByteBuffer.allocate(BLOCK)));
    assertGone();
  }

  @Test
  void aPoolThatIsGoneIsNotReadAsZeros() {
    CephCluster.Pool other = ceph.newPool();
    try (RbdVolumeStore its = new RbdVolumeStore(other.settings())) {
      get(its.create("unit", SIZE, BLOCK));
      volume = get(its.open("unit"));
      get(volume.fence(1));
      get(volume.write(0, OldOwner.block("old"), true));
      other.delete();
      ByteBuffer found = ByteBuffer.allocate(BLOCK);
      await(
          () -> {
            boolean read = succeeds(volume.read(0, found.clear()));
            assertTrue(!read || found.clear().equals(OldOwner.block("old")));
            return !read;
          });
      assertFalse(succeeds(volume.write(0, OldOwner.block("new"), true)));
      String why = assertReason(Reason.UNAVAILABLE, its.open("unit"));
      assertTrue(why.contains("pool " + other.name()), why);
      get(volume.close().handle((closed, ignored) -> null));
    }
  }

  @Test
  void whatWasNeverWrittenIsReadAsZeros() {
    open();
    for (int time = 0; time < 3; time++) {
      CephCluster.pause(HeaderCheck.FRESH.toMillis() + 100);
      ByteBuffer found = ByteBuffer.allocate(BLOCK).put(OldOwner.block("old")).clear();
      get(volume.read(BLOCK, found));
      assertEquals(ByteBuffer.allocate(BLOCK), found.clear());
    }
    assertFalse(volume.isFenced());
    get(volume.read(BLOCK, ByteBuffer.allocate(BLOCK)));
    get(volume.close());
  }
}
