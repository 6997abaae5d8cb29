package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;

/**
 * PRE-FETCH (10) and (16) (SBC-3 sections 5.13 and 5.14). There is no cache of the gateway's to
 * fetch into, and GOOD is the status for blocks that did not fit; CONDITION MET is never given.
 */
public final class PreFetch implements CommandHandler.Immediate {

  @Override
  public Response answer(DeviceServer server, Command command) {
    var unused = LogicalBlocks.addressed(server, new Cdb(command.cdb()));
    return Response.good(0);
  }
}
