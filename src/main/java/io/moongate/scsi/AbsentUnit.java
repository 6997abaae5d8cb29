package io.moongate.scsi;

import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.SupportedCommand;
import io.moongate.scsi.inquiry.Inquiry;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;

/**
 * What a LUN answers at which there is no logical unit (SAM-5 section 4.6.4): INQUIRY with
 * peripheral qualifier 011b, REQUEST SENSE with the reason as its parameter data, and that reason
 * as an error for everything else.
 */
final class AbsentUnit {
  private static final int INQUIRY = 0x12;
  private static final int REQUEST_SENSE = 0x03;
  private static final int DESC = 0x01;

  private AbsentUnit() {}

  static Response answer(Cdb cdb) {
    return switch (cdb.operationCode()) {
      case INQUIRY -> {
        SupportedCommand.INQUIRY.check(cdb);
        yield Inquiry.ofAbsent(cdb);
      }
      case REQUEST_SENSE -> {
        SupportedCommand.REQUEST_SENSE.check(cdb);
        byte[] sense = Sense.LOGICAL_UNIT_NOT_SUPPORTED.encode(cdb.has(1, DESC));
        yield DataIn.of(sense, cdb.u8(4));
      }
      default -> throw new CheckCondition(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    };
  }
}
