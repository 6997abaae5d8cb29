package io.moongate.volume.rbd;

import io.moongate.volume.OperationGate;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeSnapshot;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * An open image, with a client of its own.
 *
 * <p>Reads and writes are librbd's asynchronous calls, and their stages complete on its threads.
 * What makes a thread wait (fencing, growing, closing) runs on the store's.
 *
 * <p>A completed write is on the servers, so it is stable. Once anything was answered FENCED
 * everything is, for good: the volume is to be closed and opened anew.
 */
final class RbdVolume implements Volume {
  /** A client that is fenced is found out by what the servers answer: this much is asked for. */
  private static final int PROBE = 512;

  /** Bytes of a range that are zeroed, or written the same, at a time. */
  private static final long AT_A_TIME = 64L << 20;

  private final RadosClient client;
  private final RbdImage image;
  private final ImageHeader header;
  private final StoreThreads threads;
  private final Ownership ownership;
  private final FenceLatch latch;
  private final AtomicWrites atomicWrites;
  private final AllocationLookUps lookUps;
  private final HeaderCheck presence;
  private final long pieceSize;
  private final Supplier<CompletionStage<Space>> space;
  private final OperationGate gate = new OperationGate();

  /** What librbd and the threads of the store are at, also when nobody waits for it any more. */
  private final OperationGate begun = new OperationGate();

  /** What somebody waits for, by numbers of its own. */
  private final Map<Long, CompletableFuture<?>> unanswered = new ConcurrentHashMap<>();

  private final AtomicLong numbers = new AtomicLong();
  private final WriteBarrier barrier = new WriteBarrier();
  private final ImageSnapshots snapshots;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private CompletionStage<Void> lastAtomic = CompletableFuture.completedStage(null);
  private volatile boolean redone;
  private volatile VolumeGeometry geometry;

  /**
   * An image that has just been opened.
   *
   * @param ownership how it is fenced
   * @param space what can be said of the pool's
   */
  RbdVolume(
      RadosClient client,
      RbdImage image,
      VolumeGeometry geometry,
      StoreThreads threads,
      Ownership ownership,
      Supplier<CompletionStage<Space>> space) {
    this.client = client;
    this.image = image;
    this.geometry = geometry;
    this.threads = threads;
    this.header = new ImageHeader(client, image);
    this.ownership = ownership;
    this.space = space;
    this.latch = ownership.latch();
    this.atomicWrites = new AtomicWrites(client, image, latch);
    this.snapshots = new ImageSnapshots(client, image, latch, barrier);
    this.pieceSize = image.pieceSize();
    this.presence = new HeaderCheck(header, latch);
    this.lookUps = new AllocationLookUps(image, pieceSize, threads.lookUps());
  }

  /** An operation that has been let in. */
  @FunctionalInterface
  private interface Operation<T> {
    CompletionStage<T> begin();
  }

  @Override
  public VolumeGeometry geometry() {
    return geometry;
  }

  @Override
  public CompletionStage<Void> grow(long size) {
    // Also one that is to be rolled back: that had made it smaller when it was interrupted.
    return enter(
        0,
        0,
        () ->
            admitted(
                () ->
                    threads
                        .changes()
                        .run(
                            () -> {
                              latch
                                  .requireNotFenced(); // Again: it may have waited for this thread.
                              VolumeGeometry wanted = grown(geometry, size);
                              header.grow(wanted.size());
                              image.awaitSize(wanted.size());
                              accept(wanted.size());
                              return null;
                            })));
  }

  private synchronized void accept(long size) {
    geometry = geometry.grownTo(size);
  }

  /** Refuses an impossible size. */
  static VolumeGeometry grown(VolumeGeometry before, long size) {
    try {
      return before.grownTo(size);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
  }

  @Override
  public CompletionStage<Void> read(long offset, ByteBuffer target) {
    return perform(
        offset,
        target.remaining(),
        () -> target.hasRemaining() ? transfer(offset, TransferBuffer.into(target)) : nothing());
  }

  private CompletionStage<Void> transfer(long offset, TransferBuffer buffer) {
    return freeing(
        buffer,
        image
            .read(offset, buffer)
            .thenAccept(
                got -> {
                  if (got != buffer.length()) {
                    throw new VolumeException(
                        Reason.IO,
                        "%d of %d bytes at %d: the image has been made smaller"
                            .formatted(got, buffer.length(), offset));
                  }
                })
            // What is not there reads as zeros, also where the whole image is not.
            .thenCompose(read -> buffer.isZeros() ? presence.fresh() : nothing())
            .thenRun(buffer::deliver));
  }

  @Override
  public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
    return change(offset, source.remaining(), () -> written(offset, source));
  }

  private CompletionStage<Void> written(long offset, ByteBuffer source) {
    if (!source.hasRemaining()) {
      return nothing();
    }
    latch.requireNotFenced(); // Again: what was looked at before may have been long ago.
    TransferBuffer buffer = TransferBuffer.of(source);
    return freeing(buffer, image.write(offset, buffer).thenAccept(done -> {}));
  }

  @Override
  public CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    int length = source.remaining();
    if (length > AtomicWrites.LONGEST) {
      return refused("%d bytes are too many for an atomic write".formatted(length));
    }
    return change(
        offset,
        length,
        () ->
            offset / pieceSize == (offset + Math.max(1, length) - 1) / pieceSize
                ? written(offset, source)
                : inTurn(offset, source));
  }

  /** One at a time, so that those which wait take no thread. */
  private synchronized CompletionStage<Void> inTurn(long offset, ByteBuffer source) {
    CompletionStage<Void> mine =
        lastAtomic
            .handle((before, failure) -> null)
            .thenCompose(
                before ->
                    threads
                        .writes()
                        .run(
                            () -> {
                              atomicWrites.write(offset, source);
                              return null;
                            }));
    lastAtomic = mine;
    return mine;
  }

  @Override
  public CompletionStage<Space> space() {
    return enter(0, 0, space::get);
  }

  @Override
  public boolean isFenced() {
    return latch.isFenced();
  }

  @Override
  public CompletionStage<Void> flush() {
    // Without a cache a flush asks no server anything. A read does, and finds out a fenced client.
    return perform(
        0,
        0,
        () ->
            image
                .flush()
                .thenCompose(flushed -> transfer(0, TransferBuffer.into(allocate(PROBE)))));
  }

  @Override
  public CompletionStage<Void> unmap(long offset, long length) {
    return change(offset, length, () -> inPieces(offset, length, image::writeZeroes));
  }

  @Override
  public CompletionStage<Void> writeSame(
      long offset, long length, ByteBuffer block, boolean stable) {
    if (block.remaining() != geometry.blockSize()) {
      return refused("the block to repeat has %d bytes".formatted(block.remaining()));
    }
    return change(offset, length, () -> repeated(offset, length, block));
  }

  private CompletionStage<Void> repeated(long offset, long length, ByteBuffer block) {
    if (block.mismatch(allocate(block.remaining())) < 0) {
      return inPieces(offset, length, image::writeZeroes);
    }
    TransferBuffer buffer = TransferBuffer.of(block);
    return freeing(
        buffer, inPieces(offset, length, (at, bytes) -> image.writeSame(at, bytes, buffer)));
  }

  private CompletionStage<Void> inPieces(long offset, long length, RangeInPieces.Piece piece) {
    return new RangeInPieces(
            offset,
            length,
            AT_A_TIME,
            (at, bytes) -> {
              latch.requireNotFenced();
              return piece.perform(at, bytes);
            })
        .perform();
  }

  @Override
  public CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
    int length = expected.remaining();
    if (length != replacement.remaining()) {
      return refused("%d bytes to compare, %d to write".formatted(length, replacement.remaining()));
    }
    return change(
        offset,
        length,
        () -> {
          if (length == 0) {
            return CompletableFuture.completedStage(-1L);
          }
          ByteBuffer current = allocate(length);
          return transfer(offset, TransferBuffer.into(current))
              .thenCompose(
                  read -> {
                    int difference = current.mismatch(expected);
                    return difference >= 0
                        ? CompletableFuture.completedStage((long) difference)
                        : written(offset, replacement).thenApply(done -> -1L);
                  });
        });
  }

  @Override
  public CompletionStage<List<Extent>> status(long offset, long length) {
    return perform(offset, length, () -> lookUps.begin(offset, length, geometry.blockSize()));
  }

  @Override
  public CompletionStage<Void> fence(long epoch) {
    if (epoch < 0) {
      return refused("an epoch can't be " + epoch);
    }
    // Not bounded: a take-over must not wait for what hosts ask for.
    return enter(
        0,
        0,
        () ->
            threads
                .takeOvers()
                .run(
                    () -> {
                      synchronized (ownership) {
                        ownership.take(epoch);
                        if (!redone) {
                          snapshots.catchUp();
                          atomicWrites.redo();
                          snapshots.look();
                          redone = true;
                        }
                      }
                      presence.begin();
                      return null;
                    }));
  }

  @Override
  public CompletionStage<VolumeSnapshot> makeSnapshot(String name) {
    return ofSnapshots(threads.changes(), () -> snapshots.make(name));
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String name) {
    return ofSnapshots(
        threads.changes(),
        () -> {
          snapshots.delete(name);
          return null;
        });
  }

  @Override
  public CompletionStage<Void> rollBack(String name, String id) {
    return ofSnapshots(
        threads.rollbacks(),
        () -> {
          snapshots.rollBack(name, id, geometry.size());
          return null;
        });
  }

  private <T> CompletionStage<T> ofSnapshots(CallThreads ofKind, Callable<T> task) {
    return enter(
        0,
        0,
        () -> {
          if (!redone) {
            throw new VolumeException(
                Reason.UNAVAILABLE, "only the owner of a volume has to do with its snapshots");
          }
          return ofKind
              .run(
                  () -> {
                    latch.requireNotFenced(); // Again: it may have waited for this thread.
                    return task.call();
                  })
              .whenComplete((done, failure) -> noteIn(failure));
        });
  }

  @Override
  public Health health() {
    return gate.health(atomicWrites.hasFailed());
  }

  @Override
  public boolean isAbandonable() {
    return true;
  }

  /**
   * Its client stays on record as the owner's, since it gives nothing back that was fenced; so the
   * next fence puts it on the blocklist, whose ever that is.
   */
  @Override
  public void abandon() {
    VolumeException givenUp =
        new VolumeException(Reason.FENCED, "given up by its owner with operations under way");
    latch.note(givenUp);
    // Who enters from here on sees the latch; who has entered before is among these.
    unanswered.values().forEach(done -> done.completeExceptionally(givenUp));
  }

  @Override
  public CompletionStage<Void> close() {
    if (closing.compareAndSet(false, true)) {
      gate.close()
          .thenCompose(none -> begun.close())
          .thenCompose(none -> presence.end())
          .whenComplete((none, never) -> threads.closings().runSurely(this::finishClosing));
    }
    return closed;
  }

  private void finishClosing() {
    Throwable failure = null;
    try {
      ownership.giveBack();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    try {
      image.close();
    } catch (RuntimeException | Error e) {
      failure = failure == null ? e : failure;
    }
    try {
      client.close();
    } catch (RuntimeException | Error e) {
      failure = failure == null ? e : failure;
    }
    if (failure == null) {
      closed.complete(null);
    } else {
      closed.completeExceptionally(CallThreads.known(failure));
    }
  }

  /** The same for one that changes what is in the volume. */
  private <T> CompletionStage<T> change(long offset, long length, Operation<T> operation) {
    return enter(
        offset,
        length,
        () ->
            barrier.pass(
                () -> {
                  snapshots.requireWhole(); // Again: it may have been held back for that.
                  return admitted(operation);
                }));
  }

  /** An operation that counts among those that are under way in the store. */
  private <T> CompletionStage<T> perform(long offset, long length, Operation<T> operation) {
    return enter(
        offset,
        length,
        () -> {
          snapshots.requireWhole();
          return admitted(operation);
        });
  }

  private <T> CompletionStage<T> admitted(Operation<T> operation) {
    if (!threads.admit()) {
      throw new VolumeException(Reason.OVERLOADED, "the store has too much to do");
    }
    presence.refresh();
    CompletionStage<T> begun;
    try {
      begun = operation.begin();
    } catch (Throwable e) {
      begun = CompletableFuture.failedStage(e);
    }
    return begun.whenComplete(
        (result, failure) -> {
          threads.leave();
          noteIn(failure);
        });
  }

  private void noteIn(Throwable failure) {
    if (failure != null) {
      latch.note(CallThreads.known(failure));
    }
  }

  private <T> CompletionStage<T> enter(long offset, long length, Operation<T> operation) {
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
    long began = begun.enter();
    long number = numbers.incrementAndGet();
    unanswered.put(number, done);
    after(
        done,
        (result, failure) -> {
          unanswered.remove(number);
          gate.exit(entered, place, failure);
        });
    CompletionStage<T> operating;
    try {
      latch.requireNotFenced();
      atomicWrites.requireIntact();
      operating = operation.begin();
    } catch (Throwable e) {
      // Also an Error: whoever waits must hear of it.
      operating = CompletableFuture.failedStage(e);
    }
    after(
        operating,
        (result, failure) -> {
          begun.exit(began, -1, failure);
          if (failure == null) {
            done.complete(result);
          } else {
            done.completeExceptionally(CallThreads.known(failure));
          }
        });
    return done;
  }

  private static CompletionStage<Void> nothing() {
    return CompletableFuture.completedStage(null);
  }

  private static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocate(bytes);
  }

  /** The buffer is touched no more once the transfer has ended, however. */
  private static CompletionStage<Void> freeing(
      TransferBuffer buffer, CompletionStage<Void> transfer) {
    return transfer.whenComplete((done, failure) -> buffer.free());
  }

  private static <T> CompletionStage<T> refused(String why) {
    return CompletableFuture.failedStage(new VolumeException(Reason.RANGE, why));
  }

  private static <T> void after(
      CompletionStage<T> stage, BiConsumer<? super T, ? super Throwable> action) {
    stage.whenComplete(action);
  }
}
