package io.moongate.scsi.inquiry;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;

/** INQUIRY (SPC-4 section 6.6): standard data and vital product data pages. */
public final class Inquiry implements CommandHandler.Immediate {
  private static final int EVPD = 0x01;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int allocationLength = cdb.u16(3);
    if (!cdb.has(1, EVPD)) {
      refusePageCode(cdb);
      return DataIn.of(
          StandardData.ofUnit(server.identity(), server.explicitAlua(command.nexus())),
          allocationLength);
    }
    VitalProductData page =
        VitalProductData.of(cdb.u8(2)).orElseThrow(() -> new CheckCondition(Sense.invalidCdb(2)));
    return DataIn.of(page.encode(server, command.nexus()), allocationLength);
  }

  /** INQUIRY to a LUN at which there is no unit. */
  public static Response ofAbsent(Cdb cdb) {
    if (cdb.has(1, EVPD)) {
      throw new CheckCondition(Sense.invalidCdb(1, 0));
    }
    refusePageCode(cdb);
    return DataIn.of(StandardData.ofAbsent(), cdb.u16(3));
  }

  private static void refusePageCode(Cdb cdb) {
    if (cdb.u8(2) != 0) {
      throw new CheckCondition(Sense.invalidCdb(2));
    }
  }
}
