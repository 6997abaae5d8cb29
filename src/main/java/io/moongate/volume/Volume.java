package io.moongate.volume;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The blocks of one logical unit, opened by its owner.
 *
 * <p>Offsets and lengths are in bytes and multiples of {@link VolumeGeometry#blockSize()}. Every
 * method returns at once; the stage completes on a thread of the store, or fails with a {@link
 * VolumeException}. A buffer that is handed in must not be touched until the stage has completed;
 * its content between position and limit is what is transferred, and its position is unspecified
 * afterwards. Operations that are under way at the same time may take effect in any order: whoever
 * needs an order waits. A completed {@code write} is visible to every later {@code read}; it is on
 * stable storage when it was asked to be, or after a later {@code flush} completed.
 */
public interface Volume {

  /** Size, block size and what the store can do. Only the size changes, by {@link #grow}. */
  VolumeGeometry geometry();

  /**
   * Makes the volume at least so large, as {@link VolumeStore#grow} does, and accepts what lies
   * there from now on. Repeating it is fine, after an interruption too.
   */
  CompletionStage<Void> grow(long size);

  /** Fills {@code target} from {@code offset}. Deallocated blocks read as zeros. */
  CompletionStage<Void> read(long offset, ByteBuffer target);

  /**
   * Writes {@code source} at {@code offset}.
   *
   * @param stable complete only when the data is on stable storage (SBC-3 FUA)
   */
  CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable);

  /**
   * Writes {@code source} at {@code offset}, all of it or nothing: when it completes it is all on
   * stable storage; when it fails, or the process or the host dies meanwhile, whoever opens the
   * volume next and has it fenced finds either all of it or what was there before. Overlapping
   * operations are the caller's to keep away.
   *
   * @param source at most {@link VolumeGeometry#atomicWrite} bytes
   */
  default CompletionStage<Void> writeAtomic(long offset, ByteBuffer source) {
    return CompletableFuture.failedStage(
        new VolumeException(VolumeException.Reason.UNSUPPORTED, "no atomic writes here"));
  }

  /** What the store can tell of its space; nothing when it can't. */
  default CompletionStage<Space> space() {
    return CompletableFuture.completedStage(Space.UNKNOWN);
  }

  /** Completes when everything whose write had completed before is on stable storage. */
  CompletionStage<Void> flush();

  /**
   * Deallocates, where {@link VolumeGeometry#unmap} says that this is done here; the range reads as
   * zeros afterwards in any case.
   */
  CompletionStage<Void> unmap(long offset, long length);

  /** Writes {@code block} (one block) to every block of the range. */
  CompletionStage<Void> writeSame(long offset, long length, ByteBuffer block, boolean stable);

  /**
   * Compares the range with {@code expected} and, when equal, writes {@code replacement}. Atomic
   * against other operations only as far as the caller keeps overlapping ones away.
   *
   * @return -1 when equal and written, else the offset in bytes, within the range, of the first
   *     difference; nothing is written then
   */
  CompletionStage<Long> compareAndWrite(
      long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable);

  /** The allocation of the range as adjoining extents in order, covering the range. */
  CompletionStage<List<Extent>> status(long offset, long length);

  /**
   * Makes the store refuse whoever opened it under an older epoch, as far as the kind of store can,
   * and records the epoch durably. Fails with {@link VolumeException.Reason#FENCED} when the store
   * has seen a newer epoch.
   */
  CompletionStage<Void> fence(long epoch);

  /**
   * Makes a snapshot: every write that had completed before is in it, those under way are in it or
   * not, and each {@link #writeAtomic} wholly or not at all. One of that name that is there is left
   * as it is. Only for who has fenced the volume; fails with {@link VolumeException.Reason#FENCED}
   * as a write does.
   *
   * @param name as {@link SnapshotName} has it
   * @return the one of that name
   */
  default CompletionStage<VolumeSnapshot> makeSnapshot(String name) {
    return CompletableFuture.failedStage(VolumeStore.noSnapshots());
  }

  /**
   * Deletes a snapshot; succeeds when it is already gone. Only for who has fenced the volume. Fails
   * with {@link VolumeException.Reason#IN_USE} when volumes were cloned from it, or the store's own
   * tools keep it.
   */
  default CompletionStage<Void> deleteSnapshot(String name) {
    return CompletableFuture.failedStage(VolumeStore.noSnapshots());
  }

  /**
   * Makes the content that of a snapshot: what the volume has grown since reads as zeros. Only for
   * who has fenced the volume. Fails with {@link VolumeException.Reason#NOT_FOUND}, with nothing
   * changed, when there is none of that name. Everything else is refused (UNAVAILABLE) from its
   * beginning until it has completed, whoever opens the volume meanwhile; repeating it goes on.
   *
   * @param id names this rollback, in letters, digits and dashes: once it was done, repeating it
   *     changes nothing any more
   */
  default CompletionStage<Void> rollBack(String name, String id) {
    return CompletableFuture.failedStage(VolumeStore.noSnapshots());
  }

  /** How the operations since it was opened have gone. */
  default Health health() {
    return Health.UNKNOWN;
  }

  /**
   * Whether the store has refused it as another's, and does so from now on: it can only be closed.
   * The store can refuse a rightful owner, too, where somebody took it for dead.
   */
  default boolean isFenced() {
    return false;
  }

  /**
   * Whether what is under way can be given up: this store refuses by itself what comes late of an
   * owner, once the next one has fenced, and nothing that was acknowledged needs a flush.
   */
  default boolean isAbandonable() {
    return false;
  }

  /**
   * Gives up what is under way, where that is possible: each operation that has not ended fails
   * with {@link VolumeException.Reason#FENCED}, as does whatever is asked for later. What was begun
   * may still be done, until somebody fences the volume again, so nobody may serve it before;
   * buffers may be touched until then as well. Then it is to be closed, which completes only once
   * nothing is under way.
   */
  default void abandon() {}

  /** Waits for what is under way, flushes, and closes. Later calls fail; closing twice is fine. */
  CompletionStage<Void> close();

  /**
   * Space of a store, as far as it can tell.
   *
   * @param used bytes that this volume takes
   * @param available bytes that it, or any other of the store, can still take
   */
  record Space(OptionalLong used, OptionalLong available) {
    /** Nothing is known. */
    public static final Space UNKNOWN = new Space(OptionalLong.empty(), OptionalLong.empty());
  }

  /**
   * How the operations on an open volume have gone.
   *
   * @param underWay how many are
   * @param ended how many have ended, whatever their outcome
   * @param counted how many of these were on blocks; those that failed at one place one after the
   *     other are one: a bad block is asked for again and again
   * @param failed how many of those that are counted because the store, or the way to it, has
   *     failed ({@link VolumeException#isOfTheStore})
   * @param nanos nanoseconds that those that are counted took together
   * @param lost whether it has failed with {@link VolumeException.Reason#LOST}
   */
  record Health(long underWay, long ended, long counted, long failed, long nanos, boolean lost) {
    /** Nothing is counted. */
    public static final Health UNKNOWN = new Health(0, 0, 0, 0, 0, false);
  }

  /** A run of bytes that are either all mapped or all deallocated. */
  record Extent(long offset, long length, boolean mapped) {}
}
