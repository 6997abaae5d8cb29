package io.moongate.audit;

/** The journal can't be read now, or not in time. */
public final class AuditUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  AuditUnavailable(String what, Throwable cause) {
    super(what, cause);
  }
}
