package io.moongate.scsi.shared;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The cluster, as the device server of a unit needs it for what is shared. */
public interface UnitPeers {

  /**
   * Records the state for good, if this gateway owns the unit under {@code epoch} and the recorded
   * version is the one before. Bounded in time.
   *
   * @return completes once it is durable and confirmed; fails with {@link
   *     io.moongate.scsi.task.NotExecuted} when it was not recorded and never will be, and when
   *     nothing is known of it at the bound: it may still be recorded then, as the successor of
   *     that version and under that epoch, and {@link SharedUnit#learn} gets to know of it
   */
  CompletionStage<Void> record(String unitId, long epoch, SharedState next, String cause);

  /**
   * Has every other live gateway take the state and do what the notices say.
   *
   * @param state the newest state
   * @return completes when each has done it or has not answered for so long that it loses its
   *     lease, and with it the sessions that should have been told; fails when one has answered
   *     that it is still at it when its bound is over
   */
  CompletionStage<Void> tell(String unitId, SharedState state, List<Notice> notices);

  /**
   * Whether an operation on the unit's store that has failed here may succeed through another
   * gateway, which is about to serve the unit for that reason, or would be if more failed.
   */
  default boolean mayServe(String unitId) {
    return false;
  }

  /** For a unit that only one gateway exports: there is nobody to tell, and nothing is kept. */
  UnitPeers ALONE =
      new UnitPeers() {
        @Override
        public CompletionStage<Void> record(
            String unitId, long epoch, SharedState next, String cause) {
          return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<Void> tell(String unitId, SharedState state, List<Notice> notices) {
          return CompletableFuture.completedStage(null);
        }
      };
}
