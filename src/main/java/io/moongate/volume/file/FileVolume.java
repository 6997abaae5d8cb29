package io.moongate.volume.file;

import io.moongate.volume.OperationGate;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileStore;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * An open image. Each operation is one task on the store's threads, but for a read of what is in
 * the page cache, where that can be had without waiting: that one is done at once.
 *
 * <p>Right before an operation touches the image it looks whether the record of its epoch is still
 * there. Another gateway's {@link #fence} takes it away, so what was queued here before that is
 * refused with FENCED. What had passed the look is not: see the package's documentation for what
 * that means.
 *
 * <p>After a failed sync every write and flush fails with LOST until the volume is opened again:
 * what was written before may be lost without the operating system ever saying so again.
 */
final class FileVolume implements Volume {
  private final VolumeDirectory directory;
  private final String unitId;
  private final ImageFile image;
  private final GroupCommit commits;
  private final Executor threads;
  private final Executor shortTasks;
  private final Runnable released;
  private final OperationGate gate = new OperationGate();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Object fencing = new Object();
  private final AtomicJournal journal;
  private final FileStore fileStore;
  private final BooleanSupplier cachedReads;

  /** Reads that threads have: one may be waiting for a disk, so others are not tried at once. */
  private final AtomicInteger readsOnThreads = new AtomicInteger();

  private boolean owner;
  private volatile VolumeGeometry geometry;
  private volatile boolean broken;
  private volatile EpochRecord epochRecord;

  /** Bytes of the longest write that is a short task. */
  private static final int LONGEST_SHORT = 64 * 1024;

  private static final CompletionStage<Void> DONE = CompletableFuture.completedFuture(null);

  /**
   * On an image that has been opened.
   *
   * @param unitId whose it is to be
   * @param threads for what may take long, each as soon as there is a thread
   * @param shortTasks for what seldom waits: a few of them may take turns
   * @param fileStore where the image is; to find that out for each is to read all mounts
   * @param cachedReads whether the {@link KernelCache} can be asked about its file system, and is
   *     to be
   */
  FileVolume(
      VolumeDirectory directory,
      String unitId,
      ImageFile image,
      VolumeGeometry geometry,
      GroupCommit commits,
      Executor threads,
      Executor shortTasks,
      FileStore fileStore,
      BooleanSupplier cachedReads,
      Runnable released)
      throws IOException {
    this.directory = directory;
    this.unitId = unitId;
    this.image = image;
    this.geometry = geometry;
    this.commits = commits;
    this.threads = threads;
    this.shortTasks = shortTasks;
    this.released = released;
    this.fileStore = fileStore;
    this.cachedReads = cachedReads;
    this.epochRecord = new EpochRecord(directory.newest());
    if (cachedReads.getAsBoolean()) {
      image.cover(geometry.size());
    }
    this.journal = new AtomicJournal(directory.path(), image, commits, new JournalTarget());
  }

  private final class JournalTarget implements AtomicJournal.Target {
    @Override
    public Path epochRecord() {
      return epochRecord.path();
    }

    @Override
    public void requireWritable() {
      FileVolume.this.requireWritable();
    }

    @Override
    public void broken(VolumeException cause) {
      commits.fail(cause);
      broken = true;
    }
  }

  /** What an operation does on a thread of the store: completes {@code done} now or later. */
  private interface Task<T> {
    void run(CompletableFuture<T> done) throws IOException;
  }

  @Override
  public VolumeGeometry geometry() {
    return geometry;
  }

  @Override
  public CompletionStage<Void> grow(long size) {
    return perform(
        0,
        0,
        done -> {
          requireWritable();
          VolumeGeometry wanted = directory.grow(geometry, size);
          image.cover(wanted.size());
          synchronized (fencing) {
            geometry = geometry.grownTo(wanted.size());
          }
          done.complete(null);
        });
  }

  @Override
  public CompletionStage<Void> read(long offset, ByteBuffer target) {
    if (cachedReads.getAsBoolean()
        && !broken
        && readsOnThreads.get() == 0
        && readCached(offset, target)) {
      return DONE;
    }
    readsOnThreads.incrementAndGet();
    CompletionStage<Void> read =
        perform(
            offset,
            target.remaining(),
            done -> {
              epochRecord.require();
              if (broken) {
                commits.requireIntact(); // What an atomic write has left in part is not to be seen.
              }
              image.read(offset, target);
              done.complete(null);
            });
    after(read, (none, failure) -> readsOnThreads.decrementAndGet());
    return read;
  }

  /**
   * What this leaves undone, also to tell why, is for the store's threads. It is not counted: that
   * memory is read says nothing of the store.
   */
  private boolean readCached(long offset, ByteBuffer target) {
    try {
      geometry.requireRange(offset, target.remaining());
      gate.enter();
    } catch (VolumeException e) {
      return false;
    }
    try {
      return epochRecord.isKnownToStand() && image.readCached(offset, target);
    } finally {
      gate.withdraw();
    }
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    return perform(
        stable || source.remaining() > LONGEST_SHORT ? threads : shortTasks,
        offset,
        source.remaining(),
        done -> {
          requireWritable();
          image.write(offset, source);
          wrote(done, stable);
        });
  }

  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    if (source.remaining() > AtomicJournal.LONGEST) {
      return refused("%d bytes are too many for an atomic write".formatted(source.remaining()));
    }
    return perform(offset, source.remaining(), done -> journal.write(offset, source, done));
  }

  @Override
  public CompletionStage<Space> space() {
    return perform(
        0,
        0,
        done -> {
          done.complete(
              new Space(OptionalLong.empty(), OptionalLong.of(fileStore.getUsableSpace())));
        });
  }

  @Override
  public CompletionStage<Void> flush() {
    return perform(
        0,
        0,
        done -> {
          requireWritable();
          commits.commit(done);
        });
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    return perform(
        offset,
        length,
        done -> {
          requireWritable();
          if (geometry.unmap()) {
            image.deallocate(offset, length);
          } else {
            image.zero(offset, length);
          }
          wrote(done, false);
        });
  }

  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    if (block.remaining() != geometry.blockSize()) {
      return refused("the block to repeat has %d bytes".formatted(block.remaining()));
    }
    return perform(
        offset,
        length,
        done -> {
          requireWritable();
          if (block.mismatch(ByteBuffer.allocate(block.remaining())) < 0) {
            image.zero(offset, length);
          } else {
            image.repeat(offset, length, block);
          }
          wrote(done, stable);
        });
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    if (expected.remaining() != replacement.remaining()) {
      return refused(
          "%d bytes to compare, %d to write"
              .formatted(expected.remaining(), replacement.remaining()));
    }
    return perform(
        offset,
        expected.remaining(),
        done -> {
          requireWritable();
          ByteBuffer current = ByteBuffer.allocate(expected.remaining());
          image.read(offset, current);
          int difference = current.flip().mismatch(expected);
          if (difference >= 0) {
            done.complete((long) difference);
            return;
          }
          requireWritable();
          image.write(offset, replacement);
          CompletableFuture<Void> written = new CompletableFuture<>();
          after(written, (none, failure) -> finish(done, -1L, failure));
          wrote(written, stable);
        });
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    return perform(
        offset,
        length,
        done -> {
          epochRecord.require();
          done.complete(image.extents(offset, length, geometry.blockSize()));
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>A volume that had an epoch of its own and lost it stays refused for good, at any epoch: its
   * owner must open it again, so that nothing which it queued before can slip in behind the new
   * one.
   */
  @Override
  public CompletionStage<Void> fence(long epoch) {
    if (epoch < 0) {
      return refused("an epoch can't be " + epoch);
    }
    return perform(
        0,
        0,
        done -> {
          synchronized (fencing) {
            Path mine = epochRecord.path();
            if (owner) {
              epochRecord.require();
            }
            long onDisk = Math.addExact(directory.above(unitId), epoch);
            if (owner && VolumeDirectory.epochOf(mine) == onDisk) {
              directory.confirm(mine);
              directory.retireBefore(mine);
            } else {
              journal.renew(
                  () -> {
                    // Ours before the others' are taken away: our own operations look for it all
                    // the time.
                    epochRecord = new EpochRecord(directory.claim(onDisk));
                    owner = true;
                  },
                  () -> directory.retireBefore(epochRecord.path()));
            }
          }
          done.complete(null);
        });
  }

  @Override
  public Health health() {
    return gate.health(commits.hasFailed());
  }

  @Override
  public CompletionStage<Void> close() {
    if (closing.compareAndSet(false, true)) {
      gate.close().whenComplete((none, never) -> onThread(this::finishClosing));
    }
    return closed;
  }

  private void finishClosing() {
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    commits.commit(flushed);
    after(
        flushed,
        (none, failure) -> {
          Throwable failed = failure;
          try {
            journal.close();
            image.close();
          } catch (IOException e) {
            failed = failed == null ? e : failed;
          }
          released.run();
          finish(closed, null, failed);
        });
  }

  /** The end of closing must happen, also when no thread can be had. */
  private void onThread(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      new Thread(task, "volume-close").start(); // Who calls may be one that must not wait.
    }
  }

  private <T> CompletionStage<T> perform(long offset, long length, Task<T> task) {
    return perform(threads, offset, length, task);
  }

  private <T> CompletionStage<T> perform(
      Executor executor, long offset, long length, Task<T> task) {
    CompletableFuture<T> done = new CompletableFuture<>();
    long entered;
    try {
      geometry.requireRange(offset, length);
      entered = gate.enter();
    } catch (VolumeException e) {
      done.completeExceptionally(e);
      return done;
    }
    long place = length > 0 ? offset : -1;
    after(done, (result, failure) -> gate.exit(entered, place, failure));
    try {
      executor.execute(
          () -> {
            try {
              task.run(done);
            } catch (Throwable e) {
              // Also an Error: whoever waits must hear of it.
              finish(done, null, e);
            }
          });
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(
          new VolumeException(Reason.OVERLOADED, "the store has too much to do", e));
    }
    return done;
  }

  private void wrote(CompletableFuture<Void> done, boolean stable) {
    if (stable) {
      commits.commit(done);
    } else {
      commits.requireIntact();
      done.complete(null);
    }
  }

  private void requireWritable() {
    commits.requireIntact();
    epochRecord.require();
  }

  private static <T> CompletionStage<T> refused(String why) {
    CompletableFuture<T> refused = new CompletableFuture<>();
    refused.completeExceptionally(new VolumeException(Reason.RANGE, why));
    return refused;
  }

  private static <T> void after(
      CompletionStage<T> stage, BiConsumer<? super T, ? super Throwable> action) {
    stage.whenComplete(action);
  }

  static <T> void finish(CompletableFuture<T> done, T result, Throwable failure) {
    if (failure == null) {
      done.complete(result);
    } else if (failure instanceof VolumeException known) {
      done.completeExceptionally(known);
    } else {
      done.completeExceptionally(new VolumeException(Reason.IO, "the file system failed", failure));
    }
  }
}
