package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that others have made become ours. */
class RbdAdoptionIT extends PoolFixture {
  private static final int SIZE = 8 << 20;
  private static final String UNIT = "9f0c1d6e-0000-4000-8000-000000000001";
  private static final String OTHER = "9f0c1d6e-0000-4000-8000-000000000002";

  @TempDir Path directory;

  private final byte[] content = new byte[SIZE];

  @BeforeEach
  void open() throws IOException {
    new Random(1).nextBytes(content);
    Path file = Files.write(directory.resolve("content"), content);
    ceph.rbd(
        "import",
        "--no-progress",
        "--image-feature",
        "layering,exclusive-lock,object-map,fast-diff,deep-flatten",
        file.toString(),
        pool.name() + "/test.Disk_1");
  }

  private CompletionStage<Long> adopt(String name, String unit, String former, int blockSize) {
    return store.adopt(pool.name() + "/test." + name, unit, Optional.ofNullable(former), blockSize);
  }

  private Volume opened(String unit) {
    return get(store.open(pool.name() + "/test.Disk_1", unit));
  }

  private static byte[] read(Volume volume) {
    ByteBuffer target = ByteBuffer.allocateDirect(SIZE);
    get(volume.read(0, target));
    byte[] bytes = new byte[SIZE];
    target.rewind().get(bytes);
    return bytes;
  }

  @Test
  void itHasWhatItHadAndIsAVolumeLikeAnyOther() {
    assertReason(Reason.NOT_FOUND, store.open("Disk_1"));
    assertEquals(SIZE, get(adopt("Disk_1", UNIT, null, 512)));
    Volume volume = opened(UNIT);
    get(volume.fence(1));
    assertArrayEquals(content, read(volume));
    byte[] fresh = new byte[512];
    new Random(2).nextBytes(fresh);
    get(volume.write(4096, ByteBuffer.wrap(fresh), true));
    System.arraycopy(fresh, 0, content, 4096, fresh.length);
    assertArrayEquals(content, read(volume));
    get(volume.grow(2L * SIZE));
    get(volume.write(2L * SIZE - fresh.length, ByteBuffer.wrap(fresh), true));
    get(store.grow(pool.name() + "/test.Disk_1", 3L * SIZE));
    get(volume.close());
    get(store.grow(pool.name() + "/test.Disk_1", 4L * SIZE));
    Volume grown = opened(UNIT);
    assertEquals(4L * SIZE, grown.geometry().size());
    get(grown.fence(2));
    assertArrayEquals(content, read(grown));
    byte[] found = new byte[fresh.length];
    get(grown.read(2L * SIZE - found.length, ByteBuffer.wrap(found)));
    assertArrayEquals(fresh, found);
    get(grown.write(4L * SIZE - fresh.length, ByteBuffer.wrap(fresh), true));
    get(grown.close());
    assertFalse(ceph.rbd("info", pool.name() + "/test.Disk_1").contains("object-map"));
  }

  /** However late: the unit may be served already. */
  @Test
  void takenAgainForTheSameUnitNothingChanges() {
    get(adopt("Disk_1", UNIT, null, 512));
    Volume volume = opened(UNIT);
    get(volume.fence(7));
    assertEquals(SIZE, get(adopt("Disk_1", UNIT, null, 512)));
    get(volume.write(0, ByteBuffer.allocate(512), true));
    assertReason(Reason.UNAVAILABLE, adopt("Disk_1", OTHER, UNIT, 512));
    get(volume.write(0, ByteBuffer.allocate(512), true));
    get(volume.close());
    Volume late = opened(UNIT);
    assertReason(Reason.FENCED, late.fence(6));
    get(late.close());
  }

  /** Its epochs begin anew, and who had it before is refused. */
  @Test
  void anotherUnitGetsItOnceNobodyHasItOpen() {
    get(adopt("Disk_1", UNIT, null, 512));
    Volume former = opened(UNIT);
    get(former.fence(57));
    get(former.close());
    assertReason(Reason.EXISTS, adopt("Disk_1", OTHER, null, 4096));
    get(adopt("Disk_1", OTHER, UNIT, 4096));
    // Whoever does not know yet that the former unit is deleted.
    Volume late = opened(UNIT);
    assertReason(Reason.FENCED, late.fence(58));
    get(late.close());
    assertReason(Reason.EXISTS, adopt("Disk_1", UNIT, null, 512));
    Volume volume = opened(OTHER);
    get(volume.fence(1));
    assertEquals(4096, volume.geometry().blockSize());
    assertArrayEquals(content, read(volume));
    get(volume.close());
  }

  @Test
  void whatCannotBeTakenIsRefusedAndLeftAsItIs() {
    String image = pool.name() + "/test.";
    assertReason(Reason.NOT_FOUND, adopt("nothing", UNIT, null, 512));
    assertReason(Reason.NOT_FOUND, store.adopt("test.Disk_1", UNIT, Optional.empty(), 512));
    assertReason(
        Reason.NOT_FOUND, store.adopt("elsewhere/test.Disk_1", UNIT, Optional.empty(), 512));
    get(store.create("made-here", 1 << 20, 512));
    assertReason(Reason.EXISTS, adopt("made-here", UNIT, null, 512));
    ceph.rbd("create", "--size", "1", "--image-feature", "layering", image + "old");
    get(adopt("old", UNIT, null, 512));
    ceph.rbd(
        "create", "--size", "1", "--image-feature", "exclusive-lock,journaling", image + "journal");
    assertReason(Reason.UNSUPPORTED, adopt("journal", UNIT, null, 512));
    ceph.rbd("create", "--size", "1000000B", image + "odd");
    assertReason(Reason.RANGE, adopt("odd", UNIT, null, 4096));
    assertReason(Reason.RANGE, adopt("Disk_1", UNIT, null, 1000));
    ceph.rbd("image-meta", "set", image + "Disk_1", ImageSnapshots.ROLLING_BACK, "4");
    assertReason(Reason.UNSUPPORTED, adopt("Disk_1", UNIT, null, 512));
    ceph.rbd("image-meta", "remove", image + "Disk_1", ImageSnapshots.ROLLING_BACK);
    ceph.rbd("lock", "add", image + "Disk_1", "by-hand");
    assertReason(Reason.UNAVAILABLE, adopt("Disk_1", UNIT, null, 512));
  }
}
