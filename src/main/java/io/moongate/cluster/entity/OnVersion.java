package io.moongate.cluster.entity;

import io.moongate.cluster.Answer;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * A command that is carried out only while the entity is of a version that whoever asks knows: of
 * two that know the same one, only one changes it.
 *
 * @param <C> the entity's commands
 */
public interface OnVersion<C> {
  /** The versions, any of which will do. */
  List<Long> versions();

  /** What is asked for. */
  C command();

  /** Who is told when the entity is of another version. */
  ActorRef<Answer> replyTo();
}
