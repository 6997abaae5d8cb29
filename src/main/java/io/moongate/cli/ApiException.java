package io.moongate.cli;

/** A command that did not get what it asked for. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int exitCode;
  private final int status;
  private final String what;

  private ApiException(int exitCode, int status, String what, String advice) {
    super(advice.isEmpty() ? what : what + ". " + advice, null, false, false);
    this.exitCode = exitCode;
    this.status = status;
    this.what = what;
  }

  /** A gateway answered, and refused or failed. */
  static ApiException refused(String message) {
    return refused(0, message);
  }

  /** A gateway answered with this HTTP status, and refused or failed. */
  static ApiException refused(int status, String message) {
    return new ApiException(Cli.FAILED, status, message, "");
  }

  /** No gateway answered. */
  static ApiException unreachable(String message) {
    return unreachable(message, "");
  }

  /**
   * No gateway answered.
   *
   * @param advice a sentence to follow, for a command that stands alone
   */
  static ApiException unreachable(String message, String advice) {
    return new ApiException(Cli.UNREACHABLE, 0, message, advice);
  }

  /**
   * The same of one step of several.
   *
   * @param advice a sentence to follow, instead of the one for a command that stands alone
   */
  ApiException inStep(String step, String advice) {
    return new ApiException(exitCode, status, step + ": " + what, advice);
  }

  /** Whether a change may have been made, or be made yet, though nobody confirmed it. */
  boolean unconfirmed() {
    return exitCode == Cli.UNREACHABLE || status == 503 || status == 504;
  }

  int exitCode() {
    return exitCode;
  }

  /** The HTTP status of a refusal; 0 when there is none. */
  int status() {
    return status;
  }
}
