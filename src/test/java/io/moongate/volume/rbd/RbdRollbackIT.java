package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A volume is what a snapshot has, or is not served. */
@CephAlone
class RbdRollbackIT extends PoolFixture {
  private static final int BLOCK = 4096;
  private static final int OBJECT = 1 << 20;
  private static final int SIZE = 8 * OBJECT;

  private Volume owned(String id, long size) {
    get(store.create(id, size, BLOCK));
    return opened(id, 1);
  }

  private Volume opened(String id, long epoch) {
    Volume volume = get(store.open(id));
    get(volume.fence(epoch));
    return volume;
  }

  private static void assertBytes(int value, Volume volume, long offset, int length) {
    assertArrayEquals(
        RbdSnapshotIT.filled(length, value).array(), RbdSnapshotIT.read(volume, offset, length));
  }

  @Test
  void theContentIsThatOfTheSnapshotAndTheSizeStays() {
    Volume volume = owned("unit", SIZE);
    get(volume.write(0, RbdSnapshotIT.filled(2 * OBJECT, 1), true));
    get(volume.makeSnapshot("first"));
    get(volume.grow(2 * SIZE));
    get(volume.write(0, RbdSnapshotIT.filled(OBJECT, 2), true));
    get(volume.unmap(OBJECT, OBJECT));
    get(volume.write(5 * OBJECT, RbdSnapshotIT.filled(OBJECT, 2), true));
    get(volume.write(SIZE + OBJECT, RbdSnapshotIT.filled(OBJECT, 2), true));
    get(volume.makeSnapshot("second"));
    get(volume.rollBack("first", "r1"));
    assertEquals(2 * SIZE, volume.geometry().size());
    assertBytes(1, volume, 0, 2 * OBJECT);
    assertBytes(0, volume, 2 * OBJECT, 2 * SIZE - 2 * OBJECT);
    get(volume.write(0, RbdSnapshotIT.filled(BLOCK, 3), true));
    get(volume.rollBack("second", "r2"));
    assertBytes(2, volume, 0, OBJECT);
    assertBytes(0, volume, OBJECT, OBJECT);
    assertBytes(2, volume, SIZE + OBJECT, OBJECT);
    // What is asked for again by who did not hear of its end takes nothing back any more.
    get(volume.write(0, RbdSnapshotIT.filled(BLOCK, 4), true));
    get(volume.rollBack("second", "r2"));
    get(volume.close());
    volume = opened("unit", 2);
    get(volume.rollBack("second", "r2"));
    assertBytes(4, volume, 0, BLOCK);
    assertEquals(
        List.of("first", "second"),
        get(store.snapshots("unit")).stream().map(VolumeSnapshot::name).toList());
    get(volume.close());
  }

  @Test
  void aCloneIsRolledBackToWhatItSharedThen() {
    Volume volume = owned("unit", SIZE);
    get(volume.write(0, RbdSnapshotIT.filled(4 * OBJECT, 1), true));
    get(volume.makeSnapshot("s"));
    get(volume.close());
    get(store.clone("copy", "unit", "s", BLOCK));
    Volume copy = opened("copy", 1);
    get(copy.unmap(0, OBJECT));
    get(copy.makeSnapshot("t"));
    get(copy.write(0, RbdSnapshotIT.filled(2 * OBJECT, 2), true));
    get(copy.unmap(2 * OBJECT, OBJECT));
    get(copy.rollBack("t", "r3"));
    assertBytes(0, copy, 0, OBJECT);
    assertBytes(1, copy, OBJECT, 3 * OBJECT);
    get(copy.close());
    ceph.rbd("flatten", "--no-progress", pool.name() + "/test.copy");
    copy = opened("copy", 2);
    assertReason(Reason.UNSUPPORTED, copy.rollBack("t", "r4"));
    assertReason(Reason.UNSUPPORTED, copy.deleteSnapshot("t"));
    assertBytes(1, copy, OBJECT, 3 * OBJECT);
    get(copy.close());
  }

  @Test
  void withoutSuchASnapshotNothingChanges() {
    Volume volume = owned("unit", SIZE);
    get(volume.write(0, RbdSnapshotIT.filled(BLOCK, 1), true));
    assertReason(Reason.NOT_FOUND, volume.rollBack("none", "r5"));
    assertBytes(1, volume, 0, BLOCK);
    get(volume.close());
  }

  /** Whoever comes next must not serve what is half of this and half of that. */
  @Test
  void oneThatWasInterruptedIsGoneOnWithByTheNextOwner() throws IOException {
    long size = 512L << 20;
    Volume volume = owned("unit", size);
    int objects = (int) (size / OBJECT);
    for (int i = 0; i < objects; i++) {
      get(volume.write((long) i * OBJECT, RbdSnapshotIT.filled(BLOCK, 1), false));
    }
    get(volume.makeSnapshot("before"));
    for (int i = 0; i < objects; i++) {
      get(volume.write((long) i * OBJECT, RbdSnapshotIT.filled(BLOCK, 2), false));
    }
    get(volume.close());
    boolean interrupted = false;
    for (int attempt = 0; attempt < 10 && !interrupted; attempt++) {
      int epoch = 10 * attempt + 10;
      try (OtherProcess process =
          OtherProcess.java(
              RollingBack.class, OldOwner.command(pool.settings(), "unit", epoch, "before"))) {
        process.awaitLine("rolling");
        CephCluster.pause(30 + 20 * attempt);
      }
      Volume next = opened("unit", epoch + 1);
      interrupted = !succeeds(next.read(0, ByteBuffer.allocate(BLOCK)));
      if (interrupted) {
        assertReason(Reason.UNAVAILABLE, next.read(0, ByteBuffer.allocate(BLOCK)));
        assertReason(Reason.UNAVAILABLE, next.write(0, RbdSnapshotIT.filled(BLOCK, 3), true));
        assertReason(Reason.UNAVAILABLE, next.makeSnapshot("late"));
        assertReason(Reason.UNAVAILABLE, next.deleteSnapshot("before"));
        get(next.rollBack("before", "r6"));
        for (int i = 0; i < objects; i++) {
          assertBytes(1, next, (long) i * OBJECT, BLOCK);
        }
      }
      get(next.close());
    }
    assertTrue(interrupted, "no process was killed in the middle");
    assertFalse(
        ceph.rbd("image-meta", "list", pool.name() + "/test.unit")
            .contains(ImageSnapshots.ROLLING_BACK));
  }

  /** Beneath it, a rollback makes the image as small as the snapshot, and then as large again. */
  @Test
  void oneThatWasInterruptedWhenTheImageWasSmallIsGoneOnWith() {
    Volume volume = owned("unit", SIZE);
    get(volume.write(0, RbdSnapshotIT.filled(OBJECT, 1), true));
    get(volume.makeSnapshot("small"));
    get(volume.grow(2 * SIZE));
    get(volume.write(SIZE, RbdSnapshotIT.filled(OBJECT, 2), true));
    get(volume.close());
    ceph.rbd("snap", "rollback", "--no-progress", pool.name() + "/test.unit@small");
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.openReadOnly(client, "test.unit"),
          image -> {
            long id = new SnapshotRecords(client, image.id()).find("small").orElseThrow().id();
            new ImageHeader(client, image)
                .record(Map.of(ImageSnapshots.ROLLING_BACK, Long.toString(id)));
            return null;
          });
    }
    volume = opened("unit", 2);
    assertReason(Reason.UNAVAILABLE, volume.read(0, ByteBuffer.allocate(BLOCK)));
    get(volume.grow(2 * SIZE)); // As whoever opens it does: hosts were told of that.
    get(volume.rollBack("small", "r7"));
    assertBytes(1, volume, 0, OBJECT);
    assertBytes(0, volume, SIZE, SIZE);
    get(volume.close());
  }

  /** Though what it fails with is what it would be refused with before it has begun. */
  @Test
  void oneThatFailsOnceItHasBegunIsNotCalledOneThatHasNot() throws IOException {
    Volume volume = owned("unit", SIZE);
    get(volume.write(0, RbdSnapshotIT.filled(SIZE, 1), true));
    get(volume.makeSnapshot("s"));
    get(volume.write(0, RbdSnapshotIT.filled(SIZE, 2), true));
    get(volume.close());
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage image = RbdImage.open(client, "test.unit");
      String header = "rbd_header." + image.id();
      int ofHeader = ceph.osdOf(pool.name(), header);
      int stopped =
          IntStream.range(0, SIZE / OBJECT)
              .map(i -> ceph.osdOf(pool.name(), "rbd_data.%s.%016x".formatted(image.id(), i)))
              .filter(osd -> osd != ofHeader)
              .findAny()
              .orElseThrow();
      assertTrue(image.acquireLock());
      ImageSnapshots snapshots =
          new ImageSnapshots(client, image, new FenceLatch(), new WriteBarrier());
      CompletableFuture<Void> rollingBack;
      try {
        OtherProcess.stop(ceph.osds().get(stopped).pid());
        rollingBack = CompletableFuture.runAsync(() -> snapshots.rollBack("s", "r8", SIZE));
        await(() -> image.metadata(ImageSnapshots.ROLLING_BACK).isPresent());
        ceph.rados("-p", pool.name(), "rmomapkey", header, "size");
      } finally {
        OtherProcess.signal(ceph.osds().get(stopped).pid(), "CONT");
      }
      String said = assertReason(Reason.IO, rollingBack);
      assertTrue(said.contains("in part") && said.contains("not there"), said);
      VolumeException refused = assertThrows(VolumeException.class, snapshots::requireWhole);
      assertEquals(Reason.UNAVAILABLE, refused.reason());
      image.close();
    }
  }
}
