package io.moongate.cluster.entity;

import io.moongate.cluster.Origin;

/**
 * A command to an entity together with who asks for it. Commands that come without are a gateway's
 * own.
 *
 * @param <C> the entity's commands
 */
public interface AskedCommand<C> {
  /** What is asked. */
  C command();

  /** Who asks. */
  Origin by();
}
