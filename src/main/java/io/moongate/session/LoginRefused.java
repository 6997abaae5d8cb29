package io.moongate.session;

import io.moongate.wire.LoginStatus;

/** A login that ends with a status other than success (RFC 7143 section 11.13.5). */
final class LoginRefused extends Exception {
  private static final long serialVersionUID = 1L;
  private final LoginStatus status;

  LoginRefused(LoginStatus status, String reason) {
    // No stack trace: a peer can provoke these at will.
    super(reason, null, false, false);
    this.status = status;
  }

  LoginStatus status() {
    return status;
  }
}
