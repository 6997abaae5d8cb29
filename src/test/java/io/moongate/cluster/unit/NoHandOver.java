package io.moongate.cluster.unit;

import io.moongate.cluster.view.UnitEntry;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The row can't be asked to hand anything over: the entity decides about every release. */
final class NoHandOver implements HandOver {
  @Override
  public boolean asked(String unitId, long epoch) {
    return false;
  }

  @Override
  public Optional<CompletionStage<Boolean>> ask(UnitEntry unit) {
    return Optional.empty();
  }
}
