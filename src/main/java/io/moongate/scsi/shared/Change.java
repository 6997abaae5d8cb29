package io.moongate.scsi.shared;

import io.moongate.scsi.Response;
import java.util.List;

/**
 * What a command makes of the shared state.
 *
 * @param next the state afterwards; version and change are not the decider's to set
 * @param notices what every gateway has to do before the command is answered
 * @param response the answer, once all of that is done
 */
public record Change(SharedState next, List<Notice> notices, Response response) {

  public Change {
    notices = List.copyOf(notices);
  }

  /** Nothing is changed, and nobody has to be told. */
  public static Change none(SharedState present, Response response) {
    return new Change(present, List.of(), response);
  }
}
