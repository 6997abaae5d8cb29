package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;

/**
 * PREVENT ALLOW MEDIUM REMOVAL (SBC-3 section 5.15). The medium can't be removed, so that to
 * prevent it is what is the case.
 */
final class PreventAllowMediumRemoval implements CommandHandler.Immediate {
  private static final int OBSOLETE = 0x02;

  @Override
  public Response answer(DeviceServer server, Command command) {
    if (new Cdb(command.cdb()).has(4, OBSOLETE)) {
      throw new CheckCondition(Sense.invalidCdb(4, 1));
    }
    return Response.good(0);
  }
}
