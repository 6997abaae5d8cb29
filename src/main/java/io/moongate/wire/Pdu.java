package io.moongate.wire;

import org.apache.pekko.util.ByteString;

/**
 * A protocol data unit of iSCSI (RFC 7143 section 11).
 *
 * <p>Numbers are unsigned on the wire; 32-bit serial numbers and tags are held in {@code int} and
 * compared with {@link SerialNumber}, 24- and 32-bit lengths are held in {@code int} where they are
 * bounded by negotiation and in {@code long} where they are not.
 */
public sealed interface Pdu permits InitiatorPdu, TargetPdu {

  /** The reserved tag value 0xFFFFFFFF (section 11.2.1.8). */
  int RESERVED_TAG = 0xFFFFFFFF;

  /** Length in bytes of the basic header segment (section 11.2.1). */
  int BASIC_HEADER_LENGTH = 48;

  /** The operation code of this kind of PDU, without the I bit (section 11.2.1.2). */
  int opcode();

  /** Initiator Task Tag (section 11.2.1.8). */
  int initiatorTaskTag();

  /** The data segment without padding and digest; empty when there is none. */
  ByteString data();

  /** Bytes of the data segment. */
  default int dataLength() {
    return data().length();
  }
}
