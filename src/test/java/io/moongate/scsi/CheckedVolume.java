package io.moongate.scsi;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.memory.MemoryVolumeStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A volume of the memory store that remembers whether it was ever asked for what no volume has: a
 * range beyond its end, or one that is not of whole blocks.
 */
public final class CheckedVolume implements Volume {
  private final Volume volume;
  private volatile String violation;

  CheckedVolume(long size, int blockSize) {
    MemoryVolumeStore store = new MemoryVolumeStore(4 * size);
    store.create("checked", size, blockSize).toCompletableFuture().join();
    volume = store.open("checked").toCompletableFuture().join();
  }

  /** The first request that must not have been made. */
  public Optional<String> violation() {
    return Optional.ofNullable(violation);
  }

  private void check(String what, long offset, long length) {
    long size = geometry().size();
    int block = geometry().blockSize();
    boolean within = offset >= 0 && length >= 0 && offset <= size && length <= size - offset;
    if (!within || offset % block != 0 || length % block != 0) {
      violation = "%s at %d, %d bytes".formatted(what, offset, length);
    }
  }

  @Override
  public VolumeGeometry geometry() {
    return volume.geometry();
  }

  @Override
  public CompletionStage<Void> grow(long size) {
    return volume.grow(size);
  }

  @Override
  public CompletionStage<Void> read(long offset, ByteBuffer target) {
    check("read", offset, target.remaining());
    return volume.read(offset, target);
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    check("write", offset, source.remaining());
    return volume.write(offset, source, stable);
  }

  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    check("write atomic", offset, source.remaining());
    return volume.writeAtomic(offset, source);
  }

  @Override
  public CompletionStage<Void> flush() {
    return volume.flush();
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    check("unmap", offset, length);
    return volume.unmap(offset, length);
  }

  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    check("write same", offset, length);
    check("block of write same", 0, block.remaining());
    return volume.writeSame(offset, length, block, stable);
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    check("compare and write", offset, expected.remaining());
    check("replacement", offset, replacement.remaining());
    return volume.compareAndWrite(offset, expected, replacement, stable);
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    check("status", offset, length);
    return volume.status(offset, length);
  }

  @Override
  public CompletionStage<Void> fence(long epoch) {
    return volume.fence(epoch);
  }

  @Override
  public CompletionStage<Void> close() {
    return volume.close();
  }
}
