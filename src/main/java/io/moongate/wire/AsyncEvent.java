package io.moongate.wire;

import java.util.Optional;

/** The events of an Asynchronous Message (RFC 7143 section 11.9.1). */
public enum AsyncEvent {
  /** A SCSI asynchronous event; sense data is in the data segment. */
  SCSI_ASYNCHRONOUS_EVENT(0),
  /** The target asks for a logout; parameter 3 is the time for it in seconds. */
  LOGOUT_REQUEST(1),
  /** The target drops the connection whose CID is parameter 1. */
  CONNECTION_DROP(2),
  /** The target drops every connection of the session. */
  SESSION_DROP(3),
  /** The target asks for a negotiation of parameters. */
  NEGOTIATION_REQUEST(4),
  /** The tasks of the logical unit in the LUN field are being terminated. */
  TASK_TERMINATION(5),
  /** A vendor's own event; the code is in AsyncVCode. */
  VENDOR_SPECIFIC(255);

  private final int code;

  AsyncEvent(int code) {
    this.code = code;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** The event of that code; empty when the standard reserves it. */
  public static Optional<AsyncEvent> of(int code) {
    return CodeTable.find(values(), AsyncEvent::code, code);
  }
}
