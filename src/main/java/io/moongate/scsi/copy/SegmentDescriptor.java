package io.moongate.scsi.copy;

import io.moongate.scsi.command.Cdb;

/**
 * A segment descriptor that copies from a block device to a block device: type 02h (SPC-4 section
 * 6.4.6), which counts blocks, or 0Ah, which counts bytes and may begin within a block.
 *
 * @param index among the segment descriptors, from 0
 * @param bytesGiven whether it is of type 0Ah
 * @param source index of the CSCD descriptor of the copy source
 * @param destination the same of the copy destination
 * @param ofDestination DC of type 02h: whether blocks are those of the destination
 * @param count blocks or bytes
 * @param sourceLba first block
 * @param destinationLba first block
 * @param sourceOffset of type 0Ah: bytes into that block
 * @param destinationOffset of type 0Ah: bytes into that block
 */
record SegmentDescriptor(
    int index,
    boolean bytesGiven,
    int source,
    int destination,
    boolean ofDestination,
    long count,
    long sourceLba,
    long destinationLba,
    int sourceOffset,
    int destinationOffset) {
  static final int BLOCKS = 0x02;
  static final int BLOCKS_WITH_OFFSET = 0x0A;

  static final int SOURCE_AT = 4;
  static final int DESTINATION_AT = 6;
  static final int SOURCE_LBA_AT = 12;
  static final int DESTINATION_LBA_AT = 20;
  static final int SOURCE_OFFSET_AT = 28;
  static final int DESTINATION_OFFSET_AT = 30;

  private static final int DC = 0x02;

  /** Bytes of a descriptor of this type; 0: it is not supported. */
  static int length(int type) {
    return switch (type) {
      case BLOCKS -> 28;
      case BLOCKS_WITH_OFFSET -> 32;
      default -> 0;
    };
  }

  /** Where the count is. */
  int countAt() {
    return bytesGiven ? 8 : 10;
  }

  static SegmentDescriptor of(Cdb in, int at, int index) {
    boolean bytes = in.u8(at) == BLOCKS_WITH_OFFSET;
    return new SegmentDescriptor(
        index,
        bytes,
        in.u16(at + SOURCE_AT),
        in.u16(at + DESTINATION_AT),
        !bytes && in.has(at + 1, DC),
        bytes ? in.u32(at + 8) : in.u16(at + 10),
        in.i64(at + SOURCE_LBA_AT),
        in.i64(at + DESTINATION_LBA_AT),
        bytes ? in.u16(at + SOURCE_OFFSET_AT) : 0,
        bytes ? in.u16(at + DESTINATION_OFFSET_AT) : 0);
  }
}
