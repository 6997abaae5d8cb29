package io.moongate.wire;

import java.util.Optional;

/** Why a PDU is rejected (RFC 7143 section 11.17.1). */
public enum RejectReason {
  /** The data segment's digest is wrong; the PDU may be sent again. */
  DATA_DIGEST_ERROR(0x02),
  /** The SNACK can't be satisfied. */
  SNACK_REJECT(0x03),
  /** A rule of the protocol was broken. */
  PROTOCOL_ERROR(0x04),
  /** The operation code is not supported, or not in this type of session. */
  COMMAND_NOT_SUPPORTED(0x05),
  /** Too many immediate commands. */
  IMMEDIATE_COMMAND_REJECT(0x06),
  /** The task is still in progress. */
  TASK_IN_PROGRESS(0x07),
  /** A Data ACK SNACK that acknowledges what wasn't asked to be acknowledged. */
  INVALID_DATA_ACK(0x08),
  /** A field that describes a task, a response or a transfer has a value that is not valid. */
  INVALID_PDU_FIELD(0x09),
  /** No resources for a Target Transfer Tag; the PDU may be sent again. */
  LONG_OPERATION_REJECT(0x0A),
  /** The target has asked for a logout and takes no new commands. */
  WAITING_FOR_LOGOUT(0x0C);

  private final int code;

  RejectReason(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The reason of that code; empty when the standard reserves it. */
  public static Optional<RejectReason> of(int code) {
    return CodeTable.find(values(), RejectReason::code, code);
  }
}
