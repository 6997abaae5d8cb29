package io.moongate.volume;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A place where volumes are kept: a directory of files, the memory of this process, a Ceph pool.
 */
public interface VolumeStore {

  /** The word for it in the API and the configuration: {@code file}, {@code memory}, ... */
  String kind();

  /**
   * Completes when the store can be reached, as far as that can be told without a volume; fails
   * with {@link VolumeException.Reason#UNAVAILABLE} and what it may be about when not.
   */
  default CompletionStage<Void> reach() {
    return CompletableFuture.completedStage(null);
  }

  /**
   * Makes a new volume that reads as zeros. Fails with {@link VolumeException.Reason#EXISTS} when
   * there is one of that id with another geometry; an equal one is left as it is, so that a
   * creation can be repeated.
   */
  default CompletionStage<Void> create(String id, long size, int blockSize) {
    return create(id, size, blockSize, Provisioning.THIN);
  }

  /**
   * The same. With {@link Provisioning#FULL} the volume has space for all of its blocks when this
   * completes, and so it has after every growth; fails with {@link VolumeException.Reason#FULL}
   * when there is not enough, and with {@link VolumeException.Reason#UNSUPPORTED} when the store
   * can't keep space ready. It stays so provisioned for ever.
   */
  CompletionStage<Void> create(String id, long size, int blockSize, Provisioning provisioning);

  /**
   * Makes a volume at least so large; what is added reads as zeros. A volume that is larger already
   * is left as it is: nothing ever makes one smaller. May be repeated, by several processes at the
   * same time, and while the volume is open; an open one accepts the new range after its own {@link
   * Volume#grow}. When it is interrupted the volume is as usable as before. Space for what is added
   * is had before, or it fails, where the volume is fully provisioned.
   *
   * @param size bytes, a multiple of the volume's block size
   */
  CompletionStage<Void> grow(String id, long size);

  /**
   * Takes a volume that was made by others, and that nobody uses any more: from now on it can be
   * opened. Fails with {@link VolumeException.Reason#NOT_FOUND} when there is none of that id, with
   * {@link VolumeException.Reason#RANGE} when its size is not a multiple of the block size, and
   * with {@link VolumeException.Reason#EXISTS} when it is another unit's, and with {@link
   * VolumeException.Reason#UNSUPPORTED} where the store takes none. Once it has been taken for a
   * unit nothing changes by taking it for that unit again.
   *
   * @param former id of the unit that had it last and is deleted, if there was any
   * @return its size in bytes
   */
  default CompletionStage<Long> adopt(
      String id, String unitId, Optional<String> former, int blockSize) {
    return CompletableFuture.failedStage(
        new VolumeException(
            VolumeException.Reason.UNSUPPORTED,
            "the store " + kind() + " takes no volumes from elsewhere"));
  }

  /**
   * The snapshots of a volume, oldest first, whoever has made them. Needs no owner, and disturbs
   * none. Fails with {@link VolumeException.Reason#NOT_FOUND} when there is no such volume.
   */
  default CompletionStage<List<VolumeSnapshot>> snapshots(String id) {
    return CompletableFuture.failedStage(noSnapshots());
  }

  /**
   * Makes a new volume whose content and size are those of a snapshot; both can be written and
   * grown independently. One that was made so before is left as it is, so that it can be repeated,
   * also when it was interrupted. Fails with {@link VolumeException.Reason#NOT_FOUND} when there is
   * no such snapshot, and with {@link VolumeException.Reason#EXISTS} when there is another volume
   * of that id.
   *
   * @param source the volume that has the snapshot
   * @param blockSize bytes of a logical block, that of the source
   * @return its size in bytes
   */
  default CompletionStage<Long> clone(String id, String source, String snapshot, int blockSize) {
    return CompletableFuture.failedStage(noSnapshots());
  }

  /** What a store without snapshots says. */
  static VolumeException noSnapshots() {
    return new VolumeException(
        VolumeException.Reason.UNSUPPORTED, "this kind of store has no snapshots");
  }

  /**
   * The volumes of the store in the order of their names, those that others have made too, where it
   * takes them. Fails with {@link VolumeException.Reason#UNSUPPORTED} where the store can't tell.
   *
   * @param after the last name that is known already; empty for the first
   * @param most how many; fewer may come, none only at the end
   */
  default CompletionStage<List<StoredVolume>> list(String after, int most) {
    return CompletableFuture.failedStage(
        new VolumeException(
            VolumeException.Reason.UNSUPPORTED, "the store " + kind() + " lists no volumes"));
  }

  /** How the store as a whole is; answers soon, with what is known then. */
  default CompletionStage<StoreStatus> status() {
    return CompletableFuture.completedStage(StoreStatus.UNKNOWN);
  }

  /** Opens for reading and writing; fails with NOT_FOUND when it was never created. */
  CompletionStage<Volume> open(String id);

  /**
   * Opens the volume of a unit. Where the store records whose a volume is, {@link Volume#fence}
   * fails with FENCED when it is another unit's.
   */
  default CompletionStage<Volume> open(String id, String unitId) {
    return open(id);
  }

  /**
   * Completes when {@link #delete} would not refuse the volume for what depends on it; fails with
   * {@link VolumeException.Reason#IN_USE} when it would, and with {@link
   * VolumeException.Reason#NOT_FOUND} when it is gone.
   */
  default CompletionStage<Void> requireDeletable(String id) {
    return CompletableFuture.completedStage(null);
  }

  /**
   * Removes the volume and its data; succeeds when it is already gone. Fails with {@link
   * VolumeException.Reason#IN_USE}, with nothing removed, when it has snapshots.
   */
  CompletionStage<Void> delete(String id);

  /**
   * Removes the volume of a unit, as {@link #delete(String)}. Where the store records whose a
   * volume is, one that has become another unit's stays, and nothing is wrong.
   */
  default CompletionStage<Void> delete(String id, String unitId) {
    return delete(id);
  }
}
