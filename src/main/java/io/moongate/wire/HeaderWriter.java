package io.moongate.wire;

import static io.moongate.wire.NetworkOrder.put16;
import static io.moongate.wire.NetworkOrder.put32;
import static io.moongate.wire.NetworkOrder.put64;
import static io.moongate.wire.NetworkOrder.put8;

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
import io.moongate.wire.TargetPdu.LentDataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TargetPdu.TextResponse;

/**
 * From the record of a PDU to the bytes of its header (RFC 7143 sections 11.3 to 11.19), into an
 * array of zeros. DataSegmentLength is the encoder's.
 */
final class HeaderWriter {
  private static final int IMMEDIATE = 0x40;
  private static final int FINAL = 0x80;
  private static final long GREATEST_ISID = (1L << 48) - 1;
  private static final long GREATEST_UNSIGNED_32 = (1L << 32) - 1;

  private HeaderWriter() {}

  /** Bytes of additional header segments that this PDU needs: 0 but for a SCSI Command's. */
  static int ahsLength(Pdu pdu) {
    if (!(pdu instanceof ScsiCommand command)) {
      return 0;
    }
    int extension = command.cdb().length() - HeaderReader.BASIC_CDB_LENGTH;
    int extendedCdb = extension > 0 ? 4 + padded(extension) : 0;
    return extendedCdb + (hasReadLength(command) ? 8 : 0);
  }

  /** The segment must be there when both directions are set, and may not be when they aren't. */
  private static boolean hasReadLength(ScsiCommand command) {
    return (command.read() && command.write()) || command.bidirectionalReadLength() != 0;
  }

  static void write(Pdu pdu, byte[] b) {
    int opcode = pdu.opcode();
    put8(b, 0, opcode);
    switch (opcode) {
      case NopOut.OPCODE -> nopOut((NopOut) pdu, b);
      case ScsiCommand.OPCODE -> scsiCommand((ScsiCommand) pdu, b);
      case TaskManagementRequest.OPCODE -> taskManagementRequest((TaskManagementRequest) pdu, b);
      case LoginRequest.OPCODE -> loginRequest((LoginRequest) pdu, b);
      case TextRequest.OPCODE -> textRequest((TextRequest) pdu, b);
      case DataOut.OPCODE -> dataOut((DataOut) pdu, b);
      case LogoutRequest.OPCODE -> logoutRequest((LogoutRequest) pdu, b);
      case SnackRequest.OPCODE -> snackRequest((SnackRequest) pdu, b);
      case NopIn.OPCODE -> nopIn((NopIn) pdu, b);
      case ScsiResponse.OPCODE -> scsiResponse((ScsiResponse) pdu, b);
      case TaskManagementResponse.OPCODE -> taskManagementResponse((TaskManagementResponse) pdu, b);
      case LoginResponse.OPCODE -> loginResponse((LoginResponse) pdu, b);
      case TextResponse.OPCODE -> textResponse((TextResponse) pdu, b);
      case DataIn.OPCODE ->
          dataIn(pdu instanceof LentDataIn lent ? lent.header() : (DataIn) pdu, b);
      case LogoutResponse.OPCODE -> logoutResponse((LogoutResponse) pdu, b);
      case ReadyToTransfer.OPCODE -> readyToTransfer((ReadyToTransfer) pdu, b);
      case AsyncMessage.OPCODE -> asyncMessage((AsyncMessage) pdu, b);
      case Reject.OPCODE -> reject((Reject) pdu, b);
      default -> throw new IllegalArgumentException("no layout for " + pdu);
    }
  }

  private static void nopOut(NopOut pdu, byte[] b) {
    immediate(b, pdu.immediate());
    put8(b, 1, FINAL);
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
  }

  private static void scsiCommand(ScsiCommand pdu, byte[] b) {
    int cdbLength = pdu.cdb().length();
    if (cdbLength == 0 || cdbLength > HeaderReader.MAX_CDB_LENGTH) {
      throw new IllegalArgumentException("CDB of " + cdbLength + " bytes");
    }
    immediate(b, pdu.immediate());
    put8(
        b,
        1,
        flag(pdu.finalBit(), FINAL)
            | flag(pdu.read(), 0x40)
            | flag(pdu.write(), 0x20)
            | within(pdu.attribute(), 7));
    put8(b, 4, ahsLength(pdu) / 4);
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, unsigned32(pdu.expectedDataTransferLength()));
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
    pdu.cdb().copyToArray(b, 32, Math.min(cdbLength, HeaderReader.BASIC_CDB_LENGTH));
    int at = Pdu.BASIC_HEADER_LENGTH;
    int extension = cdbLength - HeaderReader.BASIC_CDB_LENGTH;
    if (extension > 0) {
      put16(b, at, extension + 1);
      put8(b, at + 2, HeaderReader.AHS_EXTENDED_CDB);
      pdu.cdb().drop(HeaderReader.BASIC_CDB_LENGTH).copyToArray(b, at + 4, extension);
      at += 4 + padded(extension);
    }
    if (hasReadLength(pdu)) {
      put16(b, at, 5);
      put8(b, at + 2, HeaderReader.AHS_BIDIRECTIONAL_READ_LENGTH);
      put32(b, at + 4, unsigned32(pdu.bidirectionalReadLength()));
    }
  }

  private static void taskManagementRequest(TaskManagementRequest pdu, byte[] b) {
    immediate(b, pdu.immediate());
    put8(b, 1, FINAL | within(pdu.function(), 0x7F));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.referencedTaskTag());
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
    put32(b, 32, pdu.refCmdSn());
    put32(b, 36, pdu.expDataSn());
  }

  private static void loginRequest(LoginRequest pdu, byte[] b) {
    immediate(b, true);
    stages(b, pdu.transit(), pdu.continued(), pdu.currentStage(), pdu.nextStage());
    put8(b, 2, within(pdu.versionMax(), 0xFF));
    put8(b, 3, within(pdu.versionMin(), 0xFF));
    session(b, pdu.isid(), pdu.tsih());
    put32(b, 16, pdu.initiatorTaskTag());
    put16(b, 20, within(pdu.cid(), 0xFFFF));
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
  }

  private static void textRequest(TextRequest pdu, byte[] b) {
    immediate(b, pdu.immediate());
    put8(b, 1, flag(pdu.finalBit(), FINAL) | flag(pdu.continued(), 0x40));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
  }

  private static void dataOut(DataOut pdu, byte[] b) {
    put8(b, 1, flag(pdu.finalBit(), FINAL));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    put32(b, 28, pdu.expStatSn());
    put32(b, 36, pdu.dataSn());
    put32(b, 40, unsigned32(pdu.bufferOffset()));
  }

  private static void logoutRequest(LogoutRequest pdu, byte[] b) {
    immediate(b, pdu.immediate());
    put8(b, 1, FINAL | within(pdu.reason(), 0x7F));
    put32(b, 16, pdu.initiatorTaskTag());
    put16(b, 20, within(pdu.cid(), 0xFFFF));
    put32(b, 24, pdu.cmdSn());
    put32(b, 28, pdu.expStatSn());
  }

  private static void snackRequest(SnackRequest pdu, byte[] b) {
    put8(b, 1, FINAL | within(pdu.type(), 0x0F));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    put32(b, 28, pdu.expStatSn());
    put32(b, 40, pdu.begRun());
    put32(b, 44, pdu.runLength());
  }

  private static void nopIn(NopIn pdu, byte[] b) {
    put8(b, 1, FINAL);
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
  }

  private static void scsiResponse(ScsiResponse pdu, byte[] b) {
    put8(
        b,
        1,
        FINAL
            | flag(pdu.bidirectionalOverflow(), 0x10)
            | flag(pdu.bidirectionalUnderflow(), 0x08)
            | flag(pdu.overflow(), 0x04)
            | flag(pdu.underflow(), 0x02));
    put8(b, 2, within(pdu.response(), 0xFF));
    put8(b, 3, within(pdu.status(), 0xFF));
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.snackTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put32(b, 36, pdu.expDataSn());
    put32(b, 40, pdu.bidirectionalResidualCount());
    put32(b, 44, pdu.residualCount());
  }

  private static void taskManagementResponse(TaskManagementResponse pdu, byte[] b) {
    put8(b, 1, FINAL);
    put8(b, 2, within(pdu.response(), 0xFF));
    put32(b, 16, pdu.initiatorTaskTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
  }

  private static void loginResponse(LoginResponse pdu, byte[] b) {
    stages(b, pdu.transit(), pdu.continued(), pdu.currentStage(), pdu.nextStage());
    put8(b, 2, within(pdu.versionMax(), 0xFF));
    put8(b, 3, within(pdu.versionActive(), 0xFF));
    session(b, pdu.isid(), pdu.tsih());
    put32(b, 16, pdu.initiatorTaskTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put8(b, 36, within(pdu.statusClass(), 0xFF));
    put8(b, 37, within(pdu.statusDetail(), 0xFF));
  }

  private static void textResponse(TextResponse pdu, byte[] b) {
    put8(b, 1, flag(pdu.finalBit(), FINAL) | flag(pdu.continued(), 0x40));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
  }

  private static void dataIn(DataIn pdu, byte[] b) {
    put8(
        b,
        1,
        flag(pdu.finalBit(), FINAL)
            | flag(pdu.acknowledge(), 0x40)
            | flag(pdu.overflow(), 0x04)
            | flag(pdu.underflow(), 0x02)
            | flag(pdu.statusBit(), 0x01));
    put8(b, 3, within(pdu.status(), 0xFF));
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put32(b, 36, pdu.dataSn());
    put32(b, 40, unsigned32(pdu.bufferOffset()));
    put32(b, 44, pdu.residualCount());
  }

  private static void logoutResponse(LogoutResponse pdu, byte[] b) {
    put8(b, 1, FINAL);
    put8(b, 2, within(pdu.response(), 0xFF));
    put32(b, 16, pdu.initiatorTaskTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put16(b, 40, within(pdu.time2Wait(), 0xFFFF));
    put16(b, 42, within(pdu.time2Retain(), 0xFFFF));
  }

  private static void readyToTransfer(ReadyToTransfer pdu, byte[] b) {
    put8(b, 1, FINAL);
    put64(b, 8, pdu.lun());
    put32(b, 16, pdu.initiatorTaskTag());
    put32(b, 20, pdu.targetTransferTag());
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put32(b, 36, pdu.r2tSn());
    put32(b, 40, unsigned32(pdu.bufferOffset()));
    put32(b, 44, unsigned32(pdu.desiredDataTransferLength()));
  }

  private static void asyncMessage(AsyncMessage pdu, byte[] b) {
    put8(b, 1, FINAL);
    put64(b, 8, pdu.lun());
    put32(b, 16, Pdu.RESERVED_TAG);
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put8(b, 36, within(pdu.asyncEvent(), 0xFF));
    put8(b, 37, within(pdu.asyncVendorCode(), 0xFF));
    put16(b, 38, within(pdu.parameter1(), 0xFFFF));
    put16(b, 40, within(pdu.parameter2(), 0xFFFF));
    put16(b, 42, within(pdu.parameter3(), 0xFFFF));
  }

  private static void reject(Reject pdu, byte[] b) {
    put8(b, 1, FINAL);
    put8(b, 2, within(pdu.reason(), 0xFF));
    put32(b, 16, Pdu.RESERVED_TAG);
    window(b, pdu.statSn(), pdu.expCmdSn(), pdu.maxCmdSn());
    put32(b, 36, pdu.dataSnOrR2tSn());
  }

  private static void immediate(byte[] b, boolean immediate) {
    put8(b, 0, b[0] | flag(immediate, IMMEDIATE));
  }

  private static void stages(byte[] b, boolean transit, boolean continued, int csg, int nsg) {
    put8(
        b, 1, flag(transit, 0x80) | flag(continued, 0x40) | (within(csg, 3) << 2) | within(nsg, 3));
  }

  private static void session(byte[] b, long isid, int tsih) {
    if (isid < 0 || isid > GREATEST_ISID) {
      throw new IllegalArgumentException("ISID " + isid);
    }
    put64(b, 8, (isid << 16) | within(tsih, 0xFFFF));
  }

  private static void window(byte[] b, int statSn, int expCmdSn, int maxCmdSn) {
    put32(b, 24, statSn);
    put32(b, 28, expCmdSn);
    put32(b, 32, maxCmdSn);
  }

  /** Rounded up to whole words of 4 bytes. */
  private static int padded(int length) {
    return (length + 3) & ~3;
  }

  private static int flag(boolean set, int mask) {
    return set ? mask : 0;
  }

  private static int within(int value, int greatest) {
    if (value < 0 || value > greatest) {
      throw new IllegalArgumentException("%d does not fit 0 to %d".formatted(value, greatest));
    }
    return value;
  }

  private static int unsigned32(long value) {
    if (value < 0 || value > GREATEST_UNSIGNED_32) {
      throw new IllegalArgumentException(value + " does not fit 32 bits");
    }
    return (int) value;
  }
}
