package io.moongate.scsi.mode;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.SharedState;
import io.moongate.volume.VolumeGeometry;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * MODE SENSE (6) and (10) (SPC-4 sections 6.13 and 6.14): from the shared state, so that every
 * gateway gives the same answer.
 */
public final class ModeSense implements CommandHandler.Immediate {
  private static final int DBD = 0x08;
  private static final int LLBAA = 0x10;
  private static final int WP = 0x80;
  private static final int DPOFUA = 0x10;
  private static final int LONGLBA = 0x01;
  private static final int ALL = 0x3F;
  private static final int ALL_SUBPAGES = 0xFF;
  private static final int CHANGEABLE = 1;
  private static final int DEFAULT = 2;
  private static final int SAVED = 3;

  @Override
  public Response answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    boolean six = cdb.length() == 6;
    SharedState shared = server.shared();
    byte[] pages = pages(server, cdb, shared);
    int specific = DPOFUA | (shared.writeProtected() ? WP : 0);
    boolean longLba = !six && cdb.has(1, LLBAA);
    byte[] descriptor = cdb.has(1, DBD) ? new byte[0] : blockDescriptor(server.geometry(), longLba);
    return six
        ? DataIn.of(six(specific, descriptor, pages), cdb.u8(4))
        : DataIn.of(ten(specific, descriptor, longLba, pages), cdb.u16(7));
  }

  private static byte[] pages(DeviceServer server, Cdb cdb, SharedState shared) {
    int control = cdb.u8(2) >> 6;
    int code = cdb.u8(2) & 0x3F;
    int subpage = cdb.u8(3);
    List<ModePage> all = pagesOf(server);
    List<ModePage> chosen =
        all.stream()
            .filter(page -> code == ALL || page.code() == code)
            .filter(page -> subpage == ALL_SUBPAGES || page.subpage() == subpage)
            .toList();
    if (chosen.isEmpty()) {
      boolean known = all.stream().anyMatch(page -> page.code() == code);
      throw new CheckCondition(known || code == ALL ? Sense.invalidCdb(3) : Sense.invalidCdb(2, 5));
    }
    if (code == ALL && subpage != 0 && subpage != ALL_SUBPAGES) {
      throw new CheckCondition(Sense.invalidCdb(3));
    }
    ModeValues values =
        switch (control) {
          case DEFAULT -> ModeValues.DEFAULT;
          case SAVED -> shared.savedModes();
          default -> shared.modes();
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ModePage page : chosen) {
      out.writeBytes(
          control == CHANGEABLE
              ? page.changeable()
              : page.encode(server.geometry(), server.settings(), values));
    }
    return out.toByteArray();
  }

  /** The pages that the unit has. */
  static List<ModePage> pagesOf(DeviceServer server) {
    return Arrays.stream(ModePage.values())
        .filter(page -> page.isThere(server.geometry(), server.settings()))
        .toList();
  }

  /** SBC-3 section 6.5.2: short, or long when the host takes 8-byte block addresses. */
  static byte[] blockDescriptor(VolumeGeometry geometry, boolean longLba) {
    long blocks = geometry.size() / geometry.blockSize();
    if (longLba) {
      ByteBuffer out = ByteBuffer.allocate(16);
      return out.putLong(blocks).putInt(0).putInt(geometry.blockSize()).array();
    }
    ByteBuffer out = ByteBuffer.allocate(8);
    return out.putInt((int) Math.min(blocks, 0xFFFF_FFFFL)).putInt(geometry.blockSize()).array();
  }

  private static byte[] six(int specific, byte[] descriptor, byte[] pages) {
    int length = 4 + descriptor.length + pages.length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put((byte) (length - 1)).put((byte) 0).put((byte) specific).put((byte) descriptor.length);
    return out.put(descriptor).put(pages).array();
  }

  private static byte[] ten(int specific, byte[] descriptor, boolean longLba, byte[] pages) {
    int length = 8 + descriptor.length + pages.length;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putShort((short) (length - 2)).put((byte) 0).put((byte) specific);
    out.put((byte) (longLba && descriptor.length > 0 ? LONGLBA : 0)).put((byte) 0);
    return out.putShort((short) descriptor.length).put(descriptor).put(pages).array();
  }
}
