package io.moongate.scsi.alua;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/**
 * REPORT TARGET PORT GROUPS (SPC-4 section 6.37): answered at all times, from this gateway's own
 * knowledge. RETURN DATA LENGTH is that of everything, also when the data is cut.
 */
public final class ReportTargetPortGroups implements CommandHandler.Query {
  private static final int LENGTH_ONLY = 0;
  private static final int EXTENDED = 1;
  private static final int EXTENDED_HEADER = 0x10;
  private static final int PREF = 0x80;

  /** Every state but the one that depends on logical blocks can occur. */
  private static final int SUPPORTED_STATES = 0xCF;

  /** STATUS CODE: altered by implicit asymmetric logical unit access behaviour. */
  private static final int IMPLICIT = 0x02;

  @Override
  public CompletionStage<Response> answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int format = cdb.u8(1) >> 5;
    if (format > EXTENDED) {
      throw new CheckCondition(Sense.invalidCdb(1, 7));
    }
    long allocationLength = cdb.u32(6);
    return server
        .pathStates()
        .thenApply(states -> DataIn.of(data(states, format), allocationLength));
  }

  private static byte[] data(PathStates states, int format) {
    int length = format == LENGTH_ONLY ? 4 : 8;
    for (TargetPortGroup group : states.groups()) {
      length += 8 + 4 * group.relativePorts().size();
    }
    ByteBuffer out = ByteBuffer.allocate(length).putInt(length - 4);
    if (format == EXTENDED) {
      int seconds = Math.min(states.implicitTransitionSeconds(), 0xFF);
      out.put((byte) EXTENDED_HEADER).put((byte) seconds).putShort((short) 0);
    }
    for (TargetPortGroup group : states.groups()) {
      out.put((byte) ((group.preferred() ? PREF : 0) | group.state().code()));
      out.put((byte) SUPPORTED_STATES).putShort((short) group.id()).put((byte) 0);
      out.put((byte) IMPLICIT).put((byte) 0).put((byte) group.relativePorts().size());
      group.relativePorts().forEach(port -> out.putShort((short) 0).putShort(port.shortValue()));
    }
    return out.array();
  }
}
