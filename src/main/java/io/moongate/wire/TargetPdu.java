package io.moongate.wire;

import java.nio.ByteBuffer;
import org.apache.pekko.util.ByteString;

/** The PDUs that a target sends (RFC 7143 section 11). */
public sealed interface TargetPdu extends Pdu {

  /** StatSN: the number of this status, or of the next one (section 4.2.2.2). */
  int statSn();

  /** NOP-In (section 11.19). */
  record NopIn(
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x20;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /**
   * SCSI Response (section 11.4). {@code data} is the SenseLength field, sense data and response
   * data as section 11.4.7 lays them out.
   */
  record ScsiResponse(
      boolean bidirectionalOverflow,
      boolean bidirectionalUnderflow,
      boolean overflow,
      boolean underflow,
      int response,
      int status,
      int initiatorTaskTag,
      int snackTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int expDataSn,
      int bidirectionalResidualCount,
      int residualCount,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x21;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** Task Management Function Response (section 11.6). */
  record TaskManagementResponse(
      int response, int initiatorTaskTag, int statSn, int expCmdSn, int maxCmdSn)
      implements TargetPdu {
    public static final int OPCODE = 0x22;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }

  /** Login Response (section 11.13). */
  record LoginResponse(
      boolean transit,
      boolean continued,
      int currentStage,
      int nextStage,
      int versionMax,
      int versionActive,
      long isid,
      int tsih,
      int initiatorTaskTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int statusClass,
      int statusDetail,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x23;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** Text Response (section 11.11). */
  record TextResponse(
      boolean finalBit,
      boolean continued,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x24;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /**
   * SCSI Data-In (section 11.7).
   *
   * @param statusBit the S bit: status, residuals and {@code statSn} are meaningful
   */
  record DataIn(
      boolean finalBit,
      boolean acknowledge,
      boolean overflow,
      boolean underflow,
      boolean statusBit,
      int status,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int dataSn,
      long bufferOffset,
      int residualCount,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x25;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /**
   * SCSI Data-In (section 11.7) whose data is sent from where it is, without a copy in between.
   *
   * @param header the rest of it, without data
   * @param segment its data, between position and limit: off the heap
   * @param sent to be run once this has been sent; not when it is not
   */
  record LentDataIn(DataIn header, ByteBuffer segment, Runnable sent) implements TargetPdu {
    @Override
    public int opcode() {
      return DataIn.OPCODE;
    }

    @Override
    public int initiatorTaskTag() {
      return header.initiatorTaskTag();
    }

    @Override
    public int statSn() {
      return header.statSn();
    }

    /** A copy. */
    @Override
    public ByteString data() {
      return ByteString.fromByteBuffer(segment.duplicate());
    }

    @Override
    public int dataLength() {
      return segment.remaining();
    }
  }

  /** Logout Response (section 11.15). Times are in seconds. */
  record LogoutResponse(
      int response,
      int initiatorTaskTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int time2Wait,
      int time2Retain)
      implements TargetPdu {
    public static final int OPCODE = 0x26;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }

  /** Ready To Transfer (section 11.8). Offset and length are in bytes. */
  record ReadyToTransfer(
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int r2tSn,
      long bufferOffset,
      long desiredDataTransferLength)
      implements TargetPdu {
    public static final int OPCODE = 0x31;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }

  /** Asynchronous Message (section 11.9). */
  record AsyncMessage(
      long lun,
      int statSn,
      int expCmdSn,
      int maxCmdSn,
      int asyncEvent,
      int asyncVendorCode,
      int parameter1,
      int parameter2,
      int parameter3,
      ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x32;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public int initiatorTaskTag() {
      return RESERVED_TAG;
    }
  }

  /** Reject (section 11.17). {@code data} is the header of the rejected PDU. */
  record Reject(
      int reason, int statSn, int expCmdSn, int maxCmdSn, int dataSnOrR2tSn, ByteString data)
      implements TargetPdu {
    public static final int OPCODE = 0x3F;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public int initiatorTaskTag() {
      return RESERVED_TAG;
    }
  }
}
