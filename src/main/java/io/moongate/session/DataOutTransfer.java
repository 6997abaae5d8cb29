package io.moongate.session;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.apache.pekko.util.ByteString;

/**
 * The data-out of one task (RFC 7143 sections 4.2.4.2 and 11.7): immediate data, unsolicited
 * Data-Out PDUs up to FirstBurstLength, then bursts of up to MaxBurstLength that R2Ts ask for, each
 * in order of offsets. Data beyond what the logical unit wants is dropped, not kept.
 */
final class DataOutTransfer {
  /** What a piece costs beside its data, in bytes, about: it may be of one byte. */
  static final int PIECE_BYTES = 128;

  private final long expected;
  private final OperationalParameters parameters;
  private final int wanted;
  private final Deque<Burst> bursts = new ArrayDeque<>();
  private List<Piece> early = new ArrayList<>();
  private long earlyBytes;
  private ByteBuffer buffer;
  private boolean unsolicitedOpen;
  private int unsolicitedDataSn;
  private long unsolicited;
  private long solicited;
  private int r2tSn;
  private boolean damaged;

  /** Data that came before memory was granted. */
  private record Piece(long offset, ByteString data) {}

  /** A sequence of Data-Out PDUs that an R2T asked for; offset and length in bytes. */
  static final class Burst {
    private final int targetTransferTag;
    private final int r2tSn;
    private final long offset;
    private final long length;
    private long received;
    private int nextDataSn;

    Burst(int targetTransferTag, int r2tSn, long offset, long length) {
      this.targetTransferTag = targetTransferTag;
      this.r2tSn = r2tSn;
      this.offset = offset;
      this.length = length;
    }

    int targetTransferTag() {
      return targetTransferTag;
    }

    int r2tSn() {
      return r2tSn;
    }

    long offset() {
      return offset;
    }

    long length() {
      return length;
    }
  }

  /**
   * Takes what came with the command.
   *
   * @param wanted bytes that the logical unit asks for, not above the expected transfer length
   * @throws ProtocolException when the command carries what was not agreed to
   */
  DataOutTransfer(ScsiCommand command, int wanted, OperationalParameters parameters) {
    this.expected = command.expectedDataTransferLength();
    this.parameters = parameters;
    this.wanted = wanted;
    ByteString data = command.data();
    if (!data.isEmpty() && !parameters.immediateData()) {
      throw violation("immediate data was not agreed to", command);
    }
    if (!command.finalBit() && parameters.initialR2t()) {
      throw violation("unsolicited data was not agreed to", command);
    }
    checkUnsolicited(data.size(), command);
    unsolicited = data.size();
    solicited = Math.min(unsolicited, wanted);
    unsolicitedOpen = !command.finalBit();
    put(0, data);
  }

  /** Memory was granted: what came early goes to the buffer. */
  void allocate() {
    buffer = ByteBuffer.allocate(wanted);
    List<Piece> pieces = early;
    early = null;
    earlyBytes = 0;
    pieces.forEach(piece -> put(piece.offset(), piece.data()));
  }

  /** Memory was not granted yet: what came last must not keep all alive that came with it. */
  void keepEarly() {
    int last = early.size() - 1;
    if (last >= 0) {
      Piece piece = early.get(last);
      early.set(last, new Piece(piece.offset(), piece.data().compact()));
    }
  }

  /** Bytes that are held for what came before memory was granted. */
  long earlyBytes() {
    return earlyBytes;
  }

  /** Frees the buffer: the task will not be executed, yet its data may still come. */
  void discard() {
    buffer = null;
    early = null;
    earlyBytes = 0;
  }

  /** Takes a Data-Out PDU of this task. */
  void receive(DataOut pdu) {
    receive(pdu, pdu.data().size());
    put(pdu.bufferOffset(), pdu.data());
  }

  /**
   * Takes a Data-Out PDU whose data segment was damaged (section 7.8): counted, and the task fails
   * once the rest has come.
   *
   * @param length bytes of the data segment
   */
  void receiveDamaged(DataOut pdu, int length) {
    damaged = true;
    receive(pdu, length);
  }

  /**
   * The next burst to ask for; empty when all was asked for or enough is outstanding.
   *
   * @param targetTransferTags gives a new tag
   */
  Optional<Burst> solicit(IntSupplier targetTransferTags) {
    boolean due =
        !unsolicitedOpen && solicited < wanted && bursts.size() < parameters.maxOutstandingR2t();
    if (!due) {
      return Optional.empty();
    }
    long length = Math.min(wanted - solicited, parameters.maxBurstLength());
    Burst burst = new Burst(targetTransferTags.getAsInt(), r2tSn++, solicited, length);
    bursts.add(burst);
    solicited += length;
    return Optional.of(burst);
  }

  /** Whether a Data-Out PDU is of a sequence that is outstanding. */
  boolean expects(DataOut pdu) {
    if (pdu.targetTransferTag() == Pdu.RESERVED_TAG) {
      return unsolicitedOpen;
    }
    return bursts.stream().anyMatch(b -> b.targetTransferTag == pdu.targetTransferTag());
  }

  /** Whether nothing is on its way: every sequence that was asked for or announced has ended. */
  boolean quiet() {
    return !unsolicitedOpen && bursts.isEmpty();
  }

  /** Whether all the data is there. */
  boolean complete() {
    return quiet() && solicited >= wanted;
  }

  /** Whether unsolicited Data-Out PDUs are still to come. */
  boolean unsolicitedOpen() {
    return unsolicitedOpen;
  }

  /** Whether part of the data was lost to a digest error. */
  boolean damaged() {
    return damaged;
  }

  /** R2Ts sent. */
  int r2ts() {
    return r2tSn;
  }

  /** The data from position 0 to its limit. */
  ByteBuffer data() {
    buffer.position(0).limit(wanted);
    return buffer;
  }

  private void receive(DataOut pdu, int length) {
    if (pdu.targetTransferTag() == Pdu.RESERVED_TAG) {
      receiveUnsolicited(pdu, length);
    } else {
      receiveSolicited(pdu, length);
    }
  }

  private void receiveUnsolicited(DataOut pdu, int length) {
    if (!unsolicitedOpen) {
      throw violation("unsolicited data that was not announced", pdu);
    }
    checkOrder(pdu, unsolicitedDataSn, unsolicited);
    checkUnsolicited(unsolicited + length, pdu);
    unsolicitedDataSn++;
    unsolicited += length;
    solicited = Math.min(unsolicited, wanted);
    unsolicitedOpen = !pdu.finalBit();
  }

  private void receiveSolicited(DataOut pdu, int length) {
    Burst burst = null;
    for (Burst candidate : bursts) {
      if (candidate.targetTransferTag == pdu.targetTransferTag()) {
        burst = candidate;
      }
    }
    if (burst == null) {
      throw violation("a Target Transfer Tag of no R2T of the task", pdu);
    }
    long due = burst.offset + burst.received;
    checkOrder(pdu, burst.nextDataSn, due);
    burst.nextDataSn++;
    burst.received += length;
    boolean filled = burst.received == burst.length;
    if (burst.received > burst.length || filled != pdu.finalBit()) {
      throw violation("a sequence that is not as long as its R2T asks for", pdu);
    }
    if (filled) {
      bursts.remove(burst);
    }
  }

  /**
   * A wrong DataSN says that a PDU was lost or is in the wrong place (section 7.9): the task can't
   * be executed with such data, and ends with CHECK CONDITION once the rest has come. A wrong
   * offset is a violation: DataPDUInOrder and DataSequenceInOrder are always negotiated.
   */
  private void checkOrder(DataOut pdu, int dataSn, long offset) {
    if (pdu.bufferOffset() != offset) {
      throw violation("offset %d where %d was due".formatted(pdu.bufferOffset(), offset), pdu);
    }
    if (pdu.dataSn() != dataSn) {
      damaged = true;
    }
  }

  private void checkUnsolicited(long bytes, Pdu pdu) {
    long limit = Math.min(parameters.firstBurstLength(), expected);
    if (bytes > limit) {
      throw violation("%d unsolicited bytes, at most %d".formatted(bytes, limit), pdu);
    }
  }

  private void put(long offset, ByteString data) {
    int length = (int) Math.min(data.size(), Math.max(0, wanted - offset));
    if (length == 0) {
      return;
    }
    ByteString part = length == data.size() ? data : data.take(length);
    if (buffer != null) {
      buffer.position((int) offset).limit((int) offset + length);
      part.copyToBuffer(buffer);
      buffer.clear();
    } else if (early != null) {
      early.add(new Piece(offset, part));
      earlyBytes += PIECE_BYTES + length;
    }
  }

  private static ProtocolException violation(String what, Pdu pdu) {
    return ProtocolException.rejected(
        RejectReason.PROTOCOL_ERROR, what, false, PduEncoder.basicHeader(pdu));
  }
}
