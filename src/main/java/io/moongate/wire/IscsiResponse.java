package io.moongate.wire;

import java.util.Optional;

/** The response field of a SCSI Response (RFC 7143 section 11.4.3). */
public enum IscsiResponse {
  /** The command completed at the target; the SCSI status is valid. */
  COMMAND_COMPLETED_AT_TARGET(0x00),
  /** The target failed to carry the command out; the SCSI status is not valid. */
  TARGET_FAILURE(0x01);

  private final int code;

  IscsiResponse(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The response of that code; empty when it is reserved or a vendor's. */
  public static Optional<IscsiResponse> of(int code) {
    return CodeTable.find(values(), IscsiResponse::code, code);
  }
}
