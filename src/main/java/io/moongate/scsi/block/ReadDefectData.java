package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;

/**
 * READ DEFECT DATA (10) and (12) (SBC-3 section 5). The store looks after defects of its media:
 * both lists are empty, in whichever format they are asked for.
 */
public final class ReadDefectData implements CommandHandler.Immediate {
  private static final int LISTS_AND_FORMAT = 0x1F;
  private static final int FORMAT = 0x07;
  private static final int VENDOR_SPECIFIC = 6;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    boolean ten = cdb.length() == 10;
    int at = ten ? 2 : 1;
    if ((cdb.u8(at) & FORMAT) >= VENDOR_SPECIFIC) {
      throw new CheckCondition(Sense.invalidCdb(at, 2));
    }
    byte[] header = new byte[ten ? 4 : 8];
    // PLISTV and GLISTV are where REQ_PLIST and REQ_GLIST are: a list that is asked for is there.
    header[1] = (byte) (cdb.u8(at) & LISTS_AND_FORMAT);
    return DataIn.of(header, ten ? cdb.u16(7) : cdb.u32(6));
  }
}
