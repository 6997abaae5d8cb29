package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;

/** READ CAPACITY (10) and (16) (SBC-3 sections 5.20 and 5.21). */
public final class ReadCapacity implements CommandHandler.Immediate {
  private static final long TOO_MANY_FOR_10 = 0xFFFF_FFFFL;
  private static final int LBPME_AND_LBPRZ = 0xC000;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    VolumeGeometry geometry = server.geometry();
    long last = geometry.size() / geometry.blockSize() - 1;
    if (cdb.length() == 10) {
      ByteBuffer out = ByteBuffer.allocate(8);
      out.putInt((int) Math.min(last, TOO_MANY_FOR_10)).putInt(geometry.blockSize());
      return DataIn.of(out.array(), out.capacity());
    }
    ByteBuffer out = ByteBuffer.allocate(32);
    int exponent = Integer.numberOfTrailingZeros(geometry.blocksPerPhysical());
    out.putLong(last).putInt(geometry.blockSize()).putShort((short) exponent);
    // The lowest aligned block is the first one.
    out.putShort((short) (geometry.unmap() ? LBPME_AND_LBPRZ : 0));
    return DataIn.of(out.array(), cdb.u32(10));
  }
}
