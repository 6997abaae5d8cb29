package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import io.moongate.scsi.SmallDisk;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TextResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any sequence of PDUs and bytes of a session, with a real unit: no exception, memory within its
 * bounds, nothing outside the medium touched, nothing held afterwards, and another host can use the
 * unit.
 */
class FullFeatureFuzzTest {
  private static final long GATEWAY_BYTES = 1 << 20;
  private static final SessionSettings SETTINGS =
      Harness.settings(
          """
          moongate.iscsi {
            queue-depth = 8, max-immediate-commands = 2, initial-r2t = no
            max-connection-bytes = 1 MiB, max-gateway-bytes = 1 MiB
          }
          """);

  /** CDBs that are whole but for their block and count. */
  private static final List<Integer> CODES =
      List.of(0x28, 0x2A, 0x8A, 0x88, 0x89, 0x41, 0x42, 0x2E, 0x2F, 0x35, 0x12, 0x03, 0x5F, 0x1A);

  /** Of the fuzzed session, as far as its script follows the rules. */
  private static final class Numbers {
    int cmdSn = 100;
    int tag = 1;
    final List<ReadyToTransfer> asked = new ArrayList<>();
    final List<ScsiCommand> commands = new ArrayList<>();
    int textTag = -1;
  }

  @FuzzTest(maxDuration = "20m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    SmallDisk disk = new SmallDisk();
    FakeDirectory directory = FakeDirectory.of(disk.unit);
    SessionRegistry registry = new SessionRegistry(SETTINGS);
    List<FuzzedConnection> connections = new ArrayList<>();
    connections.add(login(script, directory, registry, disk, Harness.INITIATOR));
    Numbers numbers = new Numbers();
    if (script.flag()) {
      connections.add(join(directory, registry, disk, numbers.cmdSn));
    }
    while (script.hasMore() && !connections.get(0).over()) {
      FuzzedConnection connection = script.pick(connections);
      step(script, connection, numbers);
      settle(connections);
      for (TargetPdu pdu : connection.sent()) {
        if (pdu instanceof ScsiResponse response) {
          assertForeseen(response);
        } else if (pdu instanceof ReadyToTransfer r2t) {
          numbers.asked.add(r2t);
        } else if (pdu instanceof TextResponse text) {
          numbers.textTag = text.targetTransferTag();
        }
      }
      assertTrue(registry.bytes() <= 2 * GATEWAY_BYTES, () -> "bytes " + registry.bytes());
    }
    connections.forEach(FuzzedConnection::end);
    FuzzedConnection.assertNothingHeld(registry);
    assertTrue(disk.volume.violation().isEmpty(), () -> disk.volume.violation().get());
    assertUsable(directory, registry, disk);
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(FullFeatureFuzzTest.class, 10_000, this::fuzz);
  }

  private static FuzzedConnection login(
      Script script,
      FakeDirectory directory,
      SessionRegistry registry,
      SmallDisk disk,
      String name) {
    int how = script.u8();
    Map<String, String> keys =
        (how & 0x60) == 0x60
            ? TestInitiator.discoveryKeys(name)
            : TestInitiator.keys(name, FakeDirectory.TARGET);
    keys.put("HeaderDigest", (how & 1) == 0 ? "None" : "CRC32C");
    keys.put("DataDigest", (how & 2) == 0 ? "None" : "CRC32C");
    if ((how & 0x60) != 0x60) {
      keys.put("MaxConnections", "4");
      keys.put("ImmediateData", (how & 4) == 0 ? "Yes" : "No");
      keys.put("InitialR2T", (how & 8) == 0 ? "No" : "Yes");
      keys.put("MaxBurstLength", (how & 16) == 0 ? "262144" : "1024");
      keys.put("FirstBurstLength", (how & 16) == 0 ? "65536" : "512");
    }
    FuzzedConnection connection = new FuzzedConnection(SETTINGS, directory, registry, disk.timer);
    Harness shape = new Harness(SETTINGS, directory, registry);
    connection.send(shape.login(1, 3, Harness.text(keys)), 48);
    assertEquals(Connection.Phase.FULL_FEATURE, connection.phase());
    connection.sent();
    return connection;
  }

  /** A second connection, of the session if that takes one; otherwise it is refused. */
  private static FuzzedConnection join(
      FakeDirectory directory, SessionRegistry registry, SmallDisk disk, int cmdSn) {
    FuzzedConnection connection = new FuzzedConnection(SETTINGS, directory, registry, disk.timer);
    Map<String, String> keys = TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET);
    int tsih = registry.sessions().get(0).tsih();
    keys.keySet().retainAll(List.of("InitiatorName", "SessionType", "TargetName"));
    connection.send(
        new LoginRequest(
            true, false, 1, 3, 0, 0, Harness.ISID, tsih, 0, 2, cmdSn, 0, Harness.text(keys)),
        48);
    connection.sent();
    return connection;
  }

  /** Every connection takes the turns that others have asked for. */
  private static void settle(List<FuzzedConnection> connections) {
    boolean any = true;
    for (int i = 0; any; i++) {
      assertTrue(i < 100, "connections wake one another without end");
      any = false;
      for (FuzzedConnection connection : connections) {
        any |= connection.turnIfWoken();
      }
    }
  }

  private static void step(Script script, FuzzedConnection connection, Numbers numbers) {
    int kind = script.u8();
    boolean odd = (kind & 0x80) != 0;
    boolean immediate = (kind & 0x60) == 0x60;
    int cut = 1 + script.u8();
    int tag = odd ? script.below(8) : numbers.tag++;
    int cmdSn = (kind & 0x50) == 0x50 ? numbers.cmdSn + script.below(10) - 1 : numbers.cmdSn;
    long lun = odd ? (long) script.below(3) << 48 : 0;
    if (!immediate && cmdSn == numbers.cmdSn && (kind & 15) < 9) {
      numbers.cmdSn++;
    }
    switch (kind & 15) {
      case 0, 1, 2, 3 -> {
        ScsiCommand command = command(script, odd, immediate, lun, tag, cmdSn);
        numbers.commands.add(command);
        connection.send(command, cut);
      }
      case 4 -> {
        ByteString data = ByteString.fromArray(script.take(script.u8()));
        int transfer = odd ? script.below(4) : -1;
        int task = odd && script.flag() ? -1 : tag;
        connection.send(new NopOut(immediate, lun, task, transfer, cmdSn, 0, data), cut);
      }
      case 5 -> {
        int function = script.below(16);
        int referenced = script.below(16);
        int ref = 100 + script.below(16);
        connection.send(
            new TaskManagementRequest(immediate, function, lun, tag, referenced, cmdSn, 0, ref, 0),
            cut);
      }
      case 6, 7 -> connection.send(text(script, numbers, immediate, tag, cmdSn), cut);
      case 8 ->
          connection.send(
              new LogoutRequest(immediate, script.below(4), tag, script.below(3), cmdSn, 0), cut);
      case 9, 10, 11 -> dataOut(script, connection, numbers, odd, cut);
      case 12 -> connection.pass(Duration.ofMillis(250L * script.u8()));
      case 13 -> connection.reading(script.flag());
      case 14 ->
          connection.send(
              new SnackRequest(script.below(16), lun, tag, script.below(9), 0, 0, script.u8()),
              cut);
      default -> connection.feed(ByteString.fromArray(script.take(script.u8())));
    }
  }

  private static ScsiCommand command(
      Script script, boolean odd, boolean immediate, long lun, int tag, int cmdSn) {
    int flags = script.u8();
    boolean write = (flags & 1) != 0;
    boolean read = odd ? (flags & 2) != 0 : !write;
    boolean last = !write || (flags & 4) == 0;
    int blocks = script.below(16) * ((flags & 0x40) != 0 ? 100 : 1);
    byte[] cdb = cdb(script, (flags & 8) != 0, blocks);
    long expected =
        (flags & 16) != 0 ? script.i32() & 0xFFFF_FFFFL : (long) blocks * SmallDisk.BLOCK;
    int length = (flags & 32) != 0 ? script.u16() : 0;
    byte[] data = Arrays.copyOf(script.take(script.below(32)), length);
    return new ScsiCommand(
        immediate,
        last,
        read,
        write,
        odd ? script.below(5) : 1,
        lun,
        tag,
        expected,
        cmdSn,
        0,
        ByteString.fromArray(cdb),
        0,
        ByteString.fromArray(data));
  }

  private static byte[] cdb(Script script, boolean any, int blocks) {
    if (any) {
      return script.padded(16);
    }
    byte[] cdb = new byte[16];
    int code = script.pick(CODES);
    cdb[0] = (byte) code;
    int first = script.u8() * 8;
    ByteBuffer fields = ByteBuffer.wrap(cdb);
    if (code >> 5 == 4) {
      fields.putLong(2, first).putInt(10, blocks);
    } else if (code >> 5 == 0) {
      fields.put(4, (byte) 255);
    } else if (code == 0x5F) {
      fields.put(1, (byte) script.below(8)).put(2, (byte) script.below(9)).putInt(5, 24);
    } else {
      fields.putInt(2, first).putShort(7, (short) blocks);
    }
    return cdb;
  }

  private static TextRequest text(
      Script script, Numbers numbers, boolean immediate, int tag, int cmdSn) {
    int flags = script.u8();
    int transfer = (flags & 1) != 0 ? numbers.textTag : (flags & 2) != 0 ? script.u8() : -1;
    String keys =
        switch (flags >> 5) {
          case 0 -> "SendTargets=\0";
          case 1 -> "SendTargets=All\0";
          case 2 -> "MaxRecvDataSegmentLength=" + (512 + script.u16()) + "\0";
          case 3 -> "X-com.example.key=" + "v".repeat(script.u8() * 16) + "\0";
          default -> "";
        };
    byte[] data = keys.isEmpty() ? script.take(script.u8()) : keys.getBytes(StandardCharsets.UTF_8);
    return new TextRequest(
        immediate,
        (flags & 4) == 0,
        (flags & 12) == 12,
        0,
        (flags & 16) != 0 ? 3 : tag,
        transfer,
        cmdSn,
        0,
        ByteString.fromArray(data));
  }

  /** What an R2T asks for, as it should be or changed in one way. */
  private static void dataOut(
      Script script, FuzzedConnection connection, Numbers numbers, boolean odd, int cut) {
    int change = odd ? script.u8() : 0;
    if (numbers.asked.isEmpty()) {
      unsolicited(script, connection, numbers, cut);
      return;
    }
    ReadyToTransfer r2t = numbers.asked.remove(script.below(Math.min(256, numbers.asked.size())));
    if ((change & 64) != 0) {
      numbers.asked.add(r2t); // once more, later
    }
    int length = (int) r2t.desiredDataTransferLength();
    int at = 0;
    int dataSn = 0;
    while (at < length && !connection.over()) {
      int part = Math.min(length - at, (change & 1) != 0 ? 512 + script.u16() : 65_536);
      boolean last = at + part == length;
      connection.send(
          new DataOut(
              last != ((change & 2) != 0),
              (change & 4) != 0 ? script.i64() : r2t.lun(),
              (change & 8) != 0 ? script.below(8) : r2t.initiatorTaskTag(),
              (change & 16) != 0 ? script.below(16) : r2t.targetTransferTag(),
              0,
              (change & 32) != 0 ? script.u8() : dataSn++,
              Math.max(0, r2t.bufferOffset() + at + ((change & 128) != 0 ? script.u16() - 999 : 0)),
              ByteString.fromArray(new byte[part])),
          cut);
      at += part;
    }
  }

  private static void unsolicited(
      Script script, FuzzedConnection connection, Numbers numbers, int cut) {
    int tag =
        numbers.commands.isEmpty()
            ? script.u8()
            : numbers.commands.get(numbers.commands.size() - 1).initiatorTaskTag();
    connection.send(
        new DataOut(
            script.flag(),
            0,
            tag,
            -1,
            0,
            script.below(4),
            512L * script.u8(),
            ByteString.fromArray(new byte[512 * script.below(130)])),
        cut);
  }

  /** An exception that nobody foresaw is answered HARDWARE ERROR. */
  private static void assertForeseen(ScsiResponse response) {
    byte[] data = response.data().toArray();
    if (data.length > 4) {
      int key = (data[2] & 0x7F) >= 0x72 ? data[3] & 0x0F : data[4] & 0x0F;
      assertTrue(key != 4, () -> "sense " + java.util.HexFormat.of().formatHex(data));
    }
  }

  /** A host that does nothing wrong gets what it wants, whatever was done before. */
  private static void assertUsable(
      FakeDirectory directory, SessionRegistry registry, SmallDisk disk) {
    Script quiet = new Script(new byte[0]);
    FuzzedConnection good = login(quiet, directory, registry, disk, Harness.INITIATOR + "-good");
    Map<Integer, Integer> statuses = new TreeMap<>();
    int sn = 100;
    // Unit attentions first; then whatever is reserved is cleared.
    for (int i = 0; i < 8; i++) {
      good.send(good(sn++, "03 00 00 00 FC 00", 252, new byte[0]), 48);
    }
    byte[] list = new byte[24];
    list[15] = 77;
    good.send(good(sn++, "5f 06 00 00 00 00 00 00 18 00", 0, list), 48);
    byte[] key = new byte[24];
    key[7] = 77;
    good.send(good(sn++, "5f 03 00 00 00 00 00 00 18 00", 0, key), 48);
    byte[] data = new byte[1024];
    Arrays.fill(data, (byte) 0xA5);
    good.send(good(sn++, "2a 00 00 00 00 05 00 00 02 00", 0, data), 48);
    good.send(good(sn++, "28 00 00 00 00 05 00 00 02 00", 1024, new byte[0]), 48);
    ByteString read = ByteString.emptyByteString();
    for (TargetPdu pdu : good.sent()) {
      if (pdu instanceof ScsiResponse response) {
        statuses.put(response.initiatorTaskTag(), response.status());
      } else if (pdu instanceof DataIn in) {
        assertFalse(in.statusBit() && in.status() != 0);
        statuses.put(in.initiatorTaskTag(), 0);
        read = in.data();
      }
    }
    assertEquals(sn - 100, statuses.size(), "answers");
    assertEquals(0, statuses.get(sn - 2), "status of the write");
    assertEquals(ByteString.fromArray(data), read);
    good.end();
    FuzzedConnection.assertNothingHeld(registry);
  }

  private static ScsiCommand good(int cmdSn, String cdb, int expected, byte[] data) {
    byte[] bytes = java.util.HexFormat.of().parseHex(cdb.replace(" ", ""));
    return new ScsiCommand(
        false,
        true,
        expected > 0,
        data.length > 0,
        1,
        0,
        cmdSn,
        data.length > 0 ? data.length : expected,
        cmdSn,
        0,
        ByteString.fromArray(Arrays.copyOf(bytes, 16)),
        0,
        ByteString.fromArray(data));
  }
}
