package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CheckCondition;

/**
 * TEST UNIT READY (SPC-4 section 6.47). Answered at once: path checkers ask it. In a transition the
 * answer is BUSY, as for every command that could not wait: hosts ask again, while NOT READY makes
 * some of them give the path up.
 */
final class TestUnitReady implements CommandHandler.Immediate {
  @Override
  public Response answer(DeviceServer server, Command command) {
    DeviceServer.Readiness readiness = server.readiness();
    if (readiness.transition()) {
      return Response.status(Status.BUSY);
    }
    readiness
        .notReady()
        .ifPresent(
            sense -> {
              throw new CheckCondition(sense);
            });
    return Response.good(0);
  }
}
