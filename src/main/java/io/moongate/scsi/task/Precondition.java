package io.moongate.scsi.task;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import java.util.Optional;

/**
 * What may keep a command away although its turn has come: a reservation, write protection, a
 * sanitize operation.
 */
@FunctionalInterface
public interface Precondition {

  /**
   * The answer to a command that is kept away; empty, as a rule, and then without an allocation.
   * May throw a {@link io.moongate.scsi.sense.CheckCondition} instead.
   */
  Optional<Response> refusal(Command command, MediumOperation operation);
}
