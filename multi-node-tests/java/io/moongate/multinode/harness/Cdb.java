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

  /** SPC-4 section 6.45. */
  public static byte[] setTargetPortGroups(int listLength) {
    return ByteBuffer.allocate(12).put((byte) 0xA4).put((byte) 0x0A).putInt(6, listLength).array();
  }

  /** SPC-4 section 6.6: standard data. */
  public static byte[] inquiry(int allocationLength) {
    return ByteBuffer.allocate(6).put((byte) 0x12).putShort(3, (short) allocationLength).array();
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

  /** SPC-4 section 6.47. */
  public static byte[] testUnitReady() {
    return new byte[6];
  }

  /** SPC-4 section 6.33: the LUNs, without well known ones. */
  public static byte[] reportLuns(int allocationLength) {
    return ByteBuffer.allocate(12).put((byte) 0xA0).putInt(6, allocationLength).array();
  }

  /** SBC-3 section 5.16. */
  public static byte[] readCapacity16(int allocationLength) {
    return ByteBuffer.allocate(16)
        .put((byte) 0x9E)
        .put((byte) 0x10)
        .putInt(10, allocationLength)
        .array();
  }

  /** SPC-4 section 6.15. */
  public static byte[] persistentReserveIn(int serviceAction, int allocationLength) {
    return ByteBuffer.allocate(10)
        .put((byte) 0x5E)
        .put((byte) serviceAction)
        .putShort(7, (short) allocationLength)
        .array();
  }

  /**
   * SPC-4 section 6.16: of the whole logical unit.
   *
   * @param type code of the reservation's type; 0 where there is none
   */
  public static byte[] persistentReserveOut(int serviceAction, int type, int listLength) {
    return ByteBuffer.allocate(10)
        .put((byte) 0x5F)
        .put((byte) serviceAction)
        .put((byte) type)
        .putInt(5, listLength)
        .array();
  }

  /** MODE SELECT (6) of pages in the standard's format, saved too (SPC-4 section 6.11). */
  public static byte[] modeSelect6(int listLength) {
    return new byte[] {0x15, 0x11, 0, 0, (byte) listLength, 0};
  }

  /** SPC-2 section 7.21: RESERVE (6) of the whole unit. */
  public static byte[] reserve6() {
    return new byte[] {0x16, 0, 0, 0, 0, 0};
  }

  /** SPC-2 section 7.23: RELEASE (6). */
  public static byte[] release6() {
    return new byte[] {0x17, 0, 0, 0, 0, 0};
  }

  private static byte[] transfer16(int opcode, long lba, int blocks) {
    return ByteBuffer.allocate(16).put((byte) opcode).putLong(2, lba).putInt(10, blocks).array();
  }
}
