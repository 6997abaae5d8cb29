package io.moongate.scsi.reservation;

import io.moongate.scsi.Status;
import io.moongate.scsi.shared.Notice;
import java.util.List;

/**
 * What a service action makes of the reservations.
 *
 * @param status GOOD or RESERVATION CONFLICT; CHECK CONDITION is thrown instead
 * @param next the reservations afterwards
 * @param notices what the nexuses concerned have to be told, and whose tasks are aborted
 */
record Outcome(Status status, Reservations next, List<Notice> notices) {

  Outcome {
    notices = List.copyOf(notices);
  }

  /** Success. */
  static Outcome good(Reservations next, List<Notice> notices) {
    return new Outcome(Status.GOOD, next, notices);
  }

  /** Success, of which nobody has to be told. */
  static Outcome good(Reservations next) {
    return good(next, List.of());
  }

  /** RESERVATION CONFLICT: nothing is changed. */
  static Outcome conflict(Reservations present) {
    return new Outcome(Status.RESERVATION_CONFLICT, present, List.of());
  }
}
