package io.moongate.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.probe.Inquiries;
import io.moongate.cli.probe.IscsiSession;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The smallest initiator, against a target that answers by script. */
@Timeout(60)
class PortalProbeTest {

  private static final String NAA = "3f354f7879378850";
  private static final byte[] GOOD_CAPACITY = capacity(2097152, 512);

  /** What the scripted target does with one SCSI command. */
  private sealed interface Step {
    record Data(byte[] bytes) implements Step {}

    record Status(int status, byte[] sense) implements Step {}

    record Ping() implements Step {}

    record Close() implements Step {}
  }

  private static final Step OK = new Step.Status(0, new byte[0]);

  @Test
  void readsWhatADiskIs() throws Exception {
    PortalProbe.Disk disk =
        ask(0x0000, OK, new Step.Data(GOOD_CAPACITY), new Step.Data(page83(NAA)));
    assertEquals(new PortalProbe.Disk(NAA, 2097152, 512), disk);
  }

  @Test
  void asksAgainAfterUnitAttentionAndBusyAndAnswersPings() throws Exception {
    Step unitAttention =
        new Step.Status(2, HexFormat.of().parseHex("0012700006000000000a00000000290000000000"));
    PortalProbe.Disk disk =
        ask(
            0x0000,
            unitAttention,
            new Step.Status(8, new byte[0]),
            new Step.Ping(),
            OK,
            new Step.Data(GOOD_CAPACITY),
            new Step.Data(page83(NAA)));
    assertEquals(NAA, disk.naa());
  }

  @Test
  void sayWhatWentWrong() {
    IOException refused = assertThrows(IOException.class, () -> ask(0x0203));
    assertTrue(refused.getMessage().contains("0203"), refused.getMessage());
    Step notReady =
        new Step.Status(2, HexFormat.of().parseHex("0012700002000000000a00000000040c00000000"));
    IOException failed = assertThrows(IOException.class, () -> ask(0x0000, notReady));
    assertTrue(failed.getMessage().contains("040c"), failed.getMessage());
    IOException closed = assertThrows(IOException.class, () -> ask(0x0000, new Step.Close()));
    assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
    Step tooMuch = new Step.Data(new byte[64]);
    assertThrows(IOException.class, () -> ask(0x0000, OK, tooMuch));
  }

  @Test
  void naaIsTheOneOfTheLogicalUnit() {
    assertEquals(Optional.of(NAA), Inquiries.naa(page83(NAA)));
    byte[] ofPort = page83(NAA);
    ofPort[4 + 8 + 1] |= 0x10;
    assertEquals(Optional.empty(), Inquiries.naa(ofPort));
    assertEquals(Optional.empty(), Inquiries.naa(new byte[0]));
    assertEquals(Optional.empty(), Inquiries.naa(HexFormat.of().parseHex("0083000801030008aabb")));
  }

  @Test
  void senseKeyInBothFormats() {
    assertEquals(6, IscsiSession.senseKey(HexFormat.of().parseHex("00127000060000")));
    assertEquals(5, IscsiSession.senseKey(HexFormat.of().parseHex("0008720525000000")));
    assertEquals(0, IscsiSession.senseKey(new byte[0]));
  }

  private static PortalProbe.Disk ask(int loginStatus, Step... steps) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> target =
          CompletableFuture.runAsync(
              () -> {
                try (Socket socket = server.accept()) {
                  serve(socket, loginStatus, steps);
                } catch (IOException e) {
                  // The probe hung up, as it may when it has seen enough.
                }
              });
      try {
        return PortalProbe.ask(
            server.getInetAddress().getHostAddress(),
            server.getLocalPort(),
            "iqn.x:t",
            "iqn.x:i",
            0,
            Duration.ofSeconds(20));
      } finally {
        target.join();
      }
    }
  }

  private static void serve(Socket socket, int loginStatus, Step... steps) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    OutputStream out = socket.getOutputStream();
    Deque<Step> script = new ArrayDeque<>(java.util.List.of(steps));
    int statSn = 100;
    while (true) {
      byte[] header = new byte[48];
      in.readFully(header);
      int length = (header[5] & 0xff) << 16 | (header[6] & 0xff) << 8 | (header[7] & 0xff);
      byte[] data = new byte[(length + 3) & ~3];
      in.readFully(data);
      int tag = ByteBuffer.wrap(header).getInt(16);
      switch (header[0] & 0x3f) {
        case 0x03 -> {
          String keys = new String(data, StandardCharsets.UTF_8);
          boolean complete = keys.contains("TargetName=iqn.x:t\0") && (header[1] & 0x87) == 0x87;
          ByteBuffer answer = answer(0x23, 0x87, tag, statSn++);
          answer.putShort(36, (short) (complete ? loginStatus : 0x0207));
          write(out, answer, new byte[0]);
        }
        case 0x06 -> {
          write(out, answer(0x26, 0x80, tag, statSn++), new byte[0]);
          return;
        }
        case 0x01 -> {
          Step step = script.pop();
          if (step instanceof Step.Ping) {
            ByteBuffer ping = answer(0x20, 0x80, -1, statSn);
            write(out, ping.putInt(20, 77), new byte[0]);
            in.readFully(header);
            if ((header[0] & 0x3f) != 0 || ByteBuffer.wrap(header).getInt(20) != 77) {
              return;
            }
            step = script.pop();
          }
          if (step instanceof Step.Data sent) {
            ByteBuffer answer = answer(0x25, 0x81, tag, statSn++);
            write(out, answer, sent.bytes());
          } else if (step instanceof Step.Status status) {
            ByteBuffer answer = answer(0x21, 0x80, tag, statSn++);
            answer.put(3, (byte) status.status());
            write(out, answer, status.sense());
          } else {
            return;
          }
        }
        default -> {
          return;
        }
      }
    }
  }

  private static ByteBuffer answer(int opcode, int flags, int tag, int statSn) {
    return ByteBuffer.allocate(48)
        .put(0, (byte) opcode)
        .put(1, (byte) flags)
        .putInt(16, tag)
        .putInt(24, statSn);
  }

  private static void write(OutputStream out, ByteBuffer header, byte[] data) throws IOException {
    header.putShort(6, (short) data.length);
    out.write(header.array());
    out.write(data);
    out.write(new byte[((data.length + 3) & ~3) - data.length]);
    out.flush();
  }

  private static byte[] capacity(long blocks, int blockSize) {
    return ByteBuffer.allocate(32).putLong(blocks - 1).putInt(blockSize).array();
  }

  /** A T10 vendor designator, then the NAA designator. */
  private static byte[] page83(String naa) {
    byte[] id = HexFormat.of().parseHex(naa);
    ByteBuffer page = ByteBuffer.allocate(4 + 8 + 4 + id.length);
    page.put((byte) 0).put((byte) 0x83).putShort((short) (8 + 4 + id.length));
    page.put(new byte[] {2, 1, 0, 4, 'T', 'E', 'S', 'T'});
    page.put(new byte[] {1, 3, 0, (byte) id.length}).put(id);
    return page.array();
  }
}
