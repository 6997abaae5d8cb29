package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History.Outcome;
import io.moongate.session.TestInitiator;
import java.util.HexFormat;

/** What follows for a host from how an attempt ended. */
enum Step {
  DONE(Outcome.OK),
  /** Nothing was done: at once again. */
  AGAIN(Outcome.REFUSED),
  /** Nothing was done: again after a pause. */
  LATER(Outcome.REFUSED),
  /** BUSY may come of a command whose answer got lost on its way from the owner. */
  BUSY_LATER(Outcome.UNKNOWN),
  /** Nothing was done; this path is not to be used now. */
  ELSEWHERE(Outcome.REFUSED),
  /** Nothing was done, and is not to be: an error that the application sees. */
  CONFLICT(Outcome.REFUSED),
  LOST(Outcome.UNKNOWN);

  private static final int GOOD = 0x00;
  private static final int BUSY = 0x08;
  private static final int TASK_SET_FULL = 0x28;
  private static final int UNIT_ATTENTION = 0x06;
  private static final int IN_TRANSITION = 0x02040A;
  static final int CHECK_CONDITION = 0x02;
  static final int RESERVATION_CONFLICT = 0x18;

  private final Outcome outcome;

  Step(Outcome outcome) {
    this.outcome = outcome;
  }

  /** What is known of the attempt. */
  Outcome outcome() {
    return outcome;
  }

  /**
   * What follows from a result.
   *
   * @param client who sees it
   * @throws IoError when it is an error that an application would see
   */
  static Step after(String client, HostPath path, TestInitiator.Result result) {
    switch (result.status()) {
      case GOOD:
        return DONE;
      case BUSY:
        return BUSY_LATER;
      case TASK_SET_FULL:
        return LATER;
      case RESERVATION_CONFLICT:
        return CONFLICT;
      default:
        break;
    }
    if (result.status() == CHECK_CONDITION) {
      if (result.senseCode() >> 16 == UNIT_ATTENTION) {
        return AGAIN;
      }
      if (result.senseCode() == IN_TRANSITION) {
        return ELSEWHERE;
      }
    }
    throw new IoError(
        "%s: status %02x, sense %s through %s"
            .formatted(
                client, result.status(), HexFormat.of().formatHex(result.sense()), path.name()));
  }
}
