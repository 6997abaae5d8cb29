package io.moongate.cluster;

import io.moongate.cluster.view.UnitAttributes;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Makes and removes the volumes of logical units, in the stores that this gateway reaches. */
public interface VolumeProvisioner {

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

  /** Removes a volume and its data; fine when it is gone. */
  CompletionStage<Void> delete(String kind, String volume);
}
