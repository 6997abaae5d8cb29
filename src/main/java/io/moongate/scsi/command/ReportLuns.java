package io.moongate.scsi.command;

import io.moongate.scsi.Response;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.List;

/** REPORT LUNS (SPC-4 section 6.33). There are no well-known logical units. */
public final class ReportLuns implements CommandHandler.OfTarget {
  private static final int ADDRESSED = 0x00;
  private static final int WELL_KNOWN = 0x01;
  private static final int ALL = 0x02;
  private static final int LEAST_ALLOCATION = 16;

  /**
   * The inventory.
   *
   * @param luns in ascending order, 8 bytes each
   */
  public static Response answer(List<Long> luns, Cdb cdb) {
    SupportedCommand.REPORT_LUNS.check(cdb);
    List<Long> reported =
        switch (cdb.u8(2)) {
          case ADDRESSED, ALL -> luns;
          case WELL_KNOWN -> List.of();
          default -> throw new CheckCondition(Sense.invalidCdb(2));
        };
    long allocationLength = cdb.u32(6);
    if (allocationLength < LEAST_ALLOCATION) {
      throw new CheckCondition(Sense.invalidCdb(6));
    }
    ByteBuffer data = ByteBuffer.allocate(8 + 8 * reported.size());
    data.putInt(8 * reported.size()).putInt(0);
    reported.forEach(data::putLong);
    return DataIn.of(data.array(), allocationLength);
  }
}
