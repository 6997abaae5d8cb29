package io.moongate.wire;

import java.util.Optional;

/** The stages of a login: the values of CSG and NSG (RFC 7143 section 11.12.3). */
public enum LoginStage {
  SECURITY_NEGOTIATION(0),
  LOGIN_OPERATIONAL_NEGOTIATION(1),
  FULL_FEATURE_PHASE(3);

  private final int code;

  LoginStage(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The stage of that code; empty for the reserved value 2. */
  public static Optional<LoginStage> of(int code) {
    return CodeTable.find(values(), LoginStage::code, code);
  }
}
