package io.moongate.cluster;

import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.view.UnitAttributes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Makes and removes the volumes of logical units, in the stores that this gateway reaches. */
public interface VolumeProvisioner extends VolumeStores {

  /** The kinds of store there are. */
  Set<String> kinds();

  /** Makes a volume that reads as zeros; repeating it is fine. */
  CompletionStage<Void> create(
      String kind,
      String volume,
      long size,
      int blockSize,
      UnitAttributes.Provisioning provisioning);

  /**
   * Takes a volume that is there already, and that nobody else uses, for a unit. Repeating it for
   * the same unit changes nothing, whoever has it open.
   *
   * @param volume its name in the store
   * @param former id of the unit that had it last and is deleted, if there was any
   * @param blockSize bytes of a logical block, which its size must be a multiple of
   * @return its size in bytes
   */
  CompletionStage<Long> adopt(
      String kind, String volume, String unitId, Optional<String> former, int blockSize);

  /** Makes a volume at least so large; what is added reads as zeros. Repeating it is fine. */
  CompletionStage<Void> grow(String kind, String volume, long size);

  /**
   * The snapshots of a volume, oldest first. Fails with a {@link Metadata.Refusal}, as the next one
   * does.
   */
  CompletionStage<List<Snapshot>> snapshots(String kind, String volume);

  /**
   * Makes a volume whose content is that of a snapshot of another. Repeating it is fine, after an
   * interruption too. Fails with a {@link Metadata.Refusal}.
   *
   * @param source the volume that has the snapshot
   * @param blockSize bytes of a logical block, that of the source
   * @return its size in bytes
   */
  CompletionStage<Long> clone(
      String kind, String volume, String source, String snapshot, int blockSize);

  /** Refuses with CONFLICT what {@link #delete} won't do for what depends on the volume. */
  CompletionStage<Void> requireDeletable(String kind, String volume);

  /** Removes a unit's volume and its data; fine when it is gone, or another unit's by now. */
  CompletionStage<Void> delete(String kind, String volume, String unitId);
}
