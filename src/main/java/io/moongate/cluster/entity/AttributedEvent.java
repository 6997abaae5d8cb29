package io.moongate.cluster.entity;

import io.moongate.cluster.Origin;

/**
 * An event as the journal keeps it: with whom it goes back to. Events of before that was kept are
 * there without this.
 *
 * @param <E> the entity's events
 */
public interface AttributedEvent<E> {
  /** What happened. */
  E event();

  /** Who asked for it, or the gateway whose node decided it. */
  Origin by();
}
