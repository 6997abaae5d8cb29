package io.moongate.scsi.mode;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * MODE SELECT (6) and (10) (SPC-4 sections 6.11 and 6.12), executed by the owner. Everything in the
 * parameter list must be what it is already, but for the bits that can be changed; the whole list
 * is checked before any of it takes effect. With SP the values are also what a reset returns to.
 */
public final class ModeSelect implements CommandHandler.Medium {
  private static final int PF = 0x10;
  private static final int SP = 0x01;
  private static final int SPF = 0x40;
  private static final int LONGLBA = 0x01;

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return cdb.length() == 6 ? cdb.u8(4) : cdb.u16(7);
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int length = (int) dataOutLength(server, cdb);
    if (!cdb.has(1, PF)) {
      throw new CheckCondition(Sense.invalidCdb(1, 4));
    }
    if (length > 0 && command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] list = new byte[length];
    command.dataOut().duplicate().get(list);
    Operation operation =
        new Operation(server, command.nexus(), new Cdb(list), cdb.length() == 6, cdb.has(1, SP));
    if (length > 0) {
      // Also here, where it came in: most mistakes need not go to the owner.
      var unused = operation.selected(server.shared().modes());
    }
    return operation;
  }

  private static final class Operation extends MediumOperation {
    private final DeviceServer server;
    private final Nexus nexus;
    private final Cdb list;
    private final boolean six;
    private final boolean save;

    Operation(DeviceServer server, Nexus nexus, Cdb list, boolean six, boolean save) {
      super(0, 0, false, list.bytes().length);
      this.server = server;
      this.nexus = nexus;
      this.list = list;
      this.six = six;
      this.save = save;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      Response good = Response.good(list.bytes().length);
      if (list.bytes().length == 0) {
        return CompletableFuture.completedFuture(good);
      }
      return server.change(execution, "MODE SELECT by " + nexus, present -> change(present, good));
    }

    private Change change(SharedState present, Response good) {
      ModeValues selected = selected(present.modes());
      SharedState next = present.with(selected);
      if (save) {
        next = next.withSaved(selected);
      }
      boolean changed = !next.sameContent(present);
      return new Change(
          next,
          changed
              ? List.of(Notice.attentionForOthers(UnitAttention.MODE_PARAMETERS_CHANGED, nexus))
              : List.of(),
          good);
    }

    /** What the list makes of the values; refused when it asks for what can't be. */
    ModeValues selected(ModeValues present) {
      int length = list.bytes().length;
      int header = six ? 4 : 8;
      require(length >= header);
      int descriptor = six ? list.u8(3) : list.u16(6);
      boolean longLba = !six && list.has(4, LONGLBA);
      require(length >= header + descriptor);
      if (descriptor != 0) {
        byte[] have = ModeSense.blockDescriptor(server.geometry(), longLba);
        byte[] asked = Arrays.copyOfRange(list.bytes(), header, header + descriptor);
        if (!Arrays.equals(have, asked)) {
          throw new CheckCondition(Sense.invalidParameter(header), length);
        }
      }
      ModeValues values = present;
      int at = header + descriptor;
      while (at < length) {
        ModePage page = pageAt(at);
        byte[] have = page.encode(server.geometry(), server.settings(), values);
        byte[] changeable = page.changeable();
        checkLength(at, page, have);
        require(at + have.length <= length);
        for (int i = page.headerLength(); i < have.length; i++) {
          if (((list.bytes()[at + i] ^ have[i]) & ~changeable[i]) != 0) {
            throw new CheckCondition(Sense.invalidParameter(at + i), length);
          }
        }
        if (page.hasChangeable()) {
          values = page.values(Arrays.copyOfRange(list.bytes(), at, at + have.length));
        }
        at += have.length;
      }
      return values;
    }

    private ModePage pageAt(int at) {
      boolean hasSubpage = list.has(at, SPF);
      require(at + (hasSubpage ? 4 : 2) <= list.bytes().length);
      int code = list.u8(at) & 0x3F;
      int subpage = hasSubpage ? list.u8(at + 1) : 0;
      return ModeSense.pagesOf(server).stream()
          .filter(page -> page.code() == code && page.subpage() == subpage)
          .findFirst()
          .orElseThrow(() -> new CheckCondition(Sense.invalidParameter(at), list.bytes().length));
    }

    private void checkLength(int at, ModePage page, byte[] have) {
      int given = page.subpage() == 0 ? list.u8(at + 1) + 2 : list.u16(at + 2) + 4;
      if (given != have.length) {
        int field = at + (page.subpage() == 0 ? 1 : 2);
        throw new CheckCondition(Sense.invalidParameter(field), list.bytes().length);
      }
    }

    private void require(boolean complete) {
      if (!complete) {
        throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, list.bytes().length);
      }
    }
  }
}
