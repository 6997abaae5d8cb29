package io.moongate.wire;

import static io.moongate.wire.NetworkOrder.int32;
import static io.moongate.wire.NetworkOrder.int64;
import static io.moongate.wire.NetworkOrder.unsigned16;
import static io.moongate.wire.NetworkOrder.unsigned32;
import static io.moongate.wire.NetworkOrder.unsigned8;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TargetPdu.TextResponse;
import org.apache.pekko.util.ByteString;

/**
 * From the bytes of a header to the record of its PDU (RFC 7143 sections 11.3 to 11.19).
 *
 * <p>Reserved bits are ignored. What section 7.7 calls a format error is refused: an AHS or a data
 * segment on a PDU that has none, AHSs that don't fit their lengths or are of an unknown type, a
 * reserved task attribute, a bit that is always one and isn't. What depends on the state of the
 * session or the login is left to them.
 */
final class HeaderReader {
  /** The most that one extended CDB AHS (260-byte CDB) and one read length AHS take, bytes. */
  static final int MAX_AHS_LENGTH = 248 + 8;

  static final int AHS_EXTENDED_CDB = 1;
  static final int AHS_BIDIRECTIONAL_READ_LENGTH = 2;

  /** Bytes of the CDB that are in the basic header; the rest is in an AHS. */
  static final int BASIC_CDB_LENGTH = 16;

  static final int MAX_CDB_LENGTH = 260;

  private static final int GREATEST_TASK_ATTRIBUTE = 4;

  private HeaderReader() {}

  /** A copy of the basic header at {@code o}, as a Reject returns it. */
  static ByteString basicHeader(byte[] b, int o) {
    return ByteString.fromArray(b, o, Pdu.BASIC_HEADER_LENGTH);
  }

  /**
   * Reads the header at {@code o}.
   *
   * @param ahsLength bytes of additional header segments behind the basic header
   */
  static Pdu read(byte[] b, int o, int ahsLength, ByteString data) {
    int opcode = b[o] & 0x3F;
    if (opcode == ScsiCommand.OPCODE) {
      return scsiCommand(b, o, ahsLength, data);
    }
    Pdu pdu = plain(opcode, b, o, data);
    if (ahsLength > 0) {
      throw format("additional header segment on a PDU that has none", b, o);
    }
    return pdu;
  }

  private static Pdu plain(int opcode, byte[] b, int o, ByteString data) {
    return switch (opcode) {
      case NopOut.OPCODE -> nopOut(b, o, data);
      case TaskManagementRequest.OPCODE -> taskManagementRequest(b, o, data);
      case LoginRequest.OPCODE -> loginRequest(b, o, data);
      case TextRequest.OPCODE -> textRequest(b, o, data);
      case DataOut.OPCODE -> dataOut(b, o, data);
      case LogoutRequest.OPCODE -> logoutRequest(b, o, data);
      case SnackRequest.OPCODE -> snackRequest(b, o, data);
      case NopIn.OPCODE -> nopIn(b, o, data);
      case ScsiResponse.OPCODE -> scsiResponse(b, o, data);
      case TaskManagementResponse.OPCODE -> taskManagementResponse(b, o, data);
      case LoginResponse.OPCODE -> loginResponse(b, o, data);
      case TextResponse.OPCODE -> textResponse(b, o, data);
      case DataIn.OPCODE -> dataIn(b, o, data);
      case LogoutResponse.OPCODE -> logoutResponse(b, o, data);
      case ReadyToTransfer.OPCODE -> readyToTransfer(b, o, data);
      case AsyncMessage.OPCODE -> asyncMessage(b, o, data);
      case Reject.OPCODE -> reject(b, o, data);
      default -> throw ProtocolException.unsupportedOpcode(basicHeader(b, o));
    };
  }

  private static NopOut nopOut(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    return new NopOut(
        immediate(b, o),
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        data);
  }

  private static ScsiCommand scsiCommand(byte[] b, int o, int ahsLength, ByteString data) {
    int flags = unsigned8(b, o + 1);
    boolean finalBit = (flags & 0x80) != 0;
    boolean write = (flags & 0x20) != 0;
    int attribute = flags & 0x07;
    if (!finalBit && !write) {
      throw format("neither the final nor the write bit", b, o);
    }
    if (attribute > GREATEST_TASK_ATTRIBUTE) {
      throw format("reserved task attribute " + attribute, b, o);
    }
    AdditionalHeaders ahs =
        ahsLength == 0 ? AdditionalHeaders.NONE : AdditionalHeaders.read(b, o, ahsLength);
    return new ScsiCommand(
        immediate(b, o),
        finalBit,
        (flags & 0x40) != 0,
        write,
        attribute,
        int64(b, o + 8),
        int32(b, o + 16),
        unsigned32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        // Copied: a slice would keep the whole received chunk for as long as the task lives.
        ByteString.fromArray(b, o + 32, BASIC_CDB_LENGTH).concat(ahs.extendedCdb()),
        ahs.bidirectionalReadLength(),
        data);
  }

  private static TaskManagementRequest taskManagementRequest(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new TaskManagementRequest(
        immediate(b, o),
        b[o + 1] & 0x7F,
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        int32(b, o + 36));
  }

  private static LoginRequest loginRequest(byte[] b, int o, ByteString data) {
    return new LoginRequest(
        bit(b, o, 0x80),
        bit(b, o, 0x40),
        (b[o + 1] >> 2) & 3,
        b[o + 1] & 3,
        unsigned8(b, o + 2),
        unsigned8(b, o + 3),
        int64(b, o + 8) >>> 16,
        unsigned16(b, o + 14),
        int32(b, o + 16),
        unsigned16(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        data);
  }

  private static TextRequest textRequest(byte[] b, int o, ByteString data) {
    return new TextRequest(
        immediate(b, o),
        bit(b, o, 0x80),
        bit(b, o, 0x40),
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        data);
  }

  private static DataOut dataOut(byte[] b, int o, ByteString data) {
    return new DataOut(
        bit(b, o, 0x80),
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 28),
        int32(b, o + 36),
        unsigned32(b, o + 40),
        data);
  }

  private static LogoutRequest logoutRequest(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new LogoutRequest(
        immediate(b, o),
        b[o + 1] & 0x7F,
        int32(b, o + 16),
        unsigned16(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28));
  }

  private static SnackRequest snackRequest(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new SnackRequest(
        b[o + 1] & 0x0F,
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 28),
        int32(b, o + 40),
        int32(b, o + 44));
  }

  private static NopIn nopIn(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    return new NopIn(
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        data);
  }

  private static ScsiResponse scsiResponse(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    return new ScsiResponse(
        bit(b, o, 0x10),
        bit(b, o, 0x08),
        bit(b, o, 0x04),
        bit(b, o, 0x02),
        unsigned8(b, o + 2),
        unsigned8(b, o + 3),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        int32(b, o + 36),
        int32(b, o + 40),
        int32(b, o + 44),
        data);
  }

  private static TaskManagementResponse taskManagementResponse(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new TaskManagementResponse(
        unsigned8(b, o + 2),
        int32(b, o + 16),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32));
  }

  private static LoginResponse loginResponse(byte[] b, int o, ByteString data) {
    return new LoginResponse(
        bit(b, o, 0x80),
        bit(b, o, 0x40),
        (b[o + 1] >> 2) & 3,
        b[o + 1] & 3,
        unsigned8(b, o + 2),
        unsigned8(b, o + 3),
        int64(b, o + 8) >>> 16,
        unsigned16(b, o + 14),
        int32(b, o + 16),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        unsigned8(b, o + 36),
        unsigned8(b, o + 37),
        data);
  }

  private static TextResponse textResponse(byte[] b, int o, ByteString data) {
    return new TextResponse(
        bit(b, o, 0x80),
        bit(b, o, 0x40),
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        data);
  }

  private static DataIn dataIn(byte[] b, int o, ByteString data) {
    return new DataIn(
        bit(b, o, 0x80),
        bit(b, o, 0x40),
        bit(b, o, 0x04),
        bit(b, o, 0x02),
        bit(b, o, 0x01),
        unsigned8(b, o + 3),
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        int32(b, o + 36),
        unsigned32(b, o + 40),
        int32(b, o + 44),
        data);
  }

  private static LogoutResponse logoutResponse(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new LogoutResponse(
        unsigned8(b, o + 2),
        int32(b, o + 16),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        unsigned16(b, o + 40),
        unsigned16(b, o + 42));
  }

  private static ReadyToTransfer readyToTransfer(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    requireNoData(data, b, o);
    return new ReadyToTransfer(
        int64(b, o + 8),
        int32(b, o + 16),
        int32(b, o + 20),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        int32(b, o + 36),
        unsigned32(b, o + 40),
        unsigned32(b, o + 44));
  }

  private static AsyncMessage asyncMessage(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    return new AsyncMessage(
        int64(b, o + 8),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        unsigned8(b, o + 36),
        unsigned8(b, o + 37),
        unsigned16(b, o + 38),
        unsigned16(b, o + 40),
        unsigned16(b, o + 42),
        data);
  }

  private static Reject reject(byte[] b, int o, ByteString data) {
    requireFinal(b, o);
    return new Reject(
        unsigned8(b, o + 2),
        int32(b, o + 24),
        int32(b, o + 28),
        int32(b, o + 32),
        int32(b, o + 36),
        data);
  }

  private static boolean immediate(byte[] b, int o) {
    return (b[o] & 0x40) != 0;
  }

  private static boolean bit(byte[] b, int o, int mask) {
    return (b[o + 1] & mask) != 0;
  }

  private static void requireFinal(byte[] b, int o) {
    if (!bit(b, o, 0x80)) {
      throw format("the final bit is not set", b, o);
    }
  }

  private static void requireNoData(ByteString data, byte[] b, int o) {
    if (!data.isEmpty()) {
      throw format("data segment on a PDU that has none", b, o);
    }
  }

  static ProtocolException format(String what, byte[] b, int o) {
    return ProtocolException.format(what, basicHeader(b, o));
  }
}
