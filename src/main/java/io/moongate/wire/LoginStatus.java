package io.moongate.wire;

import java.util.Optional;

/** Status-Class and Status-Detail of a Login Response (RFC 7143 section 11.13.5). */
public enum LoginStatus {
  SUCCESS(0x00, 0x00),
  TARGET_MOVED_TEMPORARILY(0x01, 0x01),
  TARGET_MOVED_PERMANENTLY(0x01, 0x02),
  INITIATOR_ERROR(0x02, 0x00),
  AUTHENTICATION_FAILURE(0x02, 0x01),
  AUTHORIZATION_FAILURE(0x02, 0x02),
  NOT_FOUND(0x02, 0x03),
  TARGET_REMOVED(0x02, 0x04),
  UNSUPPORTED_VERSION(0x02, 0x05),
  TOO_MANY_CONNECTIONS(0x02, 0x06),
  MISSING_PARAMETER(0x02, 0x07),
  CANNOT_INCLUDE_IN_SESSION(0x02, 0x08),
  SESSION_TYPE_NOT_SUPPORTED(0x02, 0x09),
  SESSION_DOES_NOT_EXIST(0x02, 0x0A),
  INVALID_DURING_LOGIN(0x02, 0x0B),
  TARGET_ERROR(0x03, 0x00),
  SERVICE_UNAVAILABLE(0x03, 0x01),
  OUT_OF_RESOURCES(0x03, 0x02);

  private final int statusClass;
  private final int detail;

  LoginStatus(int statusClass, int detail) {
    this.statusClass = statusClass;
    this.detail = detail;
  }

  /** The Status-Class: 0 success, 1 redirection, 2 initiator error, 3 target error. */
  public int statusClass() {
    return statusClass;
  }

  /** The Status-Detail. */
  public int detail() {
    return detail;
  }

  /** Both as the standard's table writes them: the class in the high byte. */
  private int code() {
    return (statusClass << 8) | detail;
  }

  /** The status of that class and detail; empty when the standard reserves the pair. */
  public static Optional<LoginStatus> of(int statusClass, int detail) {
    return CodeTable.find(values(), LoginStatus::code, (statusClass << 8) | detail);
  }
}
