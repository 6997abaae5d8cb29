package io.moongate.volume;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** A volume, and a {@link Meter} that counts what is asked of it. */
public final class MeteredVolume implements Volume {
  private final Volume volume;
  private final Meter meter;

  public MeteredVolume(Volume volume, Meter meter) {
    this.volume = volume;
    this.meter = meter;
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
    meter.count(target.remaining());
    return volume.read(offset, target);
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    meter.count(source.remaining());
    return volume.write(offset, source, stable);
  }

  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    meter.count(source.remaining());
    return volume.writeAtomic(offset, source);
  }

  @Override
  public CompletionStage<Space> space() {
    return volume.space();
  }

  @Override
  public CompletionStage<Void> flush() {
    meter.count(0);
    return volume.flush();
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    meter.count(0);
    return volume.unmap(offset, length);
  }

  /** What the store writes counts, whatever the host has sent. */
  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    meter.count(length);
    return volume.writeSame(offset, length, block, stable);
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    meter.count(expected.remaining() + (long) replacement.remaining());
    return volume.compareAndWrite(offset, expected, replacement, stable);
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    meter.count(0);
    return volume.status(offset, length);
  }

  @Override
  public CompletionStage<Void> fence(long epoch) {
    return volume.fence(epoch);
  }

  @Override
  public CompletionStage<VolumeSnapshot> makeSnapshot(String name) {
    return volume.makeSnapshot(name);
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String name) {
    return volume.deleteSnapshot(name);
  }

  @Override
  public CompletionStage<Void> rollBack(String name, String id) {
    return volume.rollBack(name, id);
  }

  @Override
  public Health health() {
    return volume.health();
  }

  @Override
  public boolean isFenced() {
    return volume.isFenced();
  }

  @Override
  public boolean isAbandonable() {
    return volume.isAbandonable();
  }

  @Override
  public void abandon() {
    volume.abandon();
  }

  @Override
  public CompletionStage<Void> close() {
    return volume.close();
  }
}
