package io.moongate.scsi.reservation;

/** Types of persistent reservations (SPC-4 section 6.15.3.4, the TYPE field). */
public enum ReservationType {
  WRITE_EXCLUSIVE(0x1),
  EXCLUSIVE_ACCESS(0x3),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(0x5),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(0x6),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(0x7),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(0x8);

  private static final ReservationType[] BY_CODE = new ReservationType[16];

  static {
    for (ReservationType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;

  ReservationType(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The type of a code, 0 to 15; null when there is none of it. */
  static ReservationType of(int code) {
    return BY_CODE[code];
  }

  /** Whether whoever has registered may do what the holder may. */
  public boolean includesRegistrants() {
    return this != WRITE_EXCLUSIVE && this != EXCLUSIVE_ACCESS;
  }

  /** Whether all who have registered hold the reservation together. */
  public boolean heldByAllRegistrants() {
    return this == WRITE_EXCLUSIVE_ALL_REGISTRANTS || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }

  /** Whether it keeps reads away too, and not writes only. */
  public boolean excludesReads() {
    return this == EXCLUSIVE_ACCESS
        || this == EXCLUSIVE_ACCESS_REGISTRANTS_ONLY
        || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }
}
