package io.moongate.volume.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.ConfigFactory;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeContract;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeStore;
import java.io.File;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class MemoryVolumeTest extends VolumeContract {
  private static final int PAGE = 64 * 1024;
  private final VolumeStore store = new MemoryVolumeStore(64 << 20);

  @Override
  protected VolumeStore store() {
    return store;
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

  @Test
  void theDefaultsAreValid() {
    var store =
        MemoryVolumeStore.from(ConfigFactory.parseFile(new File("conf/volume.conf")).resolve());
    assertEquals("memory", store.kind());
  }
}
