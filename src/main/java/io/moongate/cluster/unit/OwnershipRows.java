package io.moongate.cluster.unit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32C;

/**
 * The ownership row of each logical unit (design rule 1): a compare-and-set on it decides who owns
 * the unit, so that two incarnations of the entity can't both be right. The event only records it.
 *
 * <p>Beside the epoch it keeps a bound for the version of what the device servers of the unit share
 * (rule 7): no version above it was accepted under this epoch. So whoever makes both conditions of
 * a compare-and-set can't miss a change (docs/decisions/0016).
 *
 * <p>The rows are kept in {@link #GROUPS} groups, so that a gateway can set those of many units of
 * one group by one transaction. Each row is decided by itself all the same.
 */
public interface OwnershipRows {
  /**
   * Number of groups; it never changes, for the group of a unit is where its row is. Fewer make
   * fewer transactions of a failover; more keep units, and gateways that take over at the same
   * time, out of one another's way.
   */
  int GROUPS = 32;

  /**
   * The group of a unit, 0 to {@link #GROUPS} - 1: CRC-32C of its id in UTF-8, modulo the number of
   * groups. It never changes.
   */
  static int group(String unitId) {
    CRC32C crc = new CRC32C();
    crc.update(unitId.getBytes(UTF_8));
    return (int) (crc.getValue() % GROUPS);
  }

  /**
   * What the row says.
   *
   * @param serving whether the owner serves without the entity having decided it: it took the unit
   *     over from a failed owner by the row, or was given it so by the owner before
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
   * What a gateway asks for that takes a unit over by itself, or hands over one that it has
   * released.
   *
   * @param sharedVersion what the bound of the shared version has to be, exactly
   */
  record TakeOver(String unitId, Row proposed, long sharedVersion, String cause) {}

  /**
   * A gateway takes units of one group over by itself, or hands them over. Each row is set to what
   * is proposed if it still holds {@code proposed.epoch() - 1} and its bound of the shared version
   * is exactly the one given, whatever becomes of the other rows. An unknown outcome is looked up,
   * as above.
   *
   * @param units no unit twice
   * @return by unit, what its row says now: equal to what was proposed when it was decided so, upon
   *     that very version of the shared state; a unit that has no row is missing, and so is one
   *     whose row says what was proposed upon another version: it was handed over to who asks
   */
  CompletionStage<Map<String, Row>> takeOver(List<TakeOver> units);

  /** Reads the row serially; empty when the unit never had an owner. */
  CompletionStage<Optional<Row>> read(String unitId);
}
