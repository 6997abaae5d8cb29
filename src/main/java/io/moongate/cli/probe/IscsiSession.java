package io.moongate.cli.probe;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * One iSCSI session of one connection (RFC 7143): login without CHAP and without digests, one
 * command at a time, logout.
 */
public final class IscsiSession implements AutoCloseable {

  /** A login that the target refused. */
  public static final class LoginRefused extends IOException {
    private static final long serialVersionUID = 1L;
    private final int status;

    LoginRefused(int status) {
      super("login refused with status %04x".formatted(status), null);
      this.status = status;
    }

    /** Status class and detail (RFC 7143 section 11.13.5), as in 0x0202. */
    public int status() {
      return status;
    }
  }

  /** What it expects of the other side when nothing else was negotiated. */
  private static final int MAX_DATA_SEGMENT = 8192;

  private static final int BHS = 48;
  private static final int OP_NOP_IN = 0x20;
  private static final int OP_SCSI_RESPONSE = 0x21;
  private static final int OP_LOGIN_RESPONSE = 0x23;
  private static final int OP_TEXT_RESPONSE = 0x24;
  private static final int OP_DATA_IN = 0x25;
  private static final int OP_REJECT = 0x3f;
  private static final int GOOD = 0x00;
  private static final int CHECK_CONDITION = 0x02;
  private static final int BUSY = 0x08;
  private static final int UNIT_ATTENTION = 0x06;
  private static final int LOGIN_ROUNDS = 8;
  private static final int TEXT_ROUNDS = 1024;
  private static final int ATTEMPTS = 10;
  private static final long BUSY_PAUSE_MS = 100;

  private record Pdu(ByteBuffer header, byte[] data) {
    int opcode() {
      return header.get(0) & 0x3f;
    }
  }

  /** How a command ended. */
  private record Outcome(int status, byte[] data, int senseKey, String sense) {}

  private final Socket socket;
  private final DataInputStream in;
  private int taskTag = 1;
  private int cmdSn = 1;
  private int expStatSn;

  private IscsiSession(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
  }

  /**
   * Connects.
   *
   * @param timeout of connecting and of each answer
   */
  public static IscsiSession connect(String host, int port, Duration timeout) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      socket.setSoTimeout((int) timeout.toMillis());
      socket.setTcpNoDelay(true);
      return new IscsiSession(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Logs in to a target. */
  public void login(String target, String initiator) throws IOException {
    login(List.of("InitiatorName=" + initiator, "TargetName=" + target, "SessionType=Normal"));
  }

  /** Logs in for discovery. */
  public void discovery(String initiator) throws IOException {
    login(List.of("InitiatorName=" + initiator, "SessionType=Discovery"));
  }

  private void login(List<String> names) throws IOException {
    List<String> offered = new ArrayList<>(names);
    offered.add("HeaderDigest=None");
    offered.add("DataDigest=None");
    offered.add("MaxRecvDataSegmentLength=" + MAX_DATA_SEGMENT);
    byte[] keys = text(offered);
    int tag = taskTag++;
    // ISID of the type "random" (RFC 7143 11.12.5), so that two probes never reinstate one
    // another's session.
    long isid = 0x800000000000L | ThreadLocalRandom.current().nextLong(1L << 40);
    short tsih = 0;
    for (int round = 0; round < LOGIN_ROUNDS; round++) {
      ByteBuffer header = header(0x43, 0x87);
      header.putShort(8, (short) (isid >> 32)).putInt(10, (int) isid).putShort(14, tsih);
      header.putInt(16, tag).putInt(24, cmdSn).putInt(28, expStatSn);
      send(header, keys);
      Pdu answer = receive();
      if (answer.opcode() != OP_LOGIN_RESPONSE) {
        throw new IOException("opcode 0x%02x in answer to a login".formatted(answer.opcode()));
      }
      int statusClass = answer.header().get(36) & 0xff;
      if (statusClass != 0) {
        throw new LoginRefused(statusClass << 8 | answer.header().get(37) & 0xff);
      }
      expStatSn = answer.header().getInt(24) + 1;
      tsih = answer.header().getShort(14);
      if ((answer.header().get(1) & 0x80) != 0) {
        return;
      }
      keys = new byte[0];
    }
    throw new IOException("the login came to no end in " + LOGIN_ROUNDS + " rounds");
  }

  private static byte[] text(List<String> keys) {
    return (String.join("\0", keys) + "\0").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The targets that this initiator may log in to, each with its addresses as {@code
   * address:port,tag} (RFC 7143 section 13.3, 13.8); of a discovery session.
   */
  public Map<String, List<String>> sendTargets() throws IOException {
    StringBuilder answer = new StringBuilder();
    byte[] keys = text(List.of("SendTargets=All"));
    int tag = taskTag++;
    int transferTag = -1;
    for (int round = 0; round < TEXT_ROUNDS; round++) {
      ByteBuffer header = header(0x44, 0x80);
      header.putInt(16, tag).putInt(20, transferTag).putInt(24, cmdSn).putInt(28, expStatSn);
      send(header, keys);
      Pdu pdu = receive();
      while (pdu.opcode() == OP_NOP_IN) {
        answerPing(pdu);
        pdu = receive();
      }
      if (pdu.opcode() != OP_TEXT_RESPONSE) {
        throw new IOException("opcode 0x%02x in answer to SendTargets".formatted(pdu.opcode()));
      }
      expStatSn = pdu.header().getInt(24) + 1;
      answer.append(new String(pdu.data(), StandardCharsets.UTF_8));
      if ((pdu.header().get(1) & 0x80) != 0) {
        return targets(answer.toString());
      }
      transferTag = pdu.header().getInt(20);
      keys = new byte[0];
    }
    throw new IOException("the answer to SendTargets came to no end");
  }

  private static Map<String, List<String>> targets(String answer) {
    Map<String, List<String>> targets = new LinkedHashMap<>();
    List<String> addresses = new ArrayList<>();
    for (String key : answer.split("\0", -1)) {
      if (key.startsWith("TargetName=")) {
        addresses = new ArrayList<>();
        targets.put(key.substring("TargetName=".length()), addresses);
      } else if (key.startsWith("TargetAddress=")) {
        addresses.add(key.substring("TargetAddress=".length()));
      }
    }
    return targets;
  }

  /** Logs out; the target closes the connection. */
  public void logout() throws IOException {
    ByteBuffer header = header(0x46, 0x80);
    header.putInt(16, taskTag++).putInt(24, cmdSn).putInt(28, expStatSn);
    send(header, new byte[0]);
    receive();
  }

  /**
   * Executes a command that reads, until it ends GOOD: a unit attention or BUSY is asked again, as
   * every initiator does.
   */
  public byte[] execute(int lun, byte[] cdb, int length) throws IOException {
    Outcome outcome = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      outcome = once(lun, cdb, length);
      if (outcome.status() == GOOD) {
        return outcome.data();
      }
      if (outcome.status() == BUSY) {
        pause();
      } else if (outcome.status() != CHECK_CONDITION || outcome.senseKey() != UNIT_ATTENTION) {
        break;
      }
    }
    throw new IOException(
        "command %02x ended with status %02x, sense %s"
            .formatted(cdb[0] & 0xff, outcome.status(), outcome.sense()));
  }

  private Outcome once(int lun, byte[] cdb, int length) throws IOException {
    int tag = taskTag++;
    ByteBuffer header = header(0x01, length > 0 ? 0xc1 : 0x81);
    // SAM-5 4.7.7: peripheral device addressing below 256, flat space addressing above.
    header.putShort(8, (short) (lun < 256 ? lun : 0x4000 | lun));
    header.putInt(16, tag).putInt(20, length).putInt(24, cmdSn++).putInt(28, expStatSn);
    header.position(32).put(cdb).rewind();
    send(header, new byte[0]);
    ByteBuffer data = ByteBuffer.allocate(length);
    while (true) {
      Pdu pdu = receive();
      switch (pdu.opcode()) {
        case OP_DATA_IN -> {
          int offset = pdu.header().getInt(40);
          if (offset != data.position() || pdu.data().length > data.remaining()) {
            throw new IOException(
                "%d bytes at offset %d of a transfer of %d that has %d"
                    .formatted(pdu.data().length, offset, length, data.position()));
          }
          data.put(pdu.data());
          if ((pdu.header().get(1) & 0x01) != 0) {
            expStatSn = pdu.header().getInt(24) + 1;
            return new Outcome(pdu.header().get(3) & 0xff, taken(data), 0, "none");
          }
        }
        case OP_SCSI_RESPONSE -> {
          expStatSn = pdu.header().getInt(24) + 1;
          byte[] sense = pdu.data();
          return new Outcome(
              pdu.header().get(3) & 0xff,
              taken(data),
              senseKey(sense),
              HexFormat.of().formatHex(sense));
        }
        case OP_NOP_IN -> answerPing(pdu);
        case OP_REJECT ->
            throw new IOException("rejected, reason 0x%02x".formatted(pdu.header().get(2)));
        default -> throw new IOException("opcode 0x%02x unasked for".formatted(pdu.opcode()));
      }
    }
  }

  private void answerPing(Pdu ping) throws IOException {
    int transferTag = ping.header().getInt(20);
    if (transferTag == -1) {
      return;
    }
    ByteBuffer header = header(0x40, 0x80);
    header.putLong(8, ping.header().getLong(8));
    header.putInt(16, -1).putInt(20, transferTag).putInt(24, cmdSn).putInt(28, expStatSn);
    send(header, ping.data());
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(BUSY_PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** The sense key of sense data that follows its 2-byte length, in either format (SPC-4 4.5). */
  public static int senseKey(byte[] segment) {
    if (segment.length < 5) {
      return 0;
    }
    boolean descriptor = (segment[2] & 0x7f) >= 0x72;
    return segment[descriptor ? 3 : 4] & 0xf;
  }

  private static byte[] taken(ByteBuffer data) {
    byte[] bytes = new byte[data.position()];
    data.flip().get(bytes);
    return bytes;
  }

  private static ByteBuffer header(int opcode, int flags) {
    return ByteBuffer.allocate(BHS).put(0, (byte) opcode).put(1, (byte) flags);
  }

  private void send(ByteBuffer header, byte[] data) throws IOException {
    header.put(5, (byte) (data.length >> 16)).putShort(6, (short) data.length);
    ByteBuffer pdu = ByteBuffer.allocate(BHS + padded(data.length));
    pdu.put(header.rewind()).put(data);
    socket.getOutputStream().write(pdu.array());
    socket.getOutputStream().flush();
  }

  private Pdu receive() throws IOException {
    byte[] header = new byte[BHS];
    try {
      in.readFully(header);
      int ahs = (header[4] & 0xff) * 4;
      int length = (header[5] & 0xff) << 16 | (header[6] & 0xff) << 8 | (header[7] & 0xff);
      if (length > MAX_DATA_SEGMENT) {
        throw new IOException("a data segment of " + length + " bytes, more than was agreed");
      }
      in.readFully(new byte[ahs]);
      byte[] data = new byte[length];
      in.readFully(data);
      in.readFully(new byte[padded(length) - length]);
      return new Pdu(ByteBuffer.wrap(header), data);
    } catch (EOFException e) {
      throw new IOException("the gateway closed the connection", e);
    }
  }

  private static int padded(int length) {
    return (length + 3) & ~3;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
