package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any service actions of PERSISTENT RESERVE OUT with any parameter lists, of three nexuses: each is
 * answered; what PERSISTENT RESERVE IN says afterwards is well-formed and agrees with itself; and
 * whoever registers anew can clear it all.
 */
class PersistentReserveFuzzTest {
  private static final List<Nexus> NEXUSES =
      List.of(
          UnitFixture.NEXUS,
          UnitFixture.OTHER,
          new Nexus(UnitFixture.NEXUS.initiatorName(), 9, UnitFixture.TARGET, 1));

  @DictionaryEntries({"iqn.2026-01.io.host:a,i,0x400001000100", ",i,0x", "\u0045", "\u0005"})
  @FuzzTest(maxDuration = "10m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    Commands commands = new Commands();
    NEXUSES.forEach(commands.disk.unit::attach);
    NEXUSES.forEach(nexus -> run(commands, nexus, "03 00 00 00 FC 00"));
    while (script.hasMore()) {
      Nexus nexus = script.pick(NEXUSES);
      int kind = script.u8();
      if (kind >= 0xF0) {
        run(commands, nexus, kind % 2 == 0 ? "16 00 00 00 00 00" : "17 00 00 00 00 00");
        continue;
      }
      byte[] list = (kind & 8) == 0 ? keys(script) : transportIds(script);
      byte[] cdb = UnitFixture.hex("5f 00 00 00 00 00000000 00 000000000000");
      cdb[1] = (byte) (kind & 7);
      cdb[2] = (byte) ((kind & 0x10) == 0 ? script.below(9) : script.u8());
      ByteBuffer.wrap(cdb).putInt(5, (kind & 0x20) == 0 ? list.length : script.u16());
      byte[] data = Arrays.copyOf(list, (int) Math.max(list.length, commands.dataOutLength(cdb)));
      commands.execute(nexus, TaskAttribute.SIMPLE, cdb, data, 0);
      check(commands);
    }
    NEXUSES.forEach(commands.disk.unit::detach);
    commands.assertUsable();
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(PersistentReserveFuzzTest.class, 3_000, this::fuzz);
  }

  /** A basic parameter list; keys are few, so that they meet. */
  private static byte[] keys(Script script) {
    return GatewayPair.list(script.below(4), script.below(4), script.u8());
  }

  /** A list with TransportIDs behind it, of which some are as they should be. */
  private static byte[] transportIds(Script script) {
    ByteBuffer out = ByteBuffer.allocate(2048);
    out.put(GatewayPair.list(script.below(4), script.below(4), 0));
    out.putShort(18, (short) script.below(4));
    out.put(17, (byte) script.below(4)).put(20, (byte) script.u8());
    boolean moves = script.flag();
    if (!moves) {
      out.putInt(0);
    }
    int from = out.position();
    int count = script.below(4);
    for (int i = 0; i < count; i++) {
      byte[] name =
          script.flag()
              ? script.take(script.u8())
              : (script.pick(NEXUSES).initiatorName() + ",i,0x" + (script.flag() ? "9" : ""))
                  .getBytes(StandardCharsets.UTF_8);
      int padded = Math.max(20, name.length + 4 & ~3);
      out.put((byte) (script.flag() ? 0x45 : script.u8())).put((byte) 0);
      out.putShort((short) (script.flag() ? padded : script.u16()));
      out.put(Arrays.copyOf(name, padded));
    }
    out.putInt(from - 4, script.below(8) == 0 ? script.i32() : out.position() - from);
    return Arrays.copyOf(out.array(), out.position());
  }

  /** READ KEYS, READ RESERVATION and READ FULL STATUS agree, and are as long as they say. */
  private static void check(Commands commands) {
    Nexus nexus = NEXUSES.get(0);
    ByteBuffer keys = run(commands, nexus, "5e 00 00 00 00 00 00 ffff 00");
    if (!keys.hasRemaining()) {
      return; // kept away by a RESERVE
    }
    ByteBuffer reservation = run(commands, nexus, "5e 01 00 00 00 00 00 ffff 00");
    ByteBuffer status = run(commands, nexus, "5e 03 00 00 00 00 00 ffff 00");
    assertEquals(keys.getInt(0), reservation.getInt(0));
    assertEquals(keys.getInt(0), status.getInt(0));
    assertEquals(keys.remaining() - 8, keys.getInt(4));
    assertEquals(status.remaining() - 8, status.getInt(4));
    assertEquals(reservation.remaining() - 8, reservation.getInt(4));
    List<Long> listed = new ArrayList<>();
    for (int at = 8; at < keys.remaining(); at += 8) {
      assertTrue(keys.getLong(at) != 0);
      listed.add(keys.getLong(at));
    }
    Set<String> ports = new HashSet<>();
    List<Long> full = new ArrayList<>();
    boolean held = false;
    for (int at = 8; at < status.remaining(); at += 24 + status.getInt(at + 20)) {
      full.add(status.getLong(at));
      held |= (status.get(at + 12) & 1) != 0;
      byte[] port = new byte[status.getInt(at + 20) + 2];
      status.get(at + 24, port, 0, port.length - 2);
      port[port.length - 1] = status.get(at + 19);
      port[port.length - 2] = status.get(at + 18);
      assertTrue(ports.add(Arrays.toString(port)), "one nexus has registered twice");
    }
    assertEquals(listed, full);
    assertTrue(
        held == (reservation.getInt(4) != 0), "a reservation that nobody holds, or the reverse");
  }

  private static ByteBuffer run(Commands commands, Nexus nexus, String cdb) {
    byte[] bytes = UnitFixture.hex(cdb);
    Response response = commands.execute(nexus, TaskAttribute.SIMPLE, bytes, new byte[0], 1 << 20);
    return response.dataIn().slice();
  }
}
