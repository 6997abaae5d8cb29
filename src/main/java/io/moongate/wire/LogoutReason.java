package io.moongate.wire;

import java.util.Optional;

/** Why an initiator logs out (RFC 7143 section 11.14.1). */
public enum LogoutReason {
  CLOSE_SESSION(0),
  CLOSE_CONNECTION(1),
  REMOVE_CONNECTION_FOR_RECOVERY(2);

  private final int code;

  LogoutReason(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The reason of that code; empty when the standard reserves it. */
  public static Optional<LogoutReason> of(int code) {
    return CodeTable.find(values(), LogoutReason::code, code);
  }
}
