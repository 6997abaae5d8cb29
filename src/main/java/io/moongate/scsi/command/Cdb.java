package io.moongate.scsi.command;

/** The fields of a command descriptor block (SPC-4 section 4.3): big-endian, unsigned. */
public record Cdb(byte[] bytes) {

  /** The byte at {@code at}. */
  public int u8(int at) {
    return bytes[at] & 0xFF;
  }

  /** Two bytes. */
  public int u16(int at) {
    return u8(at) << 8 | u8(at + 1);
  }

  /** Three bytes. */
  public int u24(int at) {
    return u16(at) << 8 | u8(at + 2);
  }

  /** Four bytes. */
  public long u32(int at) {
    return (long) u16(at) << 16 | u16(at + 2);
  }

  /** Eight bytes; a negative result stands for 2^63 and more. */
  public long i64(int at) {
    return u32(at) << 32 | u32(at + 4);
  }

  /** Whether any bit of the mask is set in the byte. */
  public boolean has(int at, int mask) {
    return (bytes[at] & mask) != 0;
  }

  /** The operation code. */
  public int operationCode() {
    return u8(0);
  }

  /** SERVICE ACTION, where byte 1 has one. */
  public int serviceAction() {
    return u8(1) & 0x1F;
  }

  /** Bytes of the fixed-length CDB, from the operation code's group (SPC-4 table 19); 0: none. */
  public int length() {
    return switch (operationCode() >> 5) {
      case 0 -> 6;
      case 1, 2 -> 10;
      case 4 -> 16;
      case 5 -> 12;
      default -> 0;
    };
  }
}
