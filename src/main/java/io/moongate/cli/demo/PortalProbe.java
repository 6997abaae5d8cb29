package io.moongate.cli.demo;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Asks through one portal whether a disk answers: an iSCSI login, TEST UNIT READY, READ
 * CAPACITY(16), INQUIRY of VPD page 83h, logout. It is the smallest initiator that can tell (RFC
 * 7143, one command at a time, no digests), so that the demo can say "ready" on a host without
 * initiator tools.
 */
final class PortalProbe implements AutoCloseable {

  /**
   * @param naa the NAA designator of the logical unit, in hex
   * @param blocks number of blocks
   * @param blockSize bytes
   */
  record Disk(String naa, long blocks, int blockSize) {}

  /** What it expects of the other side when nothing else was negotiated. */
  private static final int MAX_DATA_SEGMENT = 8192;

  private static final int BHS = 48;
  private static final int OP_NOP_IN = 0x20;
  private static final int OP_SCSI_RESPONSE = 0x21;
  private static final int OP_LOGIN_RESPONSE = 0x23;
  private static final int OP_DATA_IN = 0x25;
  private static final int OP_REJECT = 0x3f;
  private static final int GOOD = 0x00;
  private static final int CHECK_CONDITION = 0x02;
  private static final int BUSY = 0x08;
  private static final int UNIT_ATTENTION = 0x06;
  private static final int LOGIN_ROUNDS = 8;
  private static final int ATTEMPTS = 10;
  private static final Duration BUSY_PAUSE = Duration.ofMillis(100);

  private record Pdu(ByteBuffer header, byte[] data) {
    int opcode() {
      return header.get(0) & 0x3f;
    }
  }

  /** How a command ended. */
  private record Outcome(int status, byte[] data, int senseKey, String sense) {}

  private final Socket socket;
  private final DataInputStream in;
  private final int lun;
  private int taskTag = 1;
  private int cmdSn = 1;
  private int expStatSn;

  private PortalProbe(Socket socket, int lun) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.lun = lun;
  }

  /**
   * Asks once.
   *
   * @param timeout of each step
   * @throws IOException with the reason, when the disk does not answer as a disk must
   */
  static Disk ask(String host, int port, String target, String initiator, int lun, Duration timeout)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      socket.setSoTimeout((int) timeout.toMillis());
      socket.setTcpNoDelay(true);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    try (PortalProbe probe = new PortalProbe(socket, lun)) {
      probe.login(target, initiator);
      probe.execute(testUnitReady(), 0);
      byte[] capacity = probe.execute(readCapacity16(32), 32);
      byte[] identification = probe.execute(inquiryDeviceIdentification(255), 255);
      probe.logout();
      if (capacity.length < 12) {
        throw new IOException("READ CAPACITY(16) returned " + capacity.length + " bytes");
      }
      ByteBuffer parameters = ByteBuffer.wrap(capacity);
      return new Disk(
          naa(identification)
              .orElseThrow(() -> new IOException("VPD page 83h has no NAA designator of the LU")),
          parameters.getLong(0) + 1,
          parameters.getInt(8));
    }
  }

  /** SPC-4 7.8.6: the first designator of type NAA that is associated with the logical unit. */
  static Optional<String> naa(byte[] page) {
    int end =
        page.length < 4
            ? 0
            : Math.min(page.length, 4 + (ByteBuffer.wrap(page).getShort(2) & 0xffff));
    for (int at = 4; at + 4 <= end; at += 4 + (page[at + 3] & 0xff)) {
      int length = page[at + 3] & 0xff;
      int association = (page[at + 1] >> 4) & 0x3;
      int type = page[at + 1] & 0xf;
      if (association == 0 && type == 3 && at + 4 + length <= end) {
        return Optional.of(HexFormat.of().formatHex(page, at + 4, at + 4 + length));
      }
    }
    return Optional.empty();
  }

  private void login(String target, String initiator) throws IOException {
    byte[] keys =
        String.join(
                "\0",
                "InitiatorName=" + initiator,
                "TargetName=" + target,
                "SessionType=Normal",
                "HeaderDigest=None",
                "DataDigest=None",
                "MaxRecvDataSegmentLength=" + MAX_DATA_SEGMENT,
                "")
            .getBytes(StandardCharsets.UTF_8);
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
      int statusClass = answer.header().get(36);
      if (statusClass != 0) {
        throw new IOException(
            "login refused with status %02x%02x".formatted(statusClass, answer.header().get(37)));
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

  private void logout() throws IOException {
    ByteBuffer header = header(0x46, 0x80);
    header.putInt(16, taskTag++).putInt(24, cmdSn).putInt(28, expStatSn);
    send(header, new byte[0]);
    receive();
  }

  /**
   * Executes a command until it ends GOOD: a unit attention or BUSY is asked again, as every
   * initiator does.
   */
  private byte[] execute(byte[] cdb, int length) throws IOException {
    Outcome outcome = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      outcome = once(cdb, length);
      if (outcome.status() == GOOD) {
        return outcome.data();
      }
      if (outcome.status() == BUSY) {
        Deadline.pause(BUSY_PAUSE);
      } else if (outcome.status() != CHECK_CONDITION || outcome.senseKey() != UNIT_ATTENTION) {
        break;
      }
    }
    throw new IOException(
        "command %02x ended with status %02x, sense %s"
            .formatted(cdb[0] & 0xff, outcome.status(), outcome.sense()));
  }

  private Outcome once(byte[] cdb, int length) throws IOException {
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

  /** The sense key of sense data that follows its 2-byte length, in either format (SPC-4 4.5). */
  static int senseKey(byte[] segment) {
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

  private static byte[] testUnitReady() {
    return new byte[16];
  }

  /** SBC-3 5.15. */
  private static byte[] readCapacity16(int allocation) {
    return ByteBuffer.allocate(16).put((byte) 0x9e).put((byte) 0x10).putInt(10, allocation).array();
  }

  /** SPC-4 6.6, EVPD set, page 83h. */
  private static byte[] inquiryDeviceIdentification(int allocation) {
    return ByteBuffer.allocate(16)
        .put((byte) 0x12)
        .put((byte) 0x01)
        .put((byte) 0x83)
        .putShort(3, (short) allocation)
        .array();
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
