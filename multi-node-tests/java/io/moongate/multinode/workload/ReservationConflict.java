package io.moongate.multinode.workload;

/** A reservation keeps the host away: nothing was done. */
public final class ReservationConflict extends IoError {
  private static final long serialVersionUID = 1L;

  ReservationConflict(String message) {
    super(message);
  }
}
