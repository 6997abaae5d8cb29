package io.moongate.cluster.entity;

import com.fasterxml.jackson.databind.JsonMappingException;
import java.io.NotSerializableException;
import java.util.Optional;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * What an entity's history holds that this version can't read. The entity stops then, and so does
 * each next incarnation: nothing of its history is passed over.
 */
final class Unreadable {
  private static final int DEPTH = 20;

  private boolean told;

  /** Says it once, if that is why a replay has failed. */
  void tell(ActorContext<?> context, String persistenceId, Throwable failure) {
    reason(failure)
        .ifPresent(
            reason -> {
              UnreadableEntities.get(context.getSystem()).add(persistenceId, reason);
              if (!told) {
                context
                    .getLog()
                    .error(
                        "event=entity-unreadable entity={} reason=\"{}\""
                            + " todo=\"run the version that has written it, or a newer one\"",
                        persistenceId,
                        reason);
              }
              told = true;
            });
  }

  /** In one line, if that is why a replay has failed. */
  static Optional<String> reason(Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEPTH; depth++) {
      if (cause instanceof JsonMappingException mapping) {
        // What Jackson adds is where in the bytes it was.
        return Optional.of(mapping.getOriginalMessage().replaceAll("\\s+", " "));
      } else if (cause instanceof NotSerializableException) {
        return Optional.of(String.valueOf(cause.getMessage()).replaceAll("\\s+", " "));
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
