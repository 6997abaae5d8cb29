package io.moongate.cluster.unit;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The ownership row of each logical unit (design rule 1): a compare-and-set on it decides who owns
 * the unit, so that two incarnations of the entity can't both be right. The event only records it.
 *
 * <p>Beside the epoch it keeps a bound for the version of what the device servers of the unit share
 * (rule 7): no version above it was accepted under this epoch. So whoever makes both conditions of
 * a compare-and-set can't miss a change (docs/decisions/0016).
 */
public interface OwnershipRows {

  /**
   * What the row says.
   *
   * @param serving whether the owner took the unit over by the row itself and serves without having
   *     asked the entity; only from a failed owner
   */
  record Row(long epoch, String owner, String incarnation, boolean serving) {

    /**
     * Of an owner that the entity has proposed: it serves once the entity has heard that it can.
     */
    public Row(long epoch, String owner, String incarnation) {
      this(epoch, owner, incarnation, false);
    }

    /** Whether it is the same ownership, however it came about. */
    boolean sameOwnership(Row other) {
      return epoch == other.epoch
          && owner.equals(other.owner)
          && incarnation.equals(other.incarnation);
    }
  }

  /**
   * Sets the row to {@code proposed} if it still holds {@code proposed.epoch() - 1}; the bound of
   * the shared version stays what it is. An outcome that the driver could not learn is looked up by
   * a serial read before it is answered.
   *
   * @param sharedVersion the bound with which the row of a first owner begins
   * @return what the row says now: equal to {@code proposed} when it was decided so
   */
  CompletionStage<Row> claim(String unitId, Row proposed, long sharedVersion, String cause);

  /**
   * Raises the bound of the shared version to {@code sharedVersion}, if the row still holds {@code
   * epoch}. An unknown outcome is looked up, as above.
   *
   * @return empty when the bound is that or more; else the row, which holds another epoch
   */
  CompletionStage<Optional<Row>> raise(String unitId, long epoch, long sharedVersion);

  /**
   * A gateway takes the unit over by itself: sets the row to {@code proposed} if it still holds
   * {@code proposed.epoch() - 1} and its bound of the shared version is exactly {@code
   * sharedVersion}. An unknown outcome is looked up, as above.
   *
   * @return what the row says now: equal to {@code proposed} when it was decided so
   */
  CompletionStage<Row> takeOver(String unitId, Row proposed, long sharedVersion, String cause);

  /** Reads the row serially; empty when the unit never had an owner. */
  CompletionStage<Optional<Row>> read(String unitId);
}
