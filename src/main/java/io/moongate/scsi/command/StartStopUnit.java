package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;

/**
 * START STOP UNIT (SBC-3 section 5.25). The unit is always active: to start it is to do nothing,
 * and to stop it, load, eject, or put it into a power condition is refused, for nothing would
 * happen.
 */
final class StartStopUnit implements CommandHandler.Immediate {
  private static final int START = 0x01;
  private static final int LOEJ = 0x02;
  private static final int POWER_CONDITION = 0xF0;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    if (cdb.u8(3) != 0) {
      throw new CheckCondition(Sense.invalidCdb(3, 3));
    }
    if (cdb.has(4, POWER_CONDITION)) {
      throw new CheckCondition(Sense.invalidCdb(4, 7));
    }
    if (cdb.has(4, LOEJ)) {
      throw new CheckCondition(Sense.invalidCdb(4, 1));
    }
    if (!cdb.has(4, START)) {
      throw new CheckCondition(Sense.invalidCdb(4, 0));
    }
    return Response.good(0);
  }
}
