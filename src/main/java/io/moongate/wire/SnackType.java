package io.moongate.wire;

import java.util.Optional;

/** What a SNACK asks for (RFC 7143 section 11.16.1). */
public enum SnackType {
  DATA_OR_R2T(0),
  STATUS(1),
  DATA_ACK(2),
  R_DATA(3);

  private final int code;

  SnackType(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The type of that code; empty when the standard reserves it. */
  public static Optional<SnackType> of(int code) {
    return CodeTable.find(values(), SnackType::code, code);
  }
}
