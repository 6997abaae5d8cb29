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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a snapshot has, and who may make and delete one. */
@CephAlone
class RbdSnapshotIT extends SnapshotFixture {
  @Test
  void whatIsWrittenLaterIsNotInIt() {
    Volume volume = owned("unit");
    get(volume.write(0, filled(BLOCK, 1), true));
    VolumeSnapshot made = get(volume.makeSnapshot("first"));
    get(volume.write(0, filled(BLOCK, 2), true));
    get(volume.write(OBJECT, filled(BLOCK, 2), true));
    get(volume.makeSnapshot("second"));
    get(volume.unmap(0, SIZE));

    assertEquals("first", made.name());
    assertEquals(SIZE, made.size());
    assertEquals(List.of("first", "second"), names("unit"));
    assertArrayEquals(filled(BLOCK, 1).array(), contentOf("unit", "first", 0, BLOCK));
    assertArrayEquals(new byte[BLOCK], contentOf("unit", "first", OBJECT, BLOCK));
    assertArrayEquals(filled(BLOCK, 2).array(), contentOf("unit", "second", OBJECT, BLOCK));
    assertArrayEquals(new byte[BLOCK], read(volume, 0, BLOCK));
    get(volume.close());
  }

  @Test
  void makingAndDeletingCanBeRepeated() {
    Volume volume = owned("unit");
    VolumeSnapshot made = get(volume.makeSnapshot("a.b_c-D"));
    get(volume.write(0, filled(BLOCK, 1), true));
    assertEquals(made, get(volume.makeSnapshot("a.b_c-D")));
    assertArrayEquals(new byte[BLOCK], contentOf("unit", "a.b_c-D", 0, BLOCK));
    get(volume.deleteSnapshot("a.b_c-D"));
    get(volume.deleteSnapshot("a.b_c-D"));
    assertEquals(List.of(), names("unit"));
    get(volume.makeSnapshot("a.b_c-D"));
    assertArrayEquals(
        filled(BLOCK, 1).array(), contentOf("unit", "a.b_c-D", 0, BLOCK), "a new one");
    for (String wrong : List.of("", ".a", "-a", "a/b", "a@b", "a b", "a".repeat(65))) {
      assertReason(Reason.RANGE, volume.makeSnapshot(wrong));
    }
    get(volume.close());
  }

  @Test
  void thoseOfAnOperatorAreListedAndProtectedOnesAreKept() {
    Volume volume = owned("unit");
    String image = pool.name() + "/test.unit";
    get(volume.write(0, filled(BLOCK, 1), true));
    ceph.rbd("snap", "create", "--no-progress", image + "@by-hand");
    ceph.rbd("snap", "protect", image + "@by-hand");
    assertTrue(get(store.snapshots("unit")).get(0).locked());
    assertTrue(assertReason(Reason.IN_USE, volume.deleteSnapshot("by-hand")).contains("unprotect"));
    ceph.rbd("snap", "unprotect", image + "@by-hand");
    get(volume.write(0, filled(BLOCK, 2), true));
    assertArrayEquals(filled(BLOCK, 1).array(), contentOf("unit", "by-hand", 0, BLOCK));
    get(volume.deleteSnapshot("by-hand"));
    assertEquals(List.of(), names("unit"));
    assertEquals("", ceph.rbd("snap", "ls", "--all", image).strip());
    assertReason(Reason.NOT_FOUND, store.snapshots("other"));
    get(volume.close());
  }

  /**
   * A host writes to one block only once the write to the other is done; another one writes two
   * objects at once.
   */
  @Test
  void itIsOneMomentAndAtomicWritesAreInItWhollyOrNotAtAll() {
    Volume volume = owned("unit");
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Void> inOrder =
        CompletableFuture.runAsync(
            () -> {
              for (long i = 1; !stop.get(); i++) {
                for (int object = 0; object < 4; object++) {
                  get(volume.write((long) object * OBJECT, number(i), false));
                }
              }
            });
    CompletableFuture<Void> atomically =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 1; !stop.get(); i++) {
                get(volume.writeAtomic(6 * OBJECT - (128 << 10), filled(256 << 10, i)));
              }
            });
    List<CompletableFuture<Void>> many = new ArrayList<>();
    for (int writer = 0; writer < 8; writer++) {
      int at = (1 << 18) + writer * BLOCK;
      many.add(
          CompletableFuture.runAsync(
              () -> {
                while (!stop.get()) {
                  get(volume.write(at, filled(BLOCK, 7), false));
                }
              }));
    }
    long longest = 0;
    for (int i = 0; i < 20; i++) {
      CephCluster.pause(20);
      long began = System.nanoTime();
      get(volume.makeSnapshot("s" + i));
      longest = Math.max(longest, System.nanoTime() - began);
    }
    stop.set(true);
    inOrder.join();
    atomically.join();
    many.forEach(CompletableFuture::join);
    System.out.printf("longest snapshot %d ms%n", longest / 1_000_000);
    for (int i = 0; i < 20; i++) {
      byte[] content = contentOf("unit", "s" + i, 0, SIZE);
      long[] numbers = new long[4];
      for (int object = 0; object < 4; object++) {
        numbers[object] = ByteBuffer.wrap(content).getLong(object * OBJECT);
      }
      for (int object = 1; object < 4; object++) {
        assertTrue(
            numbers[object] == numbers[object - 1] || numbers[object] == numbers[object - 1] - 1,
            Arrays.toString(numbers));
      }
      assertTrue(numbers[0] - numbers[3] <= 1, Arrays.toString(numbers));
      byte[] pair = Arrays.copyOfRange(content, 6 * OBJECT - (128 << 10), 6 * OBJECT + (128 << 10));
      assertArrayEquals(filled(256 << 10, pair[0]).array(), pair, "snapshot " + i);
    }
    get(volume.close());
  }

  private static ByteBuffer number(long number) {
    return ByteBuffer.allocate(BLOCK).putLong(0, number);
  }

  @Test
  void anOwnerThatWasSucceededMakesAndDeletesNone() {
    Volume old = owned("unit");
    get(old.makeSnapshot("before"));
    Volume young = opened("unit", 2);
    assertReason(Reason.FENCED, old.makeSnapshot("late"));
    assertReason(Reason.FENCED, old.deleteSnapshot("before"));
    assertReason(Reason.FENCED, old.rollBack("before", "r"));
    assertTrue(old.isFenced());
    assertEquals(List.of("before"), names("unit"));
    get(old.close());
    get(young.close());
    Volume nobodys = get(store.open("unit"));
    assertReason(Reason.UNAVAILABLE, nobodys.makeSnapshot("unfenced"));
    get(nobodys.close());
  }

  /** It still watches the header, and answers nothing. */
  @Test
  void aStoppedFormerOwnerKeepsNoWriteWaiting() throws IOException {
    get(store.create("unit", SIZE, BLOCK));
    try (OtherProcess old =
        OtherProcess.java(OldOwner.class, OldOwner.command(pool.settings(), "unit", 1, "blocks"))) {
      old.awaitLine("writing");
      old.stop();
      Volume young = opened("unit", 2);
      get(young.write(0, filled(BLOCK, 1), true));
      long began = System.nanoTime();
      CompletableFuture<VolumeSnapshot> made = young.makeSnapshot("first").toCompletableFuture();
      long longest = 0;
      while (!made.isDone()) {
        long write = System.nanoTime();
        get(young.write(0, filled(BLOCK, 2), true));
        longest = Math.max(longest, System.nanoTime() - write);
      }
      System.out.printf(
          "with a stopped watcher: snapshot %d ms, longest write meanwhile %d ms%n",
          (System.nanoTime() - began) / 1_000_000, longest / 1_000_000);
      get(made);
      get(young.deleteSnapshot("first"));
      get(young.makeSnapshot("second"));
      old.goOn();
      assertTrue(old.awaitLine("ended").startsWith("ended FENCED"));
      assertArrayEquals(filled(BLOCK, 2).array(), contentOf("unit", "second", 0, BLOCK));
      get(young.close());
    }
  }

  @Test
  void anImageWithSnapshotsIsKeptWhole() {
    Volume volume = owned("unit");
    get(volume.write(0, filled(SIZE, 1), true));
    get(volume.makeSnapshot("kept"));
    get(store.clone("copy", "unit", "kept", BLOCK));
    get(volume.close());
    String reason = assertReason(Reason.IN_USE, store.delete("unit"));
    assertTrue(reason.contains("1 snapshots and 1 clones"), reason);
    volume = opened("unit", 2);
    assertArrayEquals(filled(SIZE, 1).array(), read(volume, 0, SIZE));
    assertTrue(assertReason(Reason.IN_USE, volume.deleteSnapshot("kept")).contains("1 clones"));
    assertEquals(1, get(store.snapshots("unit")).get(0).clones());
    get(store.delete("copy"));
    assertEquals(0, get(store.snapshots("unit")).get(0).clones());
    get(volume.deleteSnapshot("kept"));
    get(volume.close());
    get(store.delete("unit"));
    assertEquals("", ceph.rbd("ls", pool.name()).strip());
  }

  /** Ceph keeps it for its clones, under another name. */
  @Test
  void whatAnOperatorDeletedAndCephKeepsIsNotListedAndKeepsTheImage() {
    Volume volume = owned("unit");
    get(volume.makeSnapshot("kept"));
    get(store.clone("copy", "unit", "kept", BLOCK));
    get(volume.close());
    ceph.rbd("snap", "rm", "--no-progress", pool.name() + "/test.unit@kept");
    assertEquals(List.of(), names("unit"));
    assertTrue(assertReason(Reason.IN_USE, store.delete("unit")).contains("kept by Ceph"));
  }

  @Test
  void aDeletionThatWasInterruptedIsCompleted() {
    Volume volume = owned("unit");
    get(volume.makeSnapshot("half"));
    get(volume.makeSnapshot("whole"));
    get(volume.close());
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.openReadOnly(client, "test.unit"),
          image -> {
            SnapshotRecords records = new SnapshotRecords(client, image.id());
            long id = records.find("half").orElseThrow().id();
            new ImageHeader(client, image)
                .record(Map.of(ImageSnapshots.RELEASING, ImageSnapshots.releasing(id, image.id())));
            assertEquals(0, records.remove(id));
            return null;
          });
    }
    volume = opened("unit", 2);
    get(volume.makeSnapshot("half"));
    assertEquals(List.of("whole", "half"), names("unit"));
    assertFalse(
        ceph.rbd("image-meta", "list", pool.name() + "/test.unit")
            .contains(ImageSnapshots.RELEASING));
    get(volume.close());
  }

  @Test
  void aWriteThatHangsKeepsNoOtherWaitingForLong() throws IOException {
    // So many that some are on the header's server, and some are not.
    int objects = 64;
    get(store.create("wide", (long) objects * OBJECT, BLOCK));
    Volume volume = opened("wide", 1);
    String id;
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      id = RbdImage.with(RbdImage.openReadOnly(client, "test.wide"), RbdImage::id);
    }
    int ofHeader = ceph.osdOf(pool.name(), "rbd_header." + id);
    int hanging = -1;
    int well = -1;
    for (int object = 0; object < objects; object++) {
      get(volume.write((long) object * OBJECT, filled(BLOCK, 1), true));
      int osd = ceph.osdOf(pool.name(), "rbd_data.%s.%016x".formatted(id, object));
      hanging = osd == ofHeader ? hanging : object;
      well = osd == ofHeader ? object : well;
    }
    assertTrue(hanging >= 0 && well >= 0, "all objects are on one server");
    int stopped = ceph.osdOf(pool.name(), "rbd_data.%s.%016x".formatted(id, hanging));
    CompletableFuture<Void> hung;
    try {
      OtherProcess.stop(ceph.osds().get(stopped).pid());
      hung = volume.write((long) hanging * OBJECT, filled(BLOCK, 2), true).toCompletableFuture();
      assertReason(Reason.UNAVAILABLE, volume.makeSnapshot("first"));
      get(volume.write((long) well * OBJECT, filled(BLOCK, 2), true));
      assertFalse(hung.isDone());
    } finally {
      OtherProcess.signal(ceph.osds().get(stopped).pid(), "CONT");
    }
    hung.join();
    await(() -> succeeds(volume.makeSnapshot("first")));
    assertEquals(List.of("first"), names("wide"));
    get(volume.close());
  }

  /** It may be on record by then, so what it has must stay; and librbd may not know it yet. */
  @Test
  void oneThatWasRecordedStaysWholeWhenItsMakingBreaksOff() {
    get(store.create("unit", SIZE, BLOCK));
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.open(client, "test.unit"),
          image -> {
            assertTrue(image.acquireLock());
            image.writeNow(0, filled(BLOCK, 1).array());
            FenceLatch latch = new FenceLatch();
            WriteBarrier barrier = new WriteBarrier();
            ImageSnapshots snapshots = new ImageSnapshots(client, image, latch, barrier);
            Thread.currentThread().interrupt(); // So it ends as soon as it waits for librbd.
            assertThrows(VolumeException.class, () -> snapshots.make("first"));
            assertTrue(Thread.interrupted());
            assertTrue(latch.isFenced(), "it might be written into");
            assertTrue(
                barrier
                    .pass(() -> CompletableFuture.completedStage(1))
                    .toCompletableFuture()
                    .isDone());
            return null;
          });
    }
    assertEquals(List.of("first"), names("unit"));
    Volume volume = opened("unit", 2);
    get(volume.write(0, filled(BLOCK, 2), true));
    get(volume.makeSnapshot("first"));
    assertArrayEquals(filled(BLOCK, 1).array(), contentOf("unit", "first", 0, BLOCK));
    get(volume.close());
  }

  /** The number is that of a snapshot of the original, which may be whole. */
  @Test
  void aCopyOfAnImageFinishesNoDeletionOfTheOriginal() {
    Volume volume = owned("unit");
    get(volume.write(0, filled(BLOCK, 1), true));
    get(volume.makeSnapshot("s"));
    get(volume.write(0, filled(BLOCK, 2), true));
    get(volume.rollBack("s", "done"));
    get(volume.write(0, filled(BLOCK, 3), true));
    get(volume.close());
    asTheFormerOwner(
        (image, records) -> {
          long id = records.find("s").orElseThrow().id();
          ceph.rbd(
              "image-meta",
              "set",
              pool.name() + "/test.unit",
              ImageSnapshots.RELEASING,
              ImageSnapshots.releasing(id, image.id()));
        });
    String copy = pool.name() + "/theirs";
    ceph.rbd("cp", "--no-progress", pool.name() + "/test.unit", copy);
    assertTrue(ceph.rbd("image-meta", "list", copy).contains(ImageSnapshots.RELEASING));
    ceph.rbd("image-meta", "remove", copy, RbdVolumeStore.UNIT);
    get(store.adopt(copy, "mine", Optional.empty(), BLOCK));
    Volume mine = get(store.open(copy, "mine"));
    get(mine.fence(1));
    get(mine.makeSnapshot("t"));
    get(mine.close());
    String metadata = ceph.rbd("image-meta", "list", copy);
    assertFalse(metadata.contains(ImageSnapshots.RELEASING), metadata);
    assertFalse(metadata.contains(ImageSnapshots.ROLLED_BACK), metadata);
    assertArrayEquals(filled(BLOCK, 1).array(), contentOf("unit", "s", 0, BLOCK));
  }
}
