package io.moongate.cli.bench.load;

import java.nio.ByteBuffer;

/** The basic header segment (RFC 7143 section 11.2.1): where its fields are. */
final class Bhs {
  static final int LENGTH = 48;
  static final int DIGEST = 4;

  static final int NOP_OUT = 0x40;
  static final int SCSI_COMMAND = 0x01;
  static final int LOGIN_REQUEST = 0x43;
  static final int DATA_OUT = 0x05;
  static final int LOGOUT_REQUEST = 0x46;
  static final int NOP_IN = 0x20;
  static final int SCSI_RESPONSE = 0x21;
  static final int LOGIN_RESPONSE = 0x23;
  static final int DATA_IN = 0x25;
  static final int LOGOUT_RESPONSE = 0x26;
  static final int R2T = 0x31;
  static final int ASYNC_MESSAGE = 0x32;
  static final int REJECT = 0x3f;

  static final int FINAL = 0x80;
  static final int STATUS_BIT = 0x01;
  static final int LUN = 8;
  static final int TASK_TAG = 16;
  static final int TRANSFER_TAG = 20;
  static final int STAT_SN = 24;
  static final int CMD_SN = 24;
  static final int EXP_STAT_SN = 28;
  static final int MAX_CMD_SN = 32;
  static final int CDB = 32;
  static final int DATA_SN = 36;
  static final int OFFSET = 40;
  static final int DESIRED_LENGTH = 44;

  static final int RESERVED_TAG = -1;

  static final int GOOD = 0x00;
  static final int CHECK_CONDITION = 0x02;
  static final int BUSY = 0x08;
  static final int TASK_SET_FULL = 0x28;
  static final int UNIT_ATTENTION = 0x06;

  private static final byte[] ZEROS = new byte[LENGTH];

  private Bhs() {}

  /** Appends a header with nothing in it but these; where it begins. */
  static int begin(ByteBuffer out, int opcode, int flags, int dataLength) {
    int at = out.position();
    out.put(ZEROS);
    // TotalAHSLength, which is 0, is the first byte of the length's four.
    out.put(at, (byte) opcode).put(at + 1, (byte) flags).putInt(at + 4, dataLength);
    return at;
  }

  static int opcode(ByteBuffer header, int at) {
    return header.get(at) & 0x3f;
  }

  static int dataLength(ByteBuffer header, int at) {
    return header.getInt(at + 4) & 0xffffff;
  }

  /** Bytes of the additional header segments. */
  static int additional(ByteBuffer header, int at) {
    return (header.get(at + 4) & 0xff) * 4;
  }

  static int padded(int length) {
    return (length + 3) & ~3;
  }

  /** A LUN as SAM-5 section 4.7.7 writes it: peripheral device addressing, from 256 on flat. */
  static long lun(int number) {
    return (long) (number < 256 ? number : 0x4000 | number) << 48;
  }

  /** The sense key of sense data behind its length, in either format (SPC-4 section 4.5). */
  static int senseKey(byte[] segment) {
    if (segment.length < 5) {
      return 0;
    }
    boolean descriptor = (segment[2] & 0x7f) >= 0x72;
    return segment[descriptor ? 3 : 4] & 0xf;
  }
}
