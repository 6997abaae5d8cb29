package io.moongate.cluster.unit;

import io.moongate.cluster.view.UnitEntry;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The way by which an owner that has released a unit as planned gives it to the next one by the
 * ownership row, without waiting for the entity (docs/decisions/0018).
 */
public interface HandOver {

  /**
   * Whether the row was asked for it by this process, under this epoch. Then the outcome may be
   * unknown here, and the unit must not be opened under the epoch any more, whatever becomes of the
   * move.
   */
  boolean asked(String unitId, long epoch);

  /**
   * Asks the row. Nothing may touch the store of the unit any more when this is called.
   *
   * @param unit being released by this gateway
   * @return whether the row has granted it, and the successor is told so; never fails. Empty when
   *     the row was not asked: the entity is to decide
   */
  Optional<CompletionStage<Boolean>> ask(UnitEntry unit);
}
