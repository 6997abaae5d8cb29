package io.moongate.doctor;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A portal that answers discovery, and of a disk what it is told to answer. */
final class FakePortal implements AutoCloseable {
  private static final int BHS = 48;

  private final ServerSocket server;

  /** What it says, changed by a test before it is asked. */
  volatile List<String> discovered = List.of();

  volatile Map<String, List<Integer>> luns = Map.of();
  volatile int loginStatus;
  volatile String naa = "3000000000000001";
  volatile int portGroup = 1;
  volatile Map<Integer, Integer> states = Map.of();

  FakePortal() throws IOException {
    server = new ServerSocket(0, 16, InetAddress.getByName("127.0.0.1"));
    Thread accepting = new Thread(this::accept, "fake portal");
    accepting.setDaemon(true);
    accepting.start();
  }

  String address() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        Thread serving = new Thread(() -> serve(socket), "fake connection");
        serving.setDaemon(true);
        serving.start();
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      String target = "";
      while (true) {
        byte[] header = in.readNBytes(BHS);
        if (header.length < BHS) {
          return;
        }
        int length = (header[5] & 0xff) << 16 | (header[6] & 0xff) << 8 | header[7] & 0xff;
        byte[] data = in.readNBytes(length);
        in.readNBytes(-length & 3);
        ByteBuffer request = ByteBuffer.wrap(header);
        switch (header[0] & 0x3f) {
          case 0x03 -> {
            String keys = new String(data, StandardCharsets.UTF_8);
            target = keys.replaceFirst("(?s).*TargetName=([^\0]*).*", "$1");
            boolean discovery = keys.contains("SessionType=Discovery");
            ByteBuffer answer = answer(0x23, 0x87, request);
            answer.putShort(36, (short) (discovery ? 0 : loginStatus));
            send(socket, answer, new byte[0]);
          }
          case 0x04 -> {
            StringBuilder all = new StringBuilder();
            discovered.forEach(name -> all.append("TargetName=").append(name).append('\0'));
            send(
                socket,
                answer(0x24, 0x80, request),
                all.toString().getBytes(StandardCharsets.UTF_8));
          }
          case 0x01 -> {
            // Data-In with the status in it (RFC 7143 section 11.7).
            byte[] result = result(target, header);
            send(socket, answer(0x25, 0x81, request), result);
          }
          default -> {
            send(socket, answer(0x26, 0x80, request), new byte[0]);
            return;
          }
        }
      }
    } catch (IOException gone) {
      // So is the initiator.
    }
  }

  private static ByteBuffer answer(int opcode, int flags, ByteBuffer request) {
    ByteBuffer answer = ByteBuffer.allocate(BHS);
    answer.put(0, (byte) opcode).put(1, (byte) flags);
    answer.putInt(16, request.getInt(16)).putInt(20, -1).putInt(24, 1);
    return answer;
  }

  private static void send(Socket socket, ByteBuffer header, byte[] data) throws IOException {
    if (header.get(0) == 0x25) {
      header.putInt(40, 0);
    }
    header.put(5, (byte) (data.length >> 16)).putShort(6, (short) data.length);
    ByteBuffer pdu = ByteBuffer.allocate(BHS + (data.length + 3 & ~3));
    pdu.put(header.rewind()).put(data);
    socket.getOutputStream().write(pdu.array());
    socket.getOutputStream().flush();
  }

  private byte[] result(String target, byte[] command) {
    return switch (command[32] & 0xff) {
      case 0xa0 -> {
        List<Integer> all = luns.getOrDefault(target, List.of());
        ByteBuffer list = ByteBuffer.allocate(8 + 8 * all.size()).putInt(8 * all.size()).putInt(0);
        all.forEach(lun -> list.putLong((long) lun << 48));
        yield list.array();
      }
      case 0x12 -> {
        byte[] id = java.util.HexFormat.of().parseHex(naa);
        ByteBuffer page = ByteBuffer.allocate(4 + 4 + id.length + 8);
        page.put((byte) 0).put((byte) 0x83).putShort((short) (page.capacity() - 4));
        page.put((byte) 1).put((byte) 3).put((byte) 0).put((byte) id.length).put(id);
        page.put((byte) 1).put((byte) 0x15).put((byte) 0).put((byte) 4).putInt(portGroup);
        yield page.array();
      }
      case 0xa3 -> {
        ByteBuffer groups = ByteBuffer.allocate(4 + 12 * states.size()).putInt(12 * states.size());
        states.forEach(
            (group, state) ->
                groups
                    .put((byte) (int) state)
                    .put((byte) 0x8f)
                    .putShort((short) (int) group)
                    .put((byte) 0)
                    .put((byte) 0)
                    .put((byte) 0)
                    .put((byte) 1)
                    .putInt(group));
        yield groups.array();
      }
      default -> new byte[0];
    };
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
