package io.moongate.scsi.block;

import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.volume.VolumeGeometry;

/**
 * A range of logical blocks that is within the medium.
 *
 * @param first LBA
 * @param count blocks, possibly 0
 * @param blockSize bytes of one
 */
record LogicalBlocks(long first, long count, int blockSize) {

  /** The LBA and the length that the CDB has, within what one command may transfer. */
  static LogicalBlocks transfer(DeviceServer server, Cdb cdb) {
    LogicalBlocks blocks = addressed(server, cdb);
    if (blocks.bytes() > server.settings().maxTransfer()) {
      throw new CheckCondition(Sense.invalidCdb(lengthField(cdb)));
    }
    return blocks;
  }

  /** The LBA and the length that the CDB has. */
  static LogicalBlocks addressed(DeviceServer server, Cdb cdb) {
    return of(server, lba(cdb), length(cdb));
  }

  /** Refuses a range that is not within the medium; the LBA is unsigned. */
  static LogicalBlocks of(DeviceServer server, long lba, long count) {
    VolumeGeometry medium = server.addressable();
    int blockSize = medium.blockSize();
    long capacity = medium.size() / blockSize;
    if (lba < 0 || lba > capacity || count > capacity - lba) {
      throw new CheckCondition(Sense.LBA_OUT_OF_RANGE);
    }
    return new LogicalBlocks(lba, count, blockSize);
  }

  private static long lba(Cdb cdb) {
    return switch (cdb.length()) {
      case 6 -> cdb.u24(1) & 0x1F_FFFF;
      case 16 -> cdb.i64(2);
      default -> cdb.u32(2);
    };
  }

  private static long length(Cdb cdb) {
    return switch (cdb.length()) {
      case 6 -> cdb.u8(4) == 0 ? 256 : cdb.u8(4);
      case 10 -> cdb.u16(7);
      case 12 -> cdb.u32(6);
      default -> cdb.u32(10);
    };
  }

  /** Where the length is, to point at it. */
  static int lengthField(Cdb cdb) {
    return switch (cdb.length()) {
      case 6 -> 4;
      case 10 -> 7;
      case 12 -> 6;
      default -> 10;
    };
  }

  /** The same; when it has no blocks, all from the first one to the end of the medium. */
  LogicalBlocks orToTheEnd(DeviceServer server) {
    long rest = server.geometry().size() / blockSize - first;
    if (count > 0) {
      return this;
    }
    if (rest <= 0) {
      throw new CheckCondition(Sense.LBA_OUT_OF_RANGE);
    }
    return new LogicalBlocks(first, rest, blockSize);
  }

  /** Bytes before the first block. */
  long offset() {
    return first * blockSize;
  }

  /** Bytes of all blocks. */
  long bytes() {
    return count * blockSize;
  }

  /** The byte after the last block. */
  long end() {
    return offset() + bytes();
  }

  /** The same range, cut to so many bytes. */
  LogicalBlocks cutTo(long bytes) {
    return new LogicalBlocks(first, bytes / blockSize, blockSize);
  }
}
