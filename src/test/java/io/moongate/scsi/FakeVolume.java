package io.moongate.scsi;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * A volume in an array. What is asked of it is written down; operations take effect and complete at
 * once, or, while it is held, one by one when the test says so.
 */
class FakeVolume implements Volume {
  private record Pending(Runnable completion) {}

  private final VolumeGeometry geometry;
  private final byte[] data;
  private final boolean[] mapped;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private boolean held;
  private RuntimeException failure;
  private RuntimeException refusal;

  /** What was started, in words. */
  final List<String> started = new ArrayList<>();

  FakeVolume(VolumeGeometry geometry) {
    this.geometry = geometry;
    this.data = new byte[(int) geometry.size()];
    this.mapped = new boolean[(int) (geometry.size() / geometry.blockSize())];
  }

  /** From now on nothing completes by itself. */
  void hold() {
    held = true;
  }

  /** Completes the oldest operation. */
  void completeNext() {
    pending.remove().completion().run();
  }

  int pending() {
    return pending.size();
  }

  /** What the next operations fail with, in their stage. */
  void failWith(VolumeException.Reason reason) {
    failure = new VolumeException(reason, "for the test");
  }

  void failWith(RuntimeException other) {
    failure = other;
  }

  /** What the next operations throw. */
  void throwing(RuntimeException thrown) {
    refusal = thrown;
  }

  byte[] bytes(int from, int length) {
    return java.util.Arrays.copyOfRange(data, from, from + length);
  }

  void fill(int from, byte[] content) {
    System.arraycopy(content, 0, data, from, content.length);
    map(from, content.length, true);
  }

  private void map(long from, long length, boolean value) {
    int block = geometry.blockSize();
    for (long at = from; at < from + length; at += block) {
      mapped[(int) (at / block)] = value;
    }
  }

  private <T> CompletionStage<T> start(String what, Supplier<T> effect) {
    started.add(what);
    if (refusal != null) {
      throw refusal;
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    Runnable completion =
        () -> {
          if (failure != null) {
            result.completeExceptionally(failure);
          } else {
            result.complete(effect.get());
          }
        };
    if (held) {
      pending.add(new Pending(completion));
    } else {
      completion.run();
    }
    return result;
  }

  @Override
  public VolumeGeometry geometry() {
    return geometry;
  }

  @Override
  public CompletionStage<Void> read(long offset, ByteBuffer target) {
    return start(
        "read " + offset + "+" + target.remaining(),
        () -> {
          target.put(data, (int) offset, target.remaining());
          return null;
        });
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    int length = source.remaining();
    return start(
        "write " + offset + "+" + length + (stable ? " stable" : ""),
        () -> {
          map(offset, length, true);
          source.get(data, (int) offset, length);
          return null;
        });
  }

  /** What the store says of its space. */
  Space space = Space.UNKNOWN;

  @Override
  public CompletionStage<Space> space() {
    return start("space", () -> space);
  }

  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    int length = source.remaining();
    return start(
        "writeAtomic " + offset + "+" + length,
        () -> {
          map(offset, length, true);
          source.get(data, (int) offset, length);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> flush() {
    return start("flush", () -> null);
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    return start(
        "unmap " + offset + "+" + length,
        () -> {
          map(offset, length, false);
          java.util.Arrays.fill(data, (int) offset, (int) (offset + length), (byte) 0);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    return start(
        "writeSame " + offset + "+" + length,
        () -> {
          map(offset, length, true);
          for (long at = offset; at < offset + length; at += block.remaining()) {
            block.duplicate().get(data, (int) at, block.remaining());
          }
          return null;
        });
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    return start(
        "compareAndWrite " + offset + "+" + expected.remaining(),
        () -> {
          int length = expected.remaining();
          int difference = ByteBuffer.wrap(data, (int) offset, length).slice().mismatch(expected);
          if (difference < 0) {
            replacement.get(data, (int) offset, length);
          }
          return (long) difference;
        });
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    return start(
        "status " + offset + "+" + length,
        () -> {
          List<Extent> extents = new ArrayList<>();
          int block = geometry.blockSize();
          for (long at = offset; at < offset + length; at += block) {
            extents.add(new Extent(at, block, mapped[(int) (at / block)]));
          }
          return extents;
        });
  }

  @Override
  public CompletionStage<Void> grow(long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> fence(long epoch) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletionStage<Void> close() {
    throw new UnsupportedOperationException();
  }
}
