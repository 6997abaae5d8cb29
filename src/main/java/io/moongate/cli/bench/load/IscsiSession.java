package io.moongate.cli.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** One session of one connection, logged in without CHAP, before and after its load. */
final class IscsiSession {
  /** As hosts offer it. */
  static final int MAX_DATA_SEGMENT = 1 << 18;

  private static final String INITIATOR = "iqn.2026-11.io.moongate:bench";
  private static final int LOGIN_ROUNDS = 8;
  private static final int ATTEMPTS = 200;
  private static final long PAUSE_MS = 50;
  private static final int CAPACITY_LENGTH = 32;

  private final SocketChannel channel;
  private final Numbers numbers = new Numbers();
  private final Exchange exchange;
  private final long lun;
  private final Map<String, String> agreed = new HashMap<>();
  private int taskTag = 1;
  private int blockSize;
  private long capacity;

  private IscsiSession(SocketChannel channel, long lun) throws IOException {
    this.channel = channel;
    this.lun = lun;
    this.exchange = new Exchange(channel.socket(), numbers);
  }

  /** Connects, logs in, and asks the unit for its size. */
  static IscsiSession open(Job.Place place, boolean digests) throws IOException {
    SocketChannel channel = EchoLane.connect(new InetSocketAddress(place.host(), place.port()));
    try {
      IscsiSession session = new IscsiSession(channel, Bhs.lun(place.lun()));
      session.login(place.target(), digests);
      session.readCapacity();
      return session;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void login(String target, boolean digests) throws IOException {
    String digest = digests ? "CRC32C" : "None";
    byte[] keys =
        text(
            List.of(
                "InitiatorName=" + INITIATOR,
                "TargetName=" + target,
                "SessionType=Normal",
                "HeaderDigest=" + digest,
                "DataDigest=" + digest,
                "MaxRecvDataSegmentLength=" + MAX_DATA_SEGMENT,
                "MaxBurstLength=16776192",
                "FirstBurstLength=262144",
                "InitialR2T=Yes",
                "ImmediateData=Yes",
                "MaxOutstandingR2T=1",
                "MaxConnections=1",
                "ErrorRecoveryLevel=0"));
    // ISID of the type "random" (RFC 7143 section 11.12.5): no session reinstates another.
    long isid = 0x800000000000L | ThreadLocalRandom.current().nextLong(1L << 40);
    int tag = taskTag++;
    short tsih = 0;
    for (int round = 0; round < LOGIN_ROUNDS; round++) {
      ByteBuffer header = header(Bhs.LOGIN_REQUEST, 0x87, tag);
      header.putShort(8, (short) (isid >> 32)).putInt(10, (int) isid).putShort(14, tsih);
      exchange.send(header, keys);
      Exchange.Answer answer = exchange.receive();
      require(answer, Bhs.LOGIN_RESPONSE);
      if (answer.header().get(36) != 0) {
        throw new IOException(
            "login refused with status %04x".formatted(answer.header().getShort(36)));
      }
      note(answer.data());
      tsih = answer.header().getShort(14);
      if ((answer.header().get(1) & Bhs.FINAL) != 0) {
        agree(digests);
        return;
      }
      keys = new byte[0];
    }
    throw new IOException("the login came to no end in " + LOGIN_ROUNDS + " rounds");
  }

  private void agree(boolean digests) throws IOException {
    if (!digests) {
      return;
    }
    for (String key : List.of("HeaderDigest", "DataDigest")) {
      if (!"CRC32C".equals(agreed.get(key))) {
        throw new IOException("the target does not agree to " + key + "=CRC32C: " + agreed);
      }
    }
    exchange.useDigests();
  }

  private void note(byte[] data) {
    for (String pair : new String(data, StandardCharsets.UTF_8).split("\0", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        agreed.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
    }
  }

  private static byte[] text(List<String> keys) {
    return (String.join("\0", keys) + "\0").getBytes(StandardCharsets.UTF_8);
  }

  private void readCapacity() throws IOException {
    byte[] cdb = new byte[16];
    cdb[0] = (byte) 0x9e;
    cdb[1] = 0x10;
    cdb[13] = CAPACITY_LENGTH;
    ByteBuffer data = ByteBuffer.wrap(execute(cdb));
    if (data.remaining() < 12) {
      throw new IOException("READ CAPACITY(16) gave %d bytes".formatted(data.remaining()));
    }
    blockSize = data.getInt(8);
    capacity = (data.getLong(0) + 1) * blockSize;
  }

  /** Until it ends GOOD: a unit attention and BUSY are asked again. */
  private byte[] execute(byte[] cdb) throws IOException {
    String last = "";
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      ByteBuffer header = header(Bhs.SCSI_COMMAND, 0xc1, taskTag++);
      header.putInt(20, CAPACITY_LENGTH).position(Bhs.CDB).put(cdb);
      numbers.cmdSn++;
      exchange.send(header, new byte[0]);
      byte[] data = new byte[0];
      while (true) {
        Exchange.Answer answer = exchange.receive();
        if (answer.opcode() == Bhs.DATA_IN) {
          data = answer.data();
          if ((answer.header().get(1) & Bhs.STATUS_BIT) != 0) {
            return data;
          }
        } else {
          require(answer, Bhs.SCSI_RESPONSE);
          if (answer.status() == Bhs.GOOD) {
            return data;
          }
          last =
              "status %02x, sense %s"
                  .formatted(answer.status(), HexFormat.of().formatHex(answer.data()));
          if (!repeatable(answer.status(), answer.data())) {
            throw new IOException("READ CAPACITY(16) ended with " + last);
          }
          pause();
          break;
        }
      }
    }
    throw new IOException("READ CAPACITY(16) ended with " + last + " again and again");
  }

  /** Whether a host sends a command again that ended so. */
  static boolean repeatable(int status, byte[] sense) {
    return status == Bhs.BUSY
        || status == Bhs.TASK_SET_FULL
        || status == Bhs.CHECK_CONDITION && Bhs.senseKey(sense) == Bhs.UNIT_ATTENTION;
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private ByteBuffer header(int opcode, int flags, int tag) {
    ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
    Bhs.begin(header, opcode, flags, 0);
    if (opcode != Bhs.LOGIN_REQUEST) {
      header.putLong(Bhs.LUN, lun);
    }
    header.putInt(Bhs.TASK_TAG, tag).putInt(Bhs.CMD_SN, numbers.cmdSn);
    return header.putInt(Bhs.EXP_STAT_SN, numbers.expStatSn);
  }

  private static void require(Exchange.Answer answer, int opcode) throws IOException {
    if (answer.opcode() != opcode) {
      throw new IOException(
          "opcode 0x%02x where 0x%02x was to come".formatted(answer.opcode(), opcode));
    }
  }

  /** Logs out and closes; the channel must block again. */
  void close() throws IOException {
    try (channel) {
      ByteBuffer header = header(Bhs.LOGOUT_REQUEST, Bhs.FINAL, taskTag++);
      header.putLong(Bhs.LUN, 0);
      numbers.cmdSn++;
      exchange.send(header, new byte[0]);
      require(exchange.receive(), Bhs.LOGOUT_RESPONSE);
    }
  }

  SocketChannel channel() {
    return channel;
  }

  Numbers numbers() {
    return numbers;
  }

  long lun() {
    return lun;
  }

  /** Bytes of the disk. */
  long capacity() {
    return capacity;
  }

  int blockSize() {
    return blockSize;
  }

  /** Bytes of a data segment that the target takes. */
  int maxDataSegment() {
    return number("MaxRecvDataSegmentLength", 8192);
  }

  /** Bytes that a command of so many may bring along. */
  int immediate(int length) {
    if (!"Yes".equals(agreed.getOrDefault("ImmediateData", "Yes"))) {
      return 0;
    }
    return Math.min(length, Math.min(number("FirstBurstLength", 65_536), maxDataSegment()));
  }

  private int number(String key, int otherwise) {
    String value = agreed.get(key);
    return value == null ? otherwise : Integer.parseInt(value);
  }
}
