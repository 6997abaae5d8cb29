package io.moongate.scsi.alua;

/** Asymmetric access states (SPC-4 section 5.15.2). */
public enum AccessState {
  ACTIVE_OPTIMIZED(0x0, "active-optimized"),
  ACTIVE_NON_OPTIMIZED(0x1, "active-non-optimized"),
  STANDBY(0x2, "standby"),
  UNAVAILABLE(0x3, "unavailable"),
  OFFLINE(0xE, "offline"),
  TRANSITIONING(0xF, "transitioning");

  private final int code;
  private final String word;

  AccessState(int code, String word) {
    this.code = code;
    this.word = word;
  }

  /** The ASYMMETRIC ACCESS STATE field of REPORT TARGET PORT GROUPS (SPC-4 table 300). */
  public int code() {
    return code;
  }

  /** The word for it in the API and in logs. */
  public String word() {
    return word;
  }
}
