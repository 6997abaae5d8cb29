package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any CDBs with any data, of two nexuses and relayed: each is answered once, by a status that the
 * standard has and never by an internal failure; nothing outside the medium is touched; and the
 * unit can be used afterwards.
 */
class CdbFuzzTest {
  private static final int[] LENGTHS = {6, 10, 12, 16, 32, 260};

  @FuzzTest(maxDuration = "10m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    Commands commands = new Commands();
    SmallDisk disk = commands.disk;
    List<Nexus> nexuses = List.of(UnitFixture.NEXUS, UnitFixture.OTHER);
    nexuses.forEach(disk.unit::attach);
    while (script.hasMore()) {
      int flags = script.u8();
      Nexus nexus = nexuses.get(flags & 1);
      if ((flags & 0xF0) == 0xF0) {
        TaskManagement function = script.pick(List.of(TaskManagement.values()));
        int[] done = new int[1];
        disk.unit.manage(function, nexus, script.u8(), complete -> done[0]++);
        assertEquals(1, done[0]);
        continue;
      }
      byte[] cdb = cdb(script);
      byte[] data = data(script, (flags & 2) != 0, commands.dataOutLength(cdb));
      if ((flags & 4) != 0) {
        commands.executeRelayed(4 + script.below(3), nexus, cdb, data);
      } else {
        TaskAttribute attribute =
            (flags & 8) == 0 ? TaskAttribute.SIMPLE : script.pick(List.of(TaskAttribute.values()));
        Response response = commands.execute(nexus, attribute, cdb, data, 1 << 20);
        if (response.status() == Status.GOOD) {
          assertWithinMedium(cdb);
        }
      }
    }
    nexuses.forEach(disk.unit::detach);
    commands.assertUsable();
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(CdbFuzzTest.class, 5_000, this::fuzz);
  }

  /** As a host sends it: as long as its operation code says, or another length. */
  private static byte[] cdb(Script script) {
    int code = script.u8();
    int length =
        switch (code >> 5) {
          case 0 -> 6;
          case 1, 2 -> 10;
          case 4 -> 16;
          case 5 -> 12;
          default -> LENGTHS[script.below(LENGTHS.length)];
        };
    byte[] cdb = Arrays.copyOf(script.take(length - 1), Math.max(16, length));
    System.arraycopy(cdb, 0, cdb, 1, cdb.length - 1);
    cdb[0] = (byte) code;
    return cdb;
  }

  /** As much as the unit asks for, or as the script likes; the first bytes are the script's. */
  private static byte[] data(Script script, boolean any, long wanted) {
    int length = any ? script.u8() * script.below(8) : (int) wanted;
    byte[] first = script.take(Math.min(length, script.u8()));
    return Arrays.copyOf(first, length);
  }

  /** SBC-3: a command whose blocks are not all on the medium never ends with GOOD. */
  private static void assertWithinMedium(byte[] cdb) {
    int code = cdb[0] & 0xFF;
    java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(cdb);
    boolean ten = List.of(0x28, 0x2A, 0x2E, 0x2F, 0x34, 0x35, 0x41).contains(code);
    boolean twelve = List.of(0xA8, 0xAA, 0xAE, 0xAF).contains(code);
    boolean sixteen = List.of(0x88, 0x8A, 0x8B, 0x8E, 0x8F, 0x90, 0x91, 0x93).contains(code);
    if (!ten && !twelve && !sixteen) {
      return;
    }
    long first = sixteen ? bytes.getLong(2) : bytes.getInt(2) & 0xFFFF_FFFFL;
    long count = ten ? bytes.getShort(7) & 0xFFFF : bytes.getInt(twelve ? 6 : 10) & 0xFFFF_FFFFL;
    assertTrue(
        first >= 0 && first <= SmallDisk.BLOCKS && count <= SmallDisk.BLOCKS - first,
        () -> "GOOD for %d blocks at %d".formatted(count, first));
  }
}
