package io.moongate.volume.memory;

import io.moongate.volume.OperationGate;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;

/**
 * An open volume of the memory store. Its fence is exact: once {@link #fence} has completed,
 * nothing that was asked of a handle of an older epoch takes effect any more.
 */
final class MemoryVolume implements Volume {
  private final MemoryBlocks blocks;
  private final OperationGate gate = new OperationGate();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  /** Both guarded by the epoch lock of {@link #blocks}. */
  private long epoch;

  private boolean owner;

  MemoryVolume(MemoryBlocks blocks) {
    this.blocks = blocks;
    Lock shared = blocks.epochLock().readLock();
    shared.lock();
    try {
      this.epoch = blocks.epoch();
    } finally {
      shared.unlock();
    }
  }

  @Override
  public VolumeGeometry geometry() {
    return blocks.geometry();
  }

  /** The epoch decides here too: what an older owner asks for after a newer fence is refused. */
  @Override
  public CompletionStage<Void> grow(long size) {
    return perform(
        0,
        0,
        () -> {
          blocks.grow(size);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> read(long offset, ByteBuffer target) {
    return perform(
        offset,
        target.remaining(),
        () -> {
          blocks.read(offset, target);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    return perform(
        offset,
        source.remaining(),
        () -> {
          blocks.write(offset, source);
          return null;
        });
  }

  /** Memory that is missing is missed before the first byte is written; nothing else can fail. */
  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    return perform(
        offset,
        source.remaining(),
        () -> {
          blocks.allocate(offset, source.remaining());
          blocks.write(offset, source);
          return null;
        });
  }

  @Override
  public CompletionStage<Space> space() {
    return perform(0, 0, blocks::space);
  }

  @Override
  public CompletionStage<Void> flush() {
    return perform(0, 0, () -> null);
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    return perform(
        offset,
        length,
        () -> {
          blocks.unmap(offset, length);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    return perform(
        offset,
        length,
        () -> {
          if (block.remaining() != geometry().blockSize()) {
            throw new VolumeException(
                Reason.RANGE, "the block to repeat has %d bytes".formatted(block.remaining()));
          }
          blocks.repeat(offset, length, block);
          return null;
        });
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    return perform(
        offset,
        expected.remaining(),
        () -> {
          if (expected.remaining() != replacement.remaining()) {
            throw new VolumeException(
                Reason.RANGE,
                "%d bytes to compare, %d to write"
                    .formatted(expected.remaining(), replacement.remaining()));
          }
          ByteBuffer current = ByteBuffer.allocate(expected.remaining());
          blocks.read(offset, current);
          long difference = current.flip().mismatch(expected);
          if (difference < 0) {
            blocks.write(offset, replacement);
          }
          return difference;
        });
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    return perform(offset, length, () -> blocks.status(offset, length));
  }

  @Override
  public CompletionStage<Void> fence(long newEpoch) {
    return attempt(
        () -> {
          long entered = gate.enter();
          Lock exclusive = blocks.epochLock().writeLock();
          exclusive.lock();
          try {
            if (newEpoch < 0) {
              throw new VolumeException(Reason.RANGE, "an epoch can't be " + newEpoch);
            }
            if (newEpoch < blocks.epoch() || (owner && epoch < blocks.epoch())) {
              throw fenced();
            }
            blocks.epoch(newEpoch);
            epoch = newEpoch;
            owner = true;
          } finally {
            exclusive.unlock();
            gate.exit(entered, -1, null);
          }
          return null;
        });
  }

  @Override
  public Health health() {
    return gate.health(false);
  }

  @Override
  public CompletionStage<Void> close() {
    if (closing.compareAndSet(false, true)) {
      gate.close()
          .whenComplete(
              (none, never) -> {
                blocks.closed();
                closed.complete(null);
              });
    }
    return closed;
  }

  private <T> CompletionStage<T> perform(long offset, long length, Supplier<T> operation) {
    return attempt(
        () -> {
          geometry().requireRange(offset, length);
          long entered = gate.enter();
          Lock shared = blocks.epochLock().readLock();
          shared.lock();
          try {
            if (epoch < blocks.epoch()) {
              throw fenced();
            }
            return operation.get();
          } finally {
            shared.unlock();
            gate.exit(entered, length > 0 ? offset : -1, null);
          }
        });
  }

  private VolumeException fenced() {
    return new VolumeException(Reason.FENCED, "epoch %d has been seen".formatted(blocks.epoch()));
  }

  static <T> CompletionStage<T> attempt(Supplier<T> operation) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      done.complete(operation.get());
    } catch (VolumeException e) {
      done.completeExceptionally(e);
    } catch (RuntimeException | OutOfMemoryError e) {
      done.completeExceptionally(
          new VolumeException(Reason.IO, "the operation failed in memory", e));
    }
    return done;
  }
}
