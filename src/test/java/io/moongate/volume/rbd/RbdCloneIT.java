package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.Volume.Extent;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A volume that shares its blocks with a snapshot behaves as any other. */
class RbdCloneIT extends PoolFixture {
  private static final int BLOCK = 4096;
  private static final int SIZE = 8 << 20;
  private static final int OBJECT = 1 << 20;

  private Volume source;

  @BeforeEach
  void makeSnapshot() {
    get(store.create("source", SIZE, BLOCK));
    source = opened("source", 7);
    get(source.write(0, RbdSnapshotIT.filled(4 * OBJECT, 1), true));
    get(source.makeSnapshot("s"));
    get(source.write(0, RbdSnapshotIT.filled(4 * OBJECT, 2), true));
  }

  private Volume opened(String id, long epoch) {
    Volume volume = get(store.open(id));
    get(volume.fence(epoch));
    return volume;
  }

  private Volume cloned() {
    assertEquals(SIZE, get(store.clone("copy", "source", "s", BLOCK)));
    return opened("copy", 1);
  }

  private static void assertBytes(int value, Volume volume, long offset, int length) {
    assertArrayEquals(
        RbdSnapshotIT.filled(length, value).array(), RbdSnapshotIT.read(volume, offset, length));
  }

  @Test
  void itIsAnotherUnitsWithTheContentOfTheSnapshot() {
    Volume copy = cloned();
    assertEquals(SIZE, copy.geometry().size());
    assertEquals(BLOCK, copy.geometry().blockSize());
    assertBytes(1, copy, 0, 4 * OBJECT);
    assertBytes(0, copy, 4 * OBJECT, 4 * OBJECT);
    get(copy.write(OBJECT + BLOCK, RbdSnapshotIT.filled(BLOCK, 3), true));
    assertBytes(1, copy, OBJECT, BLOCK);
    assertBytes(3, copy, OBJECT + BLOCK, BLOCK);
    assertBytes(2, source, 0, 4 * OBJECT);
    String metadata = ceph.rbd("image-meta", "list", pool.name() + "/test.copy");
    assertTrue(metadata.matches("(?s).*moongate.unit +copy.*"), metadata);
    assertTrue(metadata.matches("(?s).*moongate.epoch +1\\s.*"), metadata);
    get(copy.close());
    // The source's unit has no say in it, though librbd copies its metadata.
    Volume wrong = get(store.open("copy", "source"));
    assertReason(Reason.FENCED, wrong.fence(99));
    get(wrong.close());
  }

  @Test
  void whatIsUnmappedReadsAsZerosAndWhatIsThereIsNotCalledDeallocated() {
    Volume copy = cloned();
    assertEquals(
        List.of(new Extent(0, 4 * OBJECT, true), new Extent(4 * OBJECT, 4 * OBJECT, false)),
        get(copy.status(0, SIZE)));
    get(copy.unmap(OBJECT, OBJECT)); // A whole object,
    get(copy.unmap(2 * OBJECT + 8 * BLOCK, 16 * BLOCK)); // within one,
    get(copy.writeSame(3 * OBJECT - BLOCK, 2 * BLOCK, ByteBuffer.allocate(BLOCK), true));
    assertBytes(1, copy, 0, OBJECT);
    assertBytes(0, copy, OBJECT, OBJECT);
    assertBytes(1, copy, 2 * OBJECT, 8 * BLOCK);
    assertBytes(0, copy, 2 * OBJECT + 8 * BLOCK, 16 * BLOCK);
    assertBytes(1, copy, 2 * OBJECT + 24 * BLOCK, BLOCK);
    assertBytes(0, copy, 3 * OBJECT - BLOCK, 2 * BLOCK);
    assertBytes(1, copy, 3 * OBJECT + BLOCK, OBJECT - BLOCK);
    for (Extent extent : get(copy.status(0, SIZE))) {
      if (!extent.mapped()) {
        assertBytes(0, copy, extent.offset(), (int) extent.length());
      }
    }
    // So it does in a snapshot of it, and in what is cloned from that.
    get(copy.makeSnapshot("t"));
    get(copy.write(0, RbdSnapshotIT.filled(SIZE, 5), true));
    get(store.clone("third", "copy", "t", BLOCK));
    Volume third = opened("third", 1);
    assertBytes(1, third, 0, OBJECT);
    assertBytes(0, third, OBJECT, OBJECT);
    get(third.close());
    get(copy.close());
  }

  @Test
  void whatItGrowsByReadsAsZeros() {
    Volume copy = cloned();
    get(copy.grow(2 * SIZE));
    assertBytes(0, copy, SIZE, SIZE);
    get(copy.write(2 * SIZE - BLOCK, RbdSnapshotIT.filled(BLOCK, 4), true));
    get(copy.close());
    // Made smaller by hand, within what it shares; and grown again.
    String image = pool.name() + "/test.copy";
    ceph.rbd("resize", "--no-progress", "--allow-shrink", "--size", "2M", image);
    get(store.grow("copy", SIZE));
    copy = opened("copy", 2);
    assertBytes(1, copy, 0, 2 * OBJECT);
    assertBytes(0, copy, 2 * OBJECT, SIZE - 2 * OBJECT);
    get(copy.close());
  }

  /** The same for one with a snapshot: what is cut off stays in that, and only there. */
  @Test
  void whatAnImageWithASnapshotGrowsByReadsAsZeros() {
    get(source.close());
    String image = pool.name() + "/test.source";
    ceph.rbd("resize", "--no-progress", "--allow-shrink", "--size", "1536K", image);
    get(store.grow("source", SIZE));
    source = opened("source", 8);
    assertBytes(2, source, 0, OBJECT + OBJECT / 2);
    assertBytes(0, source, OBJECT + OBJECT / 2, SIZE - OBJECT - OBJECT / 2);
    Volume copy = cloned();
    assertBytes(1, copy, 0, 4 * OBJECT);
    get(copy.close());
  }

  @Test
  void atomicWritesAreWhole() {
    Volume copy = cloned();
    get(copy.makeSnapshot("before"));
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 3; !stop.get(); i++) {
                get(copy.writeAtomic(0, RbdSnapshotIT.filled(64 << 10, i)));
                get(copy.writeAtomic(OBJECT - BLOCK, RbdSnapshotIT.filled(2 * BLOCK, i)));
              }
            });
    for (int i = 0; i < 5; i++) {
      get(copy.makeSnapshot("s" + i));
    }
    stop.set(true);
    writing.join();
    for (int i = 0; i < 5; i++) {
      get(store.clone("c" + i, "copy", "s" + i, BLOCK));
      Volume seen = opened("c" + i, 1);
      byte[] one = RbdSnapshotIT.read(seen, 0, 64 << 10);
      assertBytes(one[0], seen, 0, 64 << 10);
      byte[] two = RbdSnapshotIT.read(seen, OBJECT - BLOCK, 2 * BLOCK);
      assertBytes(two[0], seen, OBJECT - BLOCK, 2 * BLOCK);
      assertBytes(1, seen, 2 * OBJECT, OBJECT);
      get(seen.close());
    }
    get(copy.close());
  }

  @Test
  void whatCannotBeClonedIsRefused() {
    assertReason(Reason.NOT_FOUND, store.clone("copy", "source", "other", BLOCK));
    assertReason(Reason.NOT_FOUND, store.clone("copy", "other", "s", BLOCK));
    assertReason(Reason.RANGE, store.clone("copy", "source", "s", 512));
    get(store.create("another", SIZE, BLOCK));
    assertReason(Reason.EXISTS, store.clone("another", "source", "s", BLOCK));
    get(store.clone("third", "source", "s", BLOCK));
    get(source.makeSnapshot("t"));
    assertReason(Reason.EXISTS, store.clone("third", "source", "t", BLOCK));
    assertFalse(ceph.rbd("ls", pool.name()).contains("copy"));
    assertFalse(ceph.rados("-p", pool.name(), "ls").contains(ImageCreation.mark("test.copy")));
    get(source.close());
  }

  @Test
  void oneThatWasInterruptedBeforeOrAfterItWasMadeIsCompletedWhenItIsRepeated() {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      // Before anything of it was there.
      ImageCreation.mark(client, "test.copy");
      Volume copy = cloned();
      get(copy.write(0, RbdSnapshotIT.filled(BLOCK, 9), true));
      get(copy.close());

      // When it was complete, but for its mark; and by now it has been used.
      ImageCreation.mark(client, "test.copy");
      get(store.clone("copy", "source", "s", BLOCK));
      assertFalse(ImageCreation.isMarked(client, "test.copy"));
      copy = opened("copy", 2);
      assertBytes(9, copy, 0, BLOCK);
      get(copy.close());
      get(store.delete("copy"));
      assertEquals(0, get(store.snapshots("source")).get(0).clones());
    }
  }

  /** Somebody may be at it, or it may be finished and used in the next moment. */
  @Test
  void oneThatIsNotFinishedIsLeftAloneUntilItIsRemovedByHand() {
    String image = pool.name() + "/test.copy";
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      // With the metadata of the source.
      ImageCreation.mark(client, "test.copy");
      ceph.rbd("clone", "--rbd-default-clone-format", "2", pool.name() + "/test.source@s", image);
      String id = ceph.imageId(pool.name(), "test.copy");
      String refusal = assertReason(Reason.UNAVAILABLE, store.clone("copy", "source", "s", BLOCK));
      assertTrue(refusal.contains("test.copy") && refusal.contains("rbd rm"), refusal);
      assertEquals(id, ceph.imageId(pool.name(), "test.copy"));
      assertTrue(ceph.rbd("image-meta", "list", image).matches("(?s).*moongate.unit +source.*"));
      ceph.rbd("rm", "--no-progress", image);
      get(cloned().close());
      get(store.delete("copy"));

      // With no metadata yet.
      ImageCreation.mark(client, "test.copy");
      ceph.rbd("create", "--size", "1M", image);
      assertReason(Reason.UNAVAILABLE, store.clone("copy", "source", "s", BLOCK));
      ceph.rbd("rm", "--no-progress", image);
      get(cloned().close());
      get(store.delete("copy"));

      // With nothing but its id, by which it can't be opened yet.
      ceph.rbd("create", "--size", "1M", image);
      id = ceph.imageId(pool.name(), "test.copy");
      ceph.rados("-p", pool.name(), "rm", "rbd_header." + id);
      assertReason(Reason.UNAVAILABLE, store.clone("copy", "source", "s", BLOCK));
      assertTrue(ceph.rados("-p", pool.name(), "ls").contains("rbd_id.test.copy"));
      ceph.rbd("rm", "--no-progress", image);
      get(cloned().close());
      get(store.delete("copy"));
      assertEquals(0, get(store.snapshots("source")).get(0).clones());
      assertFalse(ceph.rados("-p", pool.name(), "ls").contains("moongate_creating"));
    }
  }

  /** All or nothing: somebody else may have finished it, and serve it at an epoch. */
  @Test
  void whoComesTooLateTakesNoMetadataAway() {
    Volume copy = cloned();
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.openReadOnly(client, "test.copy"),
          image -> {
            ImageHeader header = new ImageHeader(client, image);
            Map<String, String> own = Map.of(RbdVolumeStore.UNIT, "late");
            Set<String> forgotten = Set.of(Ownership.EPOCH, Ownership.OWNER, "moongate.none");
            assertFalse(header.replace(RbdVolumeStore.UNIT, Optional.of("source"), own, forgotten));
            assertEquals(Optional.of("copy"), image.metadata(RbdVolumeStore.UNIT));
            assertEquals(Optional.of("1"), image.metadata(Ownership.EPOCH));
            assertTrue(image.metadata(Ownership.OWNER).isPresent());
            assertTrue(header.replace(RbdVolumeStore.UNIT, Optional.of("copy"), own, forgotten));
            assertEquals(Optional.of("late"), image.metadata(RbdVolumeStore.UNIT));
            assertEquals(Optional.empty(), image.metadata(Ownership.EPOCH));
            assertEquals(Optional.empty(), image.metadata(Ownership.OWNER));
            return null;
          });
    }
    get(copy.close());
  }

  /** Many at once: one is made, and whoever was in its way has to ask again. */
  @Test
  void thoseThatMakeTheSameAtTheSameTimeMakeOne() {
    CompletableFuture<?>[] all = new CompletableFuture<?>[4];
    for (int i = 0; i < all.length; i++) {
      all[i] =
          store
              .clone("copy", "source", "s", BLOCK)
              .handle((size, failure) -> null)
              .toCompletableFuture();
    }
    CompletableFuture.allOf(all).join();
    await(() -> succeeds(store.clone("copy", "source", "s", BLOCK)));
    Volume copy = opened("copy", 1);
    assertBytes(1, copy, 0, 4 * OBJECT);
    get(copy.close());
    assertEquals(1, get(store.snapshots("source")).get(0).clones());
    assertTrue(Arrays.asList(ceph.rbd("ls", pool.name()).split("\n")).contains("test.copy"));
  }

  /** With a parent, and with whatever its metadata were copied from. */
  @Test
  void oneThatOthersHaveMadeBecomesOurs() {
    ceph.rbd(
        "clone",
        "--rbd-default-clone-format",
        "2",
        pool.name() + "/test.source@s",
        pool.name() + "/theirs");
    String adopted = pool.name() + "/theirs";
    assertReason(Reason.EXISTS, store.adopt(adopted, "mine", Optional.empty(), BLOCK));
    ceph.rbd("image-meta", "remove", pool.name() + "/theirs", RbdVolumeStore.UNIT);
    get(store.adopt(adopted, "mine", Optional.empty(), BLOCK));
    Volume copy = get(store.open(adopted, "mine"));
    get(copy.fence(1));
    assertBytes(1, copy, 0, 4 * OBJECT);
    get(copy.close());
  }
}
