package io.moongate.wire;

import org.apache.pekko.util.ByteString;

/** The PDUs that an initiator sends (RFC 7143 section 11). */
public sealed interface InitiatorPdu extends Pdu {

  /** ExpStatSN: which of the target's responses the initiator has received (section 4.2.2.2). */
  int expStatSn();

  /** NOP-Out (section 11.18). {@code targetTransferTag} answers a target's NOP-In. */
  record NopOut(
      boolean immediate,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int cmdSn,
      int expStatSn,
      ByteString data)
      implements InitiatorPdu {
    public static final int OPCODE = 0x00;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /**
   * SCSI Command (section 11.3).
   *
   * @param attribute 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA (section 11.3.1)
   * @param expectedDataTransferLength bytes, 32 bits unsigned (section 11.3.4)
   * @param cdb 16 bytes, or more when an extended-CDB AHS came with it (section 11.2.2.3)
   * @param bidirectionalReadLength bytes from the AHS of that name; 0 when there is none
   */
  record ScsiCommand(
      boolean immediate,
      boolean finalBit,
      boolean read,
      boolean write,
      int attribute,
      long lun,
      int initiatorTaskTag,
      long expectedDataTransferLength,
      int cmdSn,
      int expStatSn,
      ByteString cdb,
      long bidirectionalReadLength,
      ByteString data)
      implements InitiatorPdu {
    public static final int OPCODE = 0x01;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** Task Management Function Request (section 11.5). */
  record TaskManagementRequest(
      boolean immediate,
      int function,
      long lun,
      int initiatorTaskTag,
      int referencedTaskTag,
      int cmdSn,
      int expStatSn,
      int refCmdSn,
      int expDataSn)
      implements InitiatorPdu {
    public static final int OPCODE = 0x02;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }

  /** Login Request (section 11.12). {@code isid} is 48 bits; a login is always immediate. */
  record LoginRequest(
      boolean transit,
      boolean continued,
      int currentStage,
      int nextStage,
      int versionMax,
      int versionMin,
      long isid,
      int tsih,
      int initiatorTaskTag,
      int cid,
      int cmdSn,
      int expStatSn,
      ByteString data)
      implements InitiatorPdu {
    public static final int OPCODE = 0x03;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** Text Request (section 11.10). */
  record TextRequest(
      boolean immediate,
      boolean finalBit,
      boolean continued,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int cmdSn,
      int expStatSn,
      ByteString data)
      implements InitiatorPdu {
    public static final int OPCODE = 0x04;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** SCSI Data-Out (section 11.7). {@code bufferOffset} is in bytes. */
  record DataOut(
      boolean finalBit,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int expStatSn,
      int dataSn,
      long bufferOffset,
      ByteString data)
      implements InitiatorPdu {
    public static final int OPCODE = 0x05;

    @Override
    public int opcode() {
      return OPCODE;
    }
  }

  /** Logout Request (section 11.14). */
  record LogoutRequest(
      boolean immediate, int reason, int initiatorTaskTag, int cid, int cmdSn, int expStatSn)
      implements InitiatorPdu {
    public static final int OPCODE = 0x06;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }

  /** SNACK Request (section 11.16). */
  record SnackRequest(
      int type,
      long lun,
      int initiatorTaskTag,
      int targetTransferTag,
      int expStatSn,
      int begRun,
      int runLength)
      implements InitiatorPdu {
    public static final int OPCODE = 0x10;

    @Override
    public int opcode() {
      return OPCODE;
    }

    @Override
    public ByteString data() {
      return ByteString.emptyByteString();
    }
  }
}
