package io.moongate.cluster;

import io.moongate.cluster.view.UnitAttributes;
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
   * Takes a volume that is there already, and that nobody else uses; repeating it is fine.
   *
   * @param volume its name in the store
   * @param blockSize bytes of a logical block, which its size must be a multiple of
   * @return its size in bytes
   */
  CompletionStage<Long> adopt(String kind, String volume, int blockSize);

  /** Makes a volume at least so large; what is added reads as zeros. Repeating it is fine. */
  CompletionStage<Void> grow(String kind, String volume, long size);

  /** Removes a volume and its data; fine when it is gone. */
  CompletionStage<Void> delete(String kind, String volume);
}
