package io.moongate.cli;

/** A command that did not get what it asked for. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int exitCode;

  private ApiException(int exitCode, String message) {
    super(message, null, false, false);
    this.exitCode = exitCode;
  }

  /** A gateway answered, and refused or failed. */
  static ApiException refused(String message) {
    return new ApiException(Cli.FAILED, message);
  }

  /** No gateway answered. */
  static ApiException unreachable(String message) {
    return new ApiException(Cli.UNREACHABLE, message);
  }

  int exitCode() {
    return exitCode;
  }
}
