package io.moongate.session;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/** What can be told from the header of a PDU that is not valid. */
final class Violations {
  private static final int FINAL = 0x80;

  private Violations() {}

  /** A PDU that only a target sends. */
  static ProtocolException direction(Pdu pdu) {
    return ProtocolException.rejected(
        RejectReason.COMMAND_NOT_SUPPORTED,
        "a PDU of the target's from the initiator",
        false,
        PduEncoder.basicHeader(pdu));
  }

  /** The Data-Out PDU whose data segment was damaged, without its data; empty if it is another. */
  static Optional<DataOut> damagedDataOut(ProtocolException error) {
    boolean damaged =
        error.reason().filter(why -> why == RejectReason.DATA_DIGEST_ERROR).isPresent()
            && error.opcode().orElse(-1) == DataOut.OPCODE;
    if (!damaged) {
      return Optional.empty();
    }
    ByteBuffer header = error.header().asByteBuffer();
    return Optional.of(
        new DataOut(
            (header.get(1) & FINAL) != 0,
            header.getLong(8),
            header.getInt(16),
            header.getInt(20),
            header.getInt(28),
            header.getInt(36),
            header.getInt(40) & 0xFFFF_FFFFL,
            ByteString.emptyByteString()));
  }

  /** What an error is counted as. */
  static String word(ProtocolException error) {
    // Only after a damaged header no Reject may be sent.
    if (error.reason().filter(why -> why == RejectReason.DATA_DIGEST_ERROR).isPresent()) {
      return "data_digest";
    }
    return error.reason().isEmpty() ? "header_digest" : "protocol";
  }

  /** DataSegmentLength of the PDU, in bytes. */
  static int dataLength(ProtocolException error) {
    return error.header().asByteBuffer().getInt(4) & 0xFF_FFFF;
  }
}
