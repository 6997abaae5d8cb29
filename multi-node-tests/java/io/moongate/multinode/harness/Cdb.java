package io.moongate.multinode.harness;

import java.nio.ByteBuffer;

/** Command descriptor blocks that the tests send. */
public final class Cdb {
  private Cdb() {}

  /** SPC-4 section 6.37. */
  public static byte[] reportTargetPortGroups(int allocationLength, boolean extended) {
    return ByteBuffer.allocate(12)
        .put((byte) 0xA3)
        .put((byte) (extended ? 0x2A : 0x0A))
        .putInt(6, allocationLength)
        .array();
  }

  /** SPC-4 section 6.6: a VPD page. */
  public static byte[] inquiry(int page, int allocationLength) {
    return ByteBuffer.allocate(6)
        .put((byte) 0x12)
        .put((byte) 1)
        .put((byte) page)
        .putShort((short) allocationLength)
        .array();
  }

  /** SBC-3: READ (16). */
  public static byte[] read16(long lba, int blocks) {
    return transfer16(0x88, lba, blocks);
  }

  /** SBC-3: WRITE (16). */
  public static byte[] write16(long lba, int blocks) {
    return transfer16(0x8A, lba, blocks);
  }

  /** SBC-3: COMPARE AND WRITE. */
  public static byte[] compareAndWrite(long lba, int blocks) {
    return ByteBuffer.allocate(16).put((byte) 0x89).putLong(2, lba).put(13, (byte) blocks).array();
  }

  private static byte[] transfer16(int opcode, long lba, int blocks) {
    return ByteBuffer.allocate(16).put((byte) opcode).putLong(2, lba).putInt(10, blocks).array();
  }
}
