package io.moongate.cluster;

import io.moongate.scsi.Naa;
import java.util.concurrent.CompletionStage;

/** NAA identifiers of logical units, which must be unique in the cluster for ever. */
public interface UnitNames {

  /** Reserves one of format 3 (locally assigned) for a unit. */
  CompletionStage<Long> naa(String unitId);

  /**
   * Reserves one that a unit brings along.
   *
   * @return id of the unit that it is reserved for now: that one, or another that has it already
   */
  CompletionStage<String> reserve(Naa naa, String unitId);

  /** Gives it to another unit, if it is still reserved for the first, which is deleted. */
  CompletionStage<Void> passOn(Naa naa, String deletedUnit, String unitId);
}
