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
      String unitId,
      long size,
      int blockSize,
      UnitAttributes.Provisioning provisioning);

  /** Makes a volume at least so large; what is added reads as zeros. Repeating it is fine. */
  CompletionStage<Void> grow(String kind, String unitId, long size);

  /** Removes a volume and its data; fine when it is gone. */
  CompletionStage<Void> delete(String kind, String unitId);
}
