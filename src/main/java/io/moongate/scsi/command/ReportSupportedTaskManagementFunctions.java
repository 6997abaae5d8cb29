package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;

/**
 * REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 section 6.36): those that the sessions offer.
 */
final class ReportSupportedTaskManagementFunctions implements CommandHandler.Immediate {
  private static final int REPD = 0x80;
  private static final int ATS = 0x80;
  private static final int ATSS = 0x40;
  private static final int CTSS = 0x10;
  private static final int LURS = 0x08;
  private static final int TRS = 0x02;
  private static final int LENGTH = 4;
  private static final int EXTENDED_LENGTH = 16;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    boolean extended = cdb.has(2, REPD);
    byte[] data = new byte[extended ? EXTENDED_LENGTH : LENGTH];
    data[0] = (byte) (ATS | ATSS | CTSS | LURS | TRS);
    if (extended) {
      // TMFTMOV and every timeout are zero: none is given.
      data[3] = EXTENDED_LENGTH - LENGTH;
    }
    return DataIn.of(data, cdb.u32(6));
  }
}
