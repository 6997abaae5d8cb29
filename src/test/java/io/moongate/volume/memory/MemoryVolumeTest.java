package io.moongate.volume.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.ConfigFactory;
import io.moongate.volume.Provisioning;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeContract;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeStore;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryVolumeTest extends VolumeContract {
  private static final int PAGE = 64 * 1024;
  private final VolumeStore store = new MemoryVolumeStore(64 << 20);

  @Override
  protected VolumeStore store() {
    return store;
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void theEndOfTheLargestMediumIsLikeAnyOther(int block) {
    long size = Long.MAX_VALUE / block * block;
    get(store.create("largest-" + block, size, block));
    Volume volume = get(store.open("largest-" + block));
    byte[] data = random(4 * block, 8);
    long offset = size - 4L * block;
    get(volume.write(offset, ByteBuffer.wrap(data), true));
    assertArrayEquals(data, read(volume, offset, data.length));
    assertReason(Reason.RANGE, volume.read(size, ByteBuffer.allocate(block)));
    assertReason(Reason.RANGE, volume.write(offset + block, ByteBuffer.wrap(data), true));
    get(volume.writeSame(size - block, block, ByteBuffer.wrap(data, 0, block), true));
    assertEquals(
        -1L,
        get(
            volume.compareAndWrite(
                size - block,
                ByteBuffer.wrap(data, 0, block),
                ByteBuffer.wrap(data, block, block),
                true)));
    assertArrayEquals(
        java.util.Arrays.copyOfRange(data, block, 2 * block), read(volume, size - block, block));
    assertEquals(
        List.of(new Volume.Extent(size - block, block, true)),
        get(volume.status(size - block, block)));
    get(volume.unmap(size - block, block));
    assertArrayEquals(new byte[block], read(volume, size - block, block));
    get(volume.unmap(size - 1024L * 4096, 1024L * 4096));
    assertArrayEquals(new byte[4 * block], read(volume, offset, 4 * block));
    get(volume.unmap(0, size));
    get(volume.close());
  }

  @Test
  void aFullStoreTakesWritesAgainOnceSomethingIsUnmapped() {
    VolumeStore small = new MemoryVolumeStore(2 * PAGE);
    get(small.create("small", 4 * PAGE, 512));
    Volume volume = get(small.open("small"));
    byte[] data = random(PAGE, 1);
    get(volume.write(0, ByteBuffer.wrap(data), true));
    get(volume.write(PAGE, ByteBuffer.wrap(data), true));
    assertReason(Reason.FULL, volume.write(2 * PAGE, ByteBuffer.wrap(data), true));
    assertArrayEquals(new byte[PAGE], read(volume, 2 * PAGE, PAGE));
    get(volume.write(512, ByteBuffer.wrap(data, 0, 512), true));
    get(volume.unmap(0, PAGE));
    get(volume.write(2 * PAGE, ByteBuffer.wrap(data), true));
    assertArrayEquals(data, read(volume, 2 * PAGE, PAGE));
    get(volume.close());
    get(small.delete("small"));
    get(small.create("next", 2 * PAGE, 512));
    get(get(small.open("next")).write(0, ByteBuffer.allocate(2 * PAGE), false));
  }

  @Override
  protected List<Integer> allocatedOf(Volume volume) {
    return List.of((int) get(volume.space()).used().orElseThrow());
  }

  @Test
  void whatIsFullyProvisionedIsRefusedWhereThereIsNoRoomAndTakesNone() {
    VolumeStore small = new MemoryVolumeStore(4 * PAGE);
    assertReason(Reason.FULL, small.create("full", 5 * PAGE, 512, Provisioning.FULL));
    assertReason(Reason.FULL, small.create("huge", 1L << 62, 512, Provisioning.FULL));
    assertReason(Reason.NOT_FOUND, small.open("full"));
    get(small.create("full", 2 * PAGE, 512, Provisioning.FULL));
    get(small.create("thin", 4 * PAGE, 512));
    Volume thin = get(small.open("thin"));
    get(thin.write(0, ByteBuffer.allocate(PAGE), false));
    assertReason(Reason.FULL, small.grow("full", 4 * PAGE));
    Volume full = get(small.open("full"));
    assertEquals(2 * PAGE, full.geometry().size());
    get(thin.write(PAGE, ByteBuffer.allocate(PAGE), false));
    assertReason(Reason.FULL, thin.write(2 * PAGE, ByteBuffer.allocate(PAGE), false));
    get(full.write(0, ByteBuffer.allocate(2 * PAGE), false));
    get(full.close());
    get(small.delete("full"));
    get(thin.write(2 * PAGE, ByteBuffer.allocate(2 * PAGE), false));
  }

  @Test
  void theDefaultsAreValid() {
    var store =
        MemoryVolumeStore.from(ConfigFactory.parseFile(new File("conf/volume.conf")).resolve());
    assertEquals("memory", store.kind());
  }
}
