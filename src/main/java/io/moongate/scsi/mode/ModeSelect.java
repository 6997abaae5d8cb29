package io.moongate.scsi.mode;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.util.Arrays;

/**
 * MODE SELECT (6) and (10) (SPC-4 sections 6.11 and 6.12). Everything in the parameter list must be
 * what it is already, but for the bits that can be changed; the whole list is checked before any of
 * it takes effect.
 */
public final class ModeSelect implements CommandHandler.Immediate {
  private static final int PF = 0x10;
  private static final int SP = 0x01;
  private static final int SPF = 0x40;
  private static final int LONGLBA = 0x01;

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return cdb.length() == 6 ? cdb.u8(4) : cdb.u16(7);
  }

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int length = (int) dataOutLength(server, cdb);
    if (!cdb.has(1, PF)) {
      throw new CheckCondition(Sense.invalidCdb(1, 4));
    }
    if (cdb.has(1, SP)) {
      throw new CheckCondition(Sense.invalidCdb(1, 0));
    }
    if (length == 0) {
      return Response.good(0);
    }
    if (command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] list = new byte[length];
    command.dataOut().duplicate().get(list);
    select(server, command, new Cdb(list), cdb.length() == 6);
    return Response.good(length);
  }

  private static void select(DeviceServer server, Command command, Cdb list, boolean six) {
    int length = list.bytes().length;
    int header = six ? 4 : 8;
    require(length >= header);
    int descriptor = six ? list.u8(3) : list.u16(6);
    boolean longLba = !six && list.has(4, LONGLBA);
    require(length >= header + descriptor);
    if (descriptor != 0) {
      byte[] present = ModeSense.blockDescriptor(server.geometry(), longLba);
      byte[] asked = Arrays.copyOfRange(list.bytes(), header, header + descriptor);
      if (!Arrays.equals(present, asked)) {
        throw new CheckCondition(Sense.invalidParameter(header));
      }
    }
    boolean descriptorSense = server.modeParameters().descriptorSense();
    int at = header + descriptor;
    while (at < length) {
      ModePage page = pageAt(list, at);
      byte[] present = page.encode(server.geometry(), descriptorSense);
      byte[] changeable = page.changeable();
      checkLength(list, at, page, present);
      require(at + present.length <= length);
      for (int i = headerLength(page); i < present.length; i++) {
        if (((list.bytes()[at + i] ^ present[i]) & ~changeable[i]) != 0) {
          throw new CheckCondition(Sense.invalidParameter(at + i));
        }
      }
      if (page == ModePage.CONTROL) {
        descriptorSense = list.has(at + 2, ModePage.D_SENSE);
      }
      at += present.length;
    }
    if (server.modeParameters().descriptorSense(descriptorSense)) {
      server.modeParametersChanged(command.nexus());
    }
  }

  private static ModePage pageAt(Cdb list, int at) {
    boolean hasSubpage = list.has(at, SPF);
    require(at + (hasSubpage ? 4 : 2) <= list.bytes().length);
    int code = list.u8(at) & 0x3F;
    int subpage = hasSubpage ? list.u8(at + 1) : 0;
    return Arrays.stream(ModePage.values())
        .filter(page -> page.code() == code && page.subpage() == subpage)
        .findFirst()
        .orElseThrow(() -> new CheckCondition(Sense.invalidParameter(at)));
  }

  private static void checkLength(Cdb list, int at, ModePage page, byte[] present) {
    int given = page.subpage() == 0 ? list.u8(at + 1) + 2 : list.u16(at + 2) + 4;
    if (given != present.length) {
      throw new CheckCondition(Sense.invalidParameter(at + (page.subpage() == 0 ? 1 : 2)));
    }
  }

  private static int headerLength(ModePage page) {
    return page.subpage() == 0 ? 2 : 4;
  }

  private static void require(boolean complete) {
    if (!complete) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
  }
}
