package io.moongate.volume.rbd;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What goes wrong with Ceph is said as what it is, and leaves nothing broken. */
@CephAlone
class RbdErrorsIT extends PoolFixture {
  private static final int BLOCK = 4096;
  private static final int SIZE = 4 << 20;

  private Volume opened(String id) {
    get(store.create(id, SIZE, BLOCK));
    return get(store.open(id));
  }

  private String image(String id) {
    return pool.name() + "/test." + id;
  }

  @Test
  void aWrongKeyIsNamedWithUserAndKeyring() {
    CephCluster.Pool other = ceph.newPool();
    RbdSettings settings =
        new CephCluster.Pool(ceph, pool.name(), other.keyring()).settings("nobody", pool.name(), 9);
    try (RbdVolumeStore wrong = new RbdVolumeStore(settings)) {
      String message = assertReason(Reason.UNAVAILABLE, wrong.open("unit"));
      assertTrue(message.contains("client.nobody"), message);
      assertTrue(message.contains(other.keyring().toString()), message);
      assertReason(Reason.UNAVAILABLE, wrong.delete("unit"));
    }
    other.delete();
  }

  @Test
  void aPoolThatIsNotThereIsNamed() {
    RbdSettings settings = pool.settings(pool.settings().user(), "nowhere", 9);
    try (RbdVolumeStore wrong = new RbdVolumeStore(settings)) {
      String message = assertReason(Reason.UNAVAILABLE, wrong.open("unit"));
      assertTrue(message.contains("pool nowhere"), message);
      // Not for gone: the pool may only be misspelt.
      assertReason(Reason.UNAVAILABLE, wrong.delete("unit"));
    }
  }

  @Test
  void monitorsThatDoNotAnswerAreWaitedForNoLongerThanSaid() throws IOException {
    RbdVolumeStore hasty = new RbdVolumeStore(hasty(pool.settings()));
    Volume volume = opened("unit");
    get(volume.fence(1));
    Volume next = get(hasty.open("unit"));
    OtherProcess.signal(ceph.monitor().pid(), "STOP");
    try {
      assertReason(Reason.UNAVAILABLE, hasty.open("unit"));
      assertReason(Reason.UNAVAILABLE, next.fence(2));
      // What is open goes on without them.
      get(volume.write(0, OldOwner.block("old"), true));
    } finally {
      OtherProcess.signal(ceph.monitor().pid(), "CONT");
    }
    get(next.close());
    Volume again = get(store.open("unit"));
    get(again.fence(2));
    get(again.write(0, OldOwner.block("new"), true));
    get(volume.close());
    get(again.close());
    hasty.close();
  }

  private static RbdSettings hasty(RbdSettings settings) {
    return new RbdSettings(
        settings.confFile(),
        settings.user(),
        settings.keyring(),
        settings.pool(),
        settings.namespace(),
        settings.imagePrefix(),
        settings.objectSize(),
        settings.threads(),
        settings.inFlight(),
        Duration.ofSeconds(3),
        settings.blocklistFor(),
        settings.removeAfter(),
        settings.closeTimeout());
  }

  @Test
  void whoWasBlocklistedByHandIsFencedAndCanOpenAnew() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    String locks = ceph.rbd("lock", "ls", image("unit"), "--format", "json");
    String address = locks.replaceAll("(?s).*\"address\":\"([^\"]*)\".*", "$1");
    ceph.ceph("osd", "blocklist", "add", address);
    // Nobody has told the server of this object yet.
    await(() -> !succeeds(volume.write(0, OldOwner.block("old"), false)));
    assertReason(Reason.FENCED, volume.write(0, OldOwner.block("old"), false));
    assertReason(Reason.FENCED, volume.read(0, ByteBuffer.allocate(BLOCK)));
    assertReason(Reason.FENCED, volume.flush());
    assertReason(Reason.FENCED, volume.fence(1));
    get(volume.close());
    Volume again = get(store.open("unit"));
    get(again.fence(1));
    get(again.write(0, OldOwner.block("new"), false));
    get(again.close());
  }

  @Test
  void anImageThatIsDestroyedBeneathFailsAndCanBeClosed() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    String info = ceph.rbd("info", image("unit"), "--format", "json");
    String id = info.replaceAll("(?s).*\"id\":\"([^\"]*)\".*", "$1");
    ceph.rados("-p", pool.name(), "rm", "rbd_header." + id);
    // The lock was in it.
    VolumeException failure = assertThrows(VolumeException.class, () -> get(volume.fence(2)));
    assertTrue(
        EnumSet.of(Reason.NOT_FOUND, Reason.FENCED).contains(failure.reason()), failure::toString);
    get(volume.close().handle((closed, ignored) -> null));
  }

  @Test
  void aFullPoolRefusesWritesAndTakesThemAgain() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    ceph.setFullRatio("0.000001");
    try {
      // What takes no more space than before is done.
      AtomicInteger next = new AtomicInteger();
      await(
          () ->
              !succeeds(
                  volume.write(
                      (long) next.getAndIncrement() * BLOCK, OldOwner.block("old"), true)));
      int untouched = next.get() * BLOCK;
      assertReason(Reason.FULL, volume.write(untouched, OldOwner.block("old"), true));
      assertReason(Reason.FULL, volume.writeAtomic((1 << 20) - BLOCK, random(2 * BLOCK)));
      get(volume.read(0, ByteBuffer.allocate(BLOCK)));
      assertEquals(0, volume.health().failed());
    } finally {
      ceph.setFullRatio("0.95");
      // The servers learn of it one after the other.
      await(() -> !ceph.ceph("health").contains("full"));
    }
    for (int at = 0; at < SIZE; at += BLOCK) {
      int block = at;
      await(() -> succeeds(volume.write(block, OldOwner.block("new"), true)));
    }
    get(volume.writeAtomic((1 << 20) - BLOCK, random(2 * BLOCK)));
    get(volume.close());
  }

  @Test
  void operationsWaitForServersThatAreStartedAgain() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    get(volume.write(0, OldOwner.block("old"), true));
    ceph.stopOsds();
    CompletableFuture<Void> write =
        volume.write(BLOCK, OldOwner.block("new"), true).toCompletableFuture();
    CompletionStage<Void> closing;
    try {
      assertThrows(TimeoutException.class, () -> write.copy().get(2000, MILLISECONDS));
      assertEquals(1, volume.health().underWay());
      closing = volume.close();
      assertFalse(closing.toCompletableFuture().isDone());
    } finally {
      ceph.startOsds();
    }
    get(write);
    get(closing);
    Volume again = get(store.open("unit"));
    get(again.fence(2));
    ByteBuffer both = ByteBuffer.allocate(2 * BLOCK);
    get(again.read(0, both));
    assertEquals(OldOwner.block("old"), both.slice(0, BLOCK));
    assertEquals(OldOwner.block("new"), both.slice(BLOCK, BLOCK));
    get(again.close());
  }

  @Test
  void whatIsTooMuchIsRefusedAndTheRestIsDone() throws IOException {
    get(store.create("unit", SIZE, BLOCK));
    RbdSettings settings = pool.settings(pool.settings().user(), pool.name(), 8);
    try (RbdVolumeStore small = new RbdVolumeStore(settings)) {
      Volume volume = get(small.open("unit"));
      get(volume.fence(1));
      List<CompletionStage<Void>> writes = new ArrayList<>();
      ceph.osds().forEach(osd -> signal(osd, "STOP"));
      try {
        for (int i = 0; i < 20; i++) {
          writes.add(volume.write((long) i * BLOCK, OldOwner.block("new"), false));
        }
        for (int i = 8; i < 20; i++) {
          assertReason(Reason.OVERLOADED, writes.get(i));
        }
      } finally {
        ceph.osds().forEach(osd -> signal(osd, "CONT"));
      }
      writes.subList(0, 8).forEach(RbdErrorsIT::get);
      get(volume.write(0, OldOwner.block("new"), false));
      get(volume.close());
    }
  }

  /** Hosts may ask for that as often as they like. */
  @Test
  void lookingWhatIsAllocatedIsDoneOnceAtATimeWhenItHangs() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    CompletableFuture<List<Volume.Extent>> hung;
    ceph.osds().forEach(osd -> signal(osd, "STOP"));
    try {
      hung = volume.status(0, SIZE).toCompletableFuture();
      for (int i = 0; i < 200; i++) {
        assertEquals(List.of(new Volume.Extent(0, SIZE, true)), get(volume.status(0, SIZE)));
      }
      assertFalse(hung.isDone());
    } finally {
      ceph.osds().forEach(osd -> signal(osd, "CONT"));
    }
    assertEquals(List.of(new Volume.Extent(0, SIZE, false)), get(hung));
    await(() -> !get(volume.status(0, SIZE)).get(0).mapped());
    get(volume.close());
  }

  private static void signal(Process process, String name) {
    try {
      OtherProcess.signal(process.pid(), name);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anImageWithSnapshotsIsNotDeleted() {
    get(opened("unit").close());
    ceph.rbd("snap", "create", image("unit") + "@now", "--no-progress");
    assertTrue(assertReason(Reason.IN_USE, store.delete("unit")).contains("snapshots"));
    ceph.rbd("snap", "rm", image("unit") + "@now", "--no-progress");
    get(store.delete("unit"));
  }

  @Test
  void aCreationThatWasInterruptedIsCompleted() {
    create("unit", "layering,exclusive-lock");
    assertReason(Reason.NOT_FOUND, store.open("unit"));
    assertReason(Reason.EXISTS, store.create("unit", 2 * SIZE, BLOCK));
    assertReason(Reason.EXISTS, store.create("unit", SIZE, BLOCK));
    put(client -> ImageCreation.mark("test.unit"), new byte[1]);
    assertReason(Reason.EXISTS, store.create("unit", 2 * SIZE, BLOCK));
    get(store.create("unit", SIZE, BLOCK));
    get(store.create("unit", SIZE, BLOCK));
    assertFalse(ceph.rados("-p", pool.name(), "ls").contains("moongate"));
    Volume volume = get(store.open("unit"));
    assertEquals(BLOCK, volume.geometry().blockSize());
    get(volume.close());
  }

  private void create(String id, String features) {
    String size = SIZE / (1 << 20) + "M";
    ceph.rbd(
        "create", "--size", size, "--object-size", "1M", "--image-feature", features, image(id));
  }

  @Test
  void aLargeVolumeIsMadeAtOnceAndItsAllocationIsLookedAtInPart() {
    long size = 1L << 40;
    get(store.create("large", size, BLOCK));
    Volume volume = get(store.open("large"));
    get(volume.write(0, OldOwner.block("new"), false));
    List<Volume.Extent> extents = get(volume.status(0, size));
    assertEquals(new Volume.Extent(0, BLOCK, true), extents.get(0));
    assertEquals(new Volume.Extent(BLOCK, (1L << 30) - BLOCK, false), extents.get(1));
    assertEquals(new Volume.Extent(1L << 30, size - (1L << 30), true), extents.get(2));
    get(volume.close());
  }

  @Test
  void anImageThatCanNotBeFencedIsRefused() {
    for (String features : List.of("layering", "layering,exclusive-lock,object-map")) {
      String id = "with" + features.length();
      create(id, features);
      ceph.rbd("image-meta", "set", image(id), RbdVolumeStore.BLOCK_SIZE, "4096");
      assertTrue(
          assertReason(Reason.UNSUPPORTED, store.open(id)).contains("exclusive-lock"), features);
    }
    get(opened("unit").close());
    ceph.rbd("config", "image", "set", image("unit"), "rbd_cache", "true");
    assertTrue(assertReason(Reason.UNSUPPORTED, store.open("unit")).contains("rbd_cache"));
    ceph.rbd("config", "image", "set", image("unit"), "rbd_cache", "false");
    get(get(store.open("unit")).close());
  }

  @Test
  void anImageThatWasLockedByHandIsNotTaken() {
    Volume volume = opened("unit");
    ceph.rbd("lock", "add", image("unit"), "mine", "--shared", "tag");
    assertTrue(assertReason(Reason.UNAVAILABLE, volume.fence(1)).contains("by hand"));
    get(volume.close());
  }

  /** As after the death of an owner between the journal and the image. */
  @Test
  void aJournalThatWasLeftIsWrittenAgainByTheNextOwner() {
    Volume volume = opened("unit");
    get(volume.fence(1));
    get(volume.write(0, random(SIZE), false));
    ByteBuffer data = random(3 * BLOCK);
    int at = (2 << 20) - BLOCK;
    journal(AtomicWrites.encode(at, data.array()));
    get(volume.close());
    Volume next = get(store.open("unit"));
    get(next.fence(2));
    byte[] found = new byte[3 * BLOCK];
    get(next.read(at, ByteBuffer.wrap(found)));
    assertArrayEquals(data.array(), found);
    // Once: what is written over it stays.
    get(next.write(at, ByteBuffer.allocate(3 * BLOCK), false));
    get(next.close());
    Volume last = get(store.open("unit"));
    get(last.fence(3));
    get(last.read(at, ByteBuffer.wrap(found)));
    assertArrayEquals(new byte[3 * BLOCK], found);
    get(last.close());
  }

  @Test
  void aDamagedJournalIsNotWritten() {
    get(opened("unit").close());
    byte[] record = AtomicWrites.encode(0, random(BLOCK).array());
    record[record.length - 1] ^= 1;
    journal(record);
    Volume volume = get(store.open("unit"));
    assertTrue(assertReason(Reason.IO, volume.fence(1)).contains("damaged"));
    get(volume.close());
    get(store.delete("unit"));
  }

  private void journal(byte[] record) {
    put(
        client ->
            RbdImage.with(
                RbdImage.openReadOnly(client, "test.unit"),
                image -> AtomicWrites.journal(image.id())),
        record);
  }

  private void put(Function<RadosClient, String> name, byte[] bytes) {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      String object = name.apply(client);
      assertEquals(0, Librados.rados_write_full(client.pool(), object, bytes, bytes.length));
    }
  }

  private static ByteBuffer random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }
}
