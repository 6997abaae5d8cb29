package io.moongate.scsi.inquiry;

import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.block.WriteAtomic;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;

/** The Block Limits page (SBC-3 section 6.6.3): what the commands refuse to go beyond. */
final class BlockLimits {
  private static final int LENGTH = 60;
  private static final int UGAVALID = 0x8000_0000;

  private BlockLimits() {}

  static byte[] of(ScsiSettings settings, VolumeGeometry geometry) {
    int block = geometry.blockSize();
    ByteBuffer out = ByteBuffer.allocate(LENGTH);
    // WSNZ is zero: WRITE SAME of no blocks is one of all to the end.
    out.put((byte) 0).put((byte) settings.maxCompareAndWrite());
    int physical = geometry.blocksPerPhysical() > 1 ? geometry.blocksPerPhysical() : 0;
    out.putShort((short) physical); // OPTIMAL TRANSFER LENGTH GRANULARITY
    out.putInt(settings.maxTransfer() / block);
    out.putInt(Math.min(geometry.optimalTransfer(), settings.maxTransfer()) / block);
    out.putInt(0); // MAXIMUM PREFETCH LENGTH: no limit is given
    if (geometry.unmap()) {
      out.putInt((int) (settings.maxUnmap() / block));
      out.putInt(settings.maxUnmapDescriptors());
      out.putInt(Math.max(geometry.blocksPerPhysical(), geometry.unmapGranularity() / block));
      out.putInt(UGAVALID);
    } else {
      out.position(out.position() + 16);
    }
    out.putLong(settings.maxWriteSame() / block);
    out.putInt(WriteAtomic.longest(settings, geometry) / block);
    if (geometry.atomicWrite() > 0) {
      // Whole physical blocks; there is no boundary.
      out.putInt(physical).putInt(physical);
    }
    return out.array();
  }
}
