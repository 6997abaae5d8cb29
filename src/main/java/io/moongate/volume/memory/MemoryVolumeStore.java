package io.moongate.volume.memory;

import com.typesafe.config.Config;
import io.moongate.volume.Provisioning;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeId;
import io.moongate.volume.VolumeStore;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Volumes in the heap of this process: gone when it ends, and known to no other. It only makes
 * sense with one gateway. Work is done on the caller's thread, so every stage is complete when it
 * is returned.
 */
public final class MemoryVolumeStore implements VolumeStore {
  private final ConcurrentHashMap<String, MemoryBlocks> volumes = new ConcurrentHashMap<>();
  private final AtomicLong available;

  /**
   * An empty store.
   *
   * @param capacity bytes that all volumes together may have mapped; beyond it writes fail with
   *     FULL
   */
  public MemoryVolumeStore(long capacity) {
    if (capacity < 0) {
      throw new IllegalArgumentException("capacity must not be negative: " + capacity);
    }
    this.available = new AtomicLong(capacity);
  }

  /** With {@code moongate.volume.memory.capacity} of the whole configuration. */
  public static MemoryVolumeStore from(Config config) {
    return new MemoryVolumeStore(config.getBytes("moongate.volume.memory.capacity"));
  }

  @Override
  public String kind() {
    return "memory";
  }

  @Override
  public CompletionStage<Void> create(
      String id, long size, int blockSize, Provisioning provisioning) {
    return MemoryVolume.attempt(
        () -> {
          VolumeId.require(id);
          VolumeGeometry geometry = geometry(size, blockSize, provisioning);
          MemoryBlocks blocks =
              volumes.computeIfAbsent(id, absent -> MemoryBlocks.of(geometry, available));
          if (!blocks.geometry().equals(geometry)) {
            throw new VolumeException(
                Reason.EXISTS, "volume " + id + " exists with another geometry");
          }
          return null;
        });
  }

  private static VolumeGeometry geometry(long size, int blockSize, Provisioning provisioning) {
    try {
      // A cache that a flush doesn't save is still volatile: claim the least.
      return new VolumeGeometry(
          size, blockSize, provisioning == Provisioning.THIN, MemoryBlocks.PAGE, 0, true, 1 << 20);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
  }

  @Override
  public CompletionStage<Void> grow(String id, long size) {
    return MemoryVolume.attempt(
        () -> {
          VolumeId.require(id);
          MemoryBlocks blocks = volumes.get(id);
          if (blocks == null) {
            throw new VolumeException(Reason.NOT_FOUND, "there is no volume " + id);
          }
          blocks.grow(size);
          return null;
        });
  }

  @Override
  public CompletionStage<Volume> open(String id) {
    return MemoryVolume.attempt(
        () -> {
          VolumeId.require(id);
          MemoryBlocks[] opened = new MemoryBlocks[1];
          volumes.computeIfPresent(
              id,
              (same, blocks) -> {
                blocks.opened();
                opened[0] = blocks;
                return blocks;
              });
          if (opened[0] == null) {
            throw new VolumeException(Reason.NOT_FOUND, "there is no volume " + id);
          }
          return new MemoryVolume(opened[0]);
        });
  }

  /** {@inheritDoc} Fails with UNAVAILABLE while the volume is open. */
  @Override
  public CompletionStage<Void> delete(String id) {
    return MemoryVolume.attempt(
        () -> {
          VolumeId.require(id);
          volumes.computeIfPresent(
              id,
              (same, blocks) -> {
                if (blocks.isOpen()) {
                  throw new VolumeException(Reason.UNAVAILABLE, "volume " + id + " is open");
                }
                blocks.deallocate(0, blocks.geometry().size());
                return null;
              });
          return null;
        });
  }
}
