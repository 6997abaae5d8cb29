package io.moongate.wire;

import java.util.Optional;
import org.apache.pekko.util.ByteString;

/**
 * The peer broke the protocol. Carries what the answer needs: the reason for a Reject (RFC 7143
 * section 11.17), the header that a Reject returns, and whether the connection can go on.
 */
public final class ProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final RejectReason reason;
  private final boolean connectionUsable;
  private final transient ByteString header;

  /**
   * All that an answer needs.
   *
   * @param reason null when no Reject must be sent
   * @param header the basic header segment of the bad PDU; empty when no PDU is at fault
   */
  private ProtocolException(
      String message, RejectReason reason, boolean connectionUsable, ByteString header) {
    // No stack trace: a peer can provoke these at will, and the message says all there is.
    super(message, null, false, false);
    this.reason = reason;
    this.connectionUsable = connectionUsable;
    this.header = header;
  }

  /**
   * A header whose digest is wrong (section 7.8). It is discarded without an answer, and as its
   * lengths can't be trusted, where the next PDU begins is unknown: the connection can't go on.
   */
  static ProtocolException headerDigest() {
    return new ProtocolException("header digest error", null, false, ByteString.emptyByteString());
  }

  /** A data segment whose digest is wrong (section 7.8); the connection goes on. */
  static ProtocolException dataDigest(ByteString header) {
    return new ProtocolException(
        "data digest error" + in(header), RejectReason.DATA_DIGEST_ERROR, true, header);
  }

  /** An operation code that nobody defined (section 7.7 excepts it from format errors). */
  static ProtocolException unsupportedOpcode(ByteString header) {
    return new ProtocolException(
        "unsupported operation code" + in(header),
        RejectReason.COMMAND_NOT_SUPPORTED,
        true,
        header);
  }

  /** A violation of a PDU's layout (section 7.7): every connection of the session is closed. */
  static ProtocolException format(String what, ByteString header) {
    return new ProtocolException(
        "format error: " + what + in(header), RejectReason.INVALID_PDU_FIELD, false, header);
  }

  /** More data in one PDU than was declared (section 13.12); the connection can't go on. */
  static ProtocolException tooLong(int length, int limit, ByteString header) {
    return new ProtocolException(
        "data segment of " + length + " bytes is longer than " + limit + in(header),
        RejectReason.PROTOCOL_ERROR,
        false,
        header);
  }

  /** Text that is not what section 6.1 asks for. */
  static ProtocolException text(String what) {
    return new ProtocolException(
        what, RejectReason.PROTOCOL_ERROR, true, ByteString.emptyByteString());
  }

  /**
   * A violation that is seen beyond the PDU's layout, in what it means.
   *
   * @param header what {@link PduEncoder#basicHeader} gives for the PDU
   */
  public static ProtocolException rejected(
      RejectReason reason, String what, boolean connectionUsable, ByteString header) {
    if (header.length() != Pdu.BASIC_HEADER_LENGTH) {
      throw new IllegalArgumentException("header of " + header.length() + " bytes");
    }
    return new ProtocolException(what + in(header), reason, connectionUsable, header);
  }

  /** The reason for the Reject that is due; empty when none may be sent. */
  public Optional<RejectReason> reason() {
    return Optional.ofNullable(reason);
  }

  /**
   * Whether the next PDU can be read. When not, the connection must be closed; for a format error
   * every connection of the session (section 7.7).
   */
  public boolean connectionUsable() {
    return connectionUsable;
  }

  /** The 48 bytes that a Reject returns (section 11.17.4); empty when no PDU is at fault. */
  public ByteString header() {
    return header == null ? ByteString.emptyByteString() : header;
  }

  /** The operation code of the bad PDU, without the I bit; empty when no PDU is at fault. */
  public Optional<Integer> opcode() {
    return header().isEmpty() ? Optional.empty() : Optional.of(opcode(header));
  }

  /**
   * The Initiator Task Tag of the bad PDU: which task a lost Data-Out belonged to (section 7.8).
   * Empty when no PDU is at fault.
   */
  public Optional<Integer> initiatorTaskTag() {
    return header().isEmpty()
        ? Optional.empty()
        : Optional.of(NetworkOrder.int32(header.toArrayUnsafe(), 16));
  }

  private static int opcode(ByteString header) {
    return header.toArrayUnsafe()[0] & 0x3F;
  }

  private static String in(ByteString header) {
    return header.isEmpty() ? "" : " (opcode 0x%02x)".formatted(opcode(header));
  }
}
