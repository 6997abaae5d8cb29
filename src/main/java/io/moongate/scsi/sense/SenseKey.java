package io.moongate.scsi.sense;

/** Sense keys (SPC-4 table 53). */
public enum SenseKey {
  NO_SENSE(0x0),
  NOT_READY(0x2),
  MEDIUM_ERROR(0x3),
  HARDWARE_ERROR(0x4),
  ILLEGAL_REQUEST(0x5),
  UNIT_ATTENTION(0x6),
  DATA_PROTECT(0x7),
  COPY_ABORTED(0xA),
  MISCOMPARE(0xE);

  private final int code;

  SenseKey(int code) {
    this.code = code;
  }

  /** The SENSE KEY field. */
  public int code() {
    return code;
  }
}
