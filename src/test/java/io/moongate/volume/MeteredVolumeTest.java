package io.moongate.volume;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.volume.memory.MemoryVolumeStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What it hands on is what the volume would have done, and it has counted that. */
class MeteredVolumeTest extends VolumeContract {
  private final Meter meter = new Meter();
  private final VolumeStore store = new MeteredStore(new MemoryVolumeStore(64 << 20), meter);

  private record MeteredStore(VolumeStore store, Meter meter) implements VolumeStore {
    @Override
    public String kind() {
      return store.kind();
    }

    @Override
    public CompletionStage<Void> create(
        String id, long size, int blockSize, Provisioning provisioning) {
      return store.create(id, size, blockSize, provisioning);
    }

    @Override
    public CompletionStage<Void> grow(String id, long size) {
      return store.grow(id, size);
    }

    @Override
    public CompletionStage<Volume> open(String id) {
      return store.open(id).thenApply(volume -> new MeteredVolume(volume, meter));
    }

    @Override
    public CompletionStage<Void> delete(String id) {
      return store.delete(id);
    }
  }

  @Override
  protected VolumeStore store() {
    return store;
  }

  @Override
  protected List<Integer> allocatedOf(Volume volume) {
    return List.of((int) get(volume.space()).used().orElseThrow());
  }

  @Test
  void countsOperationsAndWhatTheyTransfer() {
    get(store.create("metered", 1 << 20, 512));
    Volume volume = get(store.open("metered"));
    get(volume.write(0, ByteBuffer.allocate(32 << 10), false));
    assertEquals(2.0, meter.work());
    get(volume.read(0, ByteBuffer.allocate(64 << 10)));
    assertEquals(5.0, meter.work());
    get(volume.writeAtomic(0, ByteBuffer.allocate(32 << 10)));
    assertEquals(7.0, meter.work());
    get(volume.writeSame(0, 32 << 10, ByteBuffer.allocate(512), false));
    assertEquals(9.0, meter.work());
    get(
        volume.compareAndWrite(
            64 << 10, ByteBuffer.allocate(16 << 10), ByteBuffer.allocate(16 << 10), false));
    assertEquals(11.0, meter.work());
    get(volume.unmap(0, 1 << 20));
    get(volume.status(0, 1 << 20));
    get(volume.flush());
    assertEquals(14.0, meter.work());
    get(volume.fence(1));
    assertEquals(14.0, meter.work(), "what no host has asked for");
  }
}
