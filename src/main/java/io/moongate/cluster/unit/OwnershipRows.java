package io.moongate.cluster.unit;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The ownership row of each logical unit (design rule 1): a compare-and-set on it decides who owns
 * the unit, so that two incarnations of the entity can't both be right. The event only records it.
 */
public interface OwnershipRows {

  /** What the row says. */
  record Row(long epoch, String owner, String incarnation) {}

  /**
   * Sets the row to {@code proposed} if it still holds {@code proposed.epoch() - 1}. An outcome
   * that the driver could not learn is looked up by a serial read before it is answered.
   *
   * @return what the row says now: equal to {@code proposed} when it was decided so
   */
  CompletionStage<Row> claim(String unitId, Row proposed, String cause);

  /** Reads the row serially; empty when the unit never had an owner. */
  CompletionStage<Optional<Row>> read(String unitId);
}
