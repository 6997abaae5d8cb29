package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.volume.Volume;
import org.junit.jupiter.api.Test;

/** Whoever takes a volume over leaves the snapshots that are on record by then as they are. */
class RbdSnapshotFenceIT extends SnapshotFixture {
  @Test
  void oneThatAFormerOwnerRecordedAfterTheNextHasOpenedStaysAsItIs() {
    Volume former = owned("unit");
    get(former.write(0, filled(BLOCK, 1), true));
    Volume next = get(store.open("unit"));
    asTheFormerOwner(
        (image, records) -> assertEquals(0, records.add("first", image.newSnapshotId())));
    long began = System.nanoTime();
    get(next.fence(2));
    System.out.printf(
        "a fence that has a snapshot to learn of: %d ms%n",
        (System.nanoTime() - began) / 1_000_000);
    get(next.write(0, filled(BLOCK, 2), true));
    get(next.makeSnapshot("first"));
    get(next.write(0, filled(BLOCK, 3), true));
    assertArrayEquals(filled(BLOCK, 1).array(), contentOf("unit", "first", 0, BLOCK));
    get(next.rollBack("first", "r"));
    assertArrayEquals(filled(BLOCK, 1).array(), read(next, 0, BLOCK));
    get(former.close());
    get(next.close());
  }

  @Test
  void whatAnAtomicWriteHadLeftIsNotWrittenIntoOneEither() {
    Volume former = owned("unit");
    int length = 2 * BLOCK;
    int at = OBJECT - BLOCK;
    get(former.writeAtomic(at, filled(length, 1)));
    Volume next = get(store.open("unit"));
    asTheFormerOwner(
        (image, records) -> assertEquals(0, records.add("first", image.newSnapshotId())));
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      String id = RbdImage.with(RbdImage.openReadOnly(client, "test.unit"), RbdImage::id);
      byte[] journal = AtomicWrites.encode(at, filled(length, 2).array());
      assertEquals(
          0,
          Librados.rados_write_full(
              client.pool(), AtomicWrites.journal(id), journal, journal.length));
    }
    get(next.fence(2));
    assertArrayEquals(filled(length, 2).array(), read(next, at, length));
    assertArrayEquals(filled(length, 1).array(), contentOf("unit", "first", at, length));
    get(former.close());
    get(next.close());
  }

  @Test
  void oneThatAFormerOwnerMadeAnewUnderItsNameIsNotTakenForTheOld() {
    Volume former = owned("unit");
    get(former.write(0, filled(BLOCK, 1), true));
    get(former.makeSnapshot("same"));
    get(former.write(0, filled(BLOCK, 2), true));
    Volume next = get(store.open("unit"));
    asTheFormerOwner(
        (image, records) -> {
          long old = records.find("same").orElseThrow().id();
          assertEquals(0, records.remove(old));
          image.releaseSnapshotId(old);
          assertEquals(0, records.add("same", image.newSnapshotId()));
        });
    get(next.fence(2));
    get(next.write(0, filled(BLOCK, 3), true));
    assertArrayEquals(filled(BLOCK, 2).array(), contentOf("unit", "same", 0, BLOCK));
    get(next.rollBack("same", "r"));
    assertArrayEquals(filled(BLOCK, 2).array(), read(next, 0, BLOCK));
    get(former.close());
    get(next.close());
  }

  /** More than are asked for at first, and a hidden one. */
  @Test
  void anImageWithManyIsTakenOver() {
    Volume volume = owned("unit");
    for (int i = 0; i < 70; i++) {
      get(volume.makeSnapshot("s" + i));
    }
    get(store.clone("copy", "unit", "s7", BLOCK));
    ceph.rbd("snap", "rm", "--no-progress", pool.name() + "/test.unit@s7");
    get(volume.close());
    volume = opened("unit", 2);
    get(volume.write(0, filled(BLOCK, 1), true));
    assertEquals(69, names("unit").size());
    get(volume.close());
  }
}
