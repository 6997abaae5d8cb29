package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.sanitize.SanitizeGuard;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Sanitizing;

/** REQUEST SENSE (SPC-4 section 6.39): a unit attention, or why the unit is not ready. */
final class RequestSense implements CommandHandler.Immediate {
  private static final int DESC = 0x01;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    DeviceServer.Readiness readiness = server.readiness();
    Sanitizing sanitizing = server.shared().sanitizing();
    Sense state;
    if (sanitizing != null) {
      state = SanitizeGuard.sense(sanitizing, server.sanitizeProgress());
    } else if (server.shared().medium().ejected()) {
      state = Sense.MEDIUM_NOT_PRESENT;
    } else if (readiness.transition()) {
      state = Sense.TRANSITION;
    } else {
      state = readiness.notReady().orElse(Sense.NONE);
    }
    Sense sense = server.takeUnitAttention(command.nexus()).orElse(state);
    return DataIn.of(sense.encode(cdb.has(1, DESC)), cdb.u8(4));
  }
}
