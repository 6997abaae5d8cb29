package io.moongate.scsi.alua;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What a session asks the local LUN actor: always answered from this gateway's replica of the view,
 * never by a remote call, also while an owner is dead.
 */
public interface AluaQueries {

  /** The path states for REPORT TARGET PORT GROUPS. */
  CompletionStage<PathStates> pathStates();

  /** Whether hosts may choose the owner through this target: it has opted in to explicit ALUA. */
  default boolean explicitAlua(String target) {
    return false;
  }

  /**
   * Explicit ALUA: makes the gateway of a target port group the owner, as a planned move.
   *
   * @param group id of the target port group
   * @param cause who asked, for the record
   * @return completes when it serves; fails when it was refused or could not be done in time
   */
  default CompletionStage<Void> optimize(int group, String cause) {
    return CompletableFuture.failedStage(
        new UnsupportedOperationException("there is nobody to move the unit"));
  }
}
