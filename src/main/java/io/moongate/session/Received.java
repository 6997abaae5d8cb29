package io.moongate.session;

import io.moongate.wire.Pdu;
import io.moongate.wire.ProtocolException;
import java.util.List;

/**
 * What one chunk of received bytes completed.
 *
 * @param frames in order; at least one
 * @param parsedNanos when they were parsed, {@link System#nanoTime}: deadlines count from here
 */
record Received(List<Frame> frames, long parsedNanos) {

  /** A PDU, or why there is none. */
  sealed interface Frame {}

  /** A valid PDU. */
  record Parsed(Pdu pdu) implements Frame {}

  /** Bytes that are no valid PDU. */
  record Malformed(ProtocolException error) implements Frame {}
}
