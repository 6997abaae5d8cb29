package io.moongate.scsi.reservation;

/** Types of persistent reservations (SPC-4 table 70, the TYPE field). */
public enum ReservationType {
  WRITE_EXCLUSIVE(0x1),
  EXCLUSIVE_ACCESS(0x3),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(0x5),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(0x6),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(0x7),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(0x8);

  private final int code;

  ReservationType(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }
}
