package io.moongate.session;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Unsolicited Data-Out PDUs that came before their command was delivered: it waits for one with a
 * smaller CmdSN, which comes on another connection. Kept in order until then; at most
 * FirstBurstLength for a command, and there are no more commands than the window is wide.
 */
final class EarlyDataOut {
  /** PDUs for one command, so that empty ones are bounded too. */
  private static final int MAX_PIECES = 1024;

  private final int firstBurstLength;
  private final IntPredicate waits;
  private final Map<Integer, List<Piece>> pieces = new HashMap<>();
  private long bytes;

  /**
   * A Data-Out PDU.
   *
   * @param length bytes of its data segment
   * @param damaged whether its data was lost to a digest error
   */
  record Piece(DataOut pdu, int length, boolean damaged) {
    private long bytes() {
      return (long) DataOutTransfer.PIECE_BYTES + pdu.data().size();
    }
  }

  /**
   * @param waits whether a SCSI command of this task tag waits for its turn on the connection
   */
  EarlyDataOut(int firstBurstLength, IntPredicate waits) {
    this.firstBurstLength = firstBurstLength;
    this.waits = waits;
  }

  /**
   * Keeps a PDU whose command waits.
   *
   * @return false when it is for another, and to be taken now
   * @throws ProtocolException when it is more than a command may bring
   */
  boolean keep(DataOut pdu, int length, boolean damaged) {
    if (pdu.targetTransferTag() != Pdu.RESERVED_TAG || !waits.test(pdu.initiatorTaskTag())) {
      return false;
    }
    List<Piece> own = pieces.computeIfAbsent(pdu.initiatorTaskTag(), tag -> new ArrayList<>());
    long burst = length;
    for (Piece piece : own) {
      burst += piece.length();
    }
    if (burst > firstBurstLength || own.size() == MAX_PIECES) {
      throw ProtocolException.rejected(
          RejectReason.PROTOCOL_ERROR,
          "more unsolicited data than agreed to",
          false,
          PduEncoder.basicHeader(pdu));
    }
    DataOut kept = Kept.whole(pdu);
    Piece piece = new Piece(kept, length, damaged);
    own.add(piece);
    bytes += piece.bytes();
    return true;
  }

  /** Bytes that are held. */
  long bytes() {
    return bytes;
  }

  /** What came for a command, which is delivered or given up now. */
  List<Piece> take(int tag) {
    List<Piece> came = pieces.isEmpty() ? null : pieces.remove(tag);
    if (came == null) {
      return List.of();
    }
    for (Piece piece : came) {
      bytes -= piece.bytes();
    }
    return came;
  }
}
