package io.moongate.wire;

import java.util.Optional;

/** How a logout ended (RFC 7143 section 11.15.1). */
public enum LogoutResponseCode {
  CLOSED(0),
  CID_NOT_FOUND(1),
  CONNECTION_RECOVERY_NOT_SUPPORTED(2),
  CLEANUP_FAILED(3);

  private final int code;

  LogoutResponseCode(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The response of that code; empty when the standard reserves it. */
  public static Optional<LogoutResponseCode> of(int code) {
    return CodeTable.find(values(), LogoutResponseCode::code, code);
  }
}
