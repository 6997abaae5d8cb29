package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** REPORT SUPPORTED OPERATION CODES (SPC-4 section 6.35). */
final class ReportSupportedOperationCodes implements CommandHandler.Immediate {
  private static final int RCTD = 0x80;
  private static final int REPORTING_OPTIONS = 0x07;
  private static final int SERVACTV = 0x01;
  private static final int CTDP_OF_ALL = 0x02;
  private static final int CTDP_OF_ONE = 0x80;
  private static final int NOT_SUPPORTED = 0x01;
  private static final int SUPPORTED = 0x03;
  private static final int TIMEOUTS_LENGTH = 12;

  /** Seconds after which a host should take a command for lost: its usual disk timeout. */
  private static final int RECOMMENDED_TIMEOUT = 30;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    Nexus nexus = command.nexus();
    boolean timeouts = cdb.has(2, RCTD);
    int code = cdb.u8(3);
    int action = cdb.u16(4);
    boolean hasActions = SupportedCommand.hasServiceActions(code);
    byte[] data =
        switch (cdb.u8(2) & REPORTING_OPTIONS) {
          case 0 -> all(server, nexus, timeouts);
          case 1 -> {
            if (hasActions) {
              throw new CheckCondition(Sense.invalidCdb(2, 2));
            }
            yield one(SupportedCommand.find(code, 0, server, nexus), timeouts);
          }
          case 2 -> {
            if (!hasActions && SupportedCommand.find(code, 0, server, nexus) != null) {
              throw new CheckCondition(Sense.invalidCdb(2, 2));
            }
            yield one(SupportedCommand.find(code, action, server, nexus), timeouts);
          }
          case 3 -> one(SupportedCommand.find(code, action, server, nexus), timeouts);
          default -> throw new CheckCondition(Sense.invalidCdb(2, 2));
        };
    return DataIn.of(data, cdb.u32(6));
  }

  private static byte[] all(DeviceServer server, Nexus nexus, boolean timeouts) {
    SupportedCommand[] commands =
        Arrays.stream(SupportedCommand.values())
            .filter(each -> each.isSupported(server, nexus))
            .toArray(SupportedCommand[]::new);
    int length = commands.length * (8 + (timeouts ? TIMEOUTS_LENGTH : 0));
    ByteBuffer out = ByteBuffer.allocate(4 + length).putInt(length);
    for (SupportedCommand each : commands) {
      boolean action = each.hasServiceAction();
      out.put((byte) each.operationCode()).put((byte) 0);
      out.putShort((short) (action ? each.serviceAction() : 0)).put((byte) 0);
      out.put((byte) ((timeouts ? CTDP_OF_ALL : 0) | (action ? SERVACTV : 0)));
      out.putShort((short) each.usage().length);
      if (timeouts) {
        putTimeouts(out);
      }
    }
    return out.array();
  }

  private static byte[] one(SupportedCommand command, boolean timeouts) {
    if (command == null) {
      return new byte[] {0, NOT_SUPPORTED, 0, 0};
    }
    byte[] usage = command.usage();
    ByteBuffer out = ByteBuffer.allocate(4 + usage.length + (timeouts ? TIMEOUTS_LENGTH : 0));
    out.put((byte) 0).put((byte) ((timeouts ? CTDP_OF_ONE : 0) | SUPPORTED));
    out.putShort((short) usage.length).put(usage);
    if (timeouts) {
      putTimeouts(out);
    }
    return out.array();
  }

  /** The command timeouts descriptor (SPC-4 section 6.35.4); no nominal time is given. */
  private static void putTimeouts(ByteBuffer out) {
    out.putShort((short) (TIMEOUTS_LENGTH - 2)).putShort((short) 0);
    out.putInt(0).putInt(RECOMMENDED_TIMEOUT);
  }
}
