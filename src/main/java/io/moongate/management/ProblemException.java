package io.moongate.management;

/** A request that is answered with a problem document (RFC 9457). */
final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final ProblemType type;
  private final String field;

  /**
   * @param field what it is about; empty when it is about no field
   */
  ProblemException(ProblemType type, String field, String detail) {
    super(detail, null, false, false);
    this.type = type;
    this.field = field;
  }

  ProblemException(ProblemType type, String detail) {
    this(type, "", detail);
  }

  /** A field that can't be right, whatever the state. */
  static ProblemException invalid(String field, String detail) {
    return new ProblemException(ProblemType.INVALID_FIELD, field, detail);
  }

  ProblemType type() {
    return type;
  }

  String field() {
    return field;
  }
}
