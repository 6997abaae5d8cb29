package io.moongate.cli.bench.load;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;

/** PDUs one at a time, over a channel that blocks: what comes before a load, and after it. */
final class Exchange {
  /** Of connecting, and of each answer. */
  static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final int LONGEST = 1 << 18;

  private final Socket socket;
  private final Numbers numbers;
  private final Digest digest = new Digest();
  private boolean digests;

  /** A PDU of the target. */
  record Answer(ByteBuffer header, byte[] data) {
    int opcode() {
      return Bhs.opcode(header, 0);
    }

    int status() {
      return header.get(3) & 0xff;
    }
  }

  Exchange(Socket socket, Numbers numbers) throws IOException {
    this.socket = socket;
    this.numbers = numbers;
    socket.setSoTimeout((int) TIMEOUT.toMillis());
  }

  /** From now on both digests go with each PDU. */
  void useDigests() {
    digests = true;
  }

  /**
   * Sends a PDU.
   *
   * @param header 48 bytes; the length of the data is put in
   */
  void send(ByteBuffer header, byte[] data) throws IOException {
    header.putInt(4, data.length);
    ByteBuffer pdu = ByteBuffer.allocate(Bhs.LENGTH + Bhs.padded(data.length) + 2 * Bhs.DIGEST);
    pdu.put(header.rewind());
    if (digests) {
      pdu.putInt(digest.begin().add(pdu, 0, Bhs.LENGTH).value());
    }
    int from = pdu.position();
    pdu.put(data).position(from + Bhs.padded(data.length));
    if (digests && data.length > 0) {
      pdu.putInt(digest.begin().add(pdu, from, Bhs.padded(data.length)).value());
    }
    socket.getOutputStream().write(pdu.array(), 0, pdu.position());
    socket.getOutputStream().flush();
  }

  /** Receives a PDU; NOP-In is answered, and another one waited for. */
  Answer receive() throws IOException {
    while (true) {
      Answer answer = next();
      int opcode = answer.opcode();
      boolean ping = opcode == Bhs.NOP_IN;
      numbers.heard(answer.header(), 0, counts(answer));
      if (!ping) {
        return answer;
      }
      pong(answer.header());
    }
  }

  private static boolean counts(Answer answer) {
    return switch (answer.opcode()) {
      case Bhs.NOP_IN -> answer.header().getInt(Bhs.TASK_TAG) != Bhs.RESERVED_TAG;
      case Bhs.DATA_IN -> (answer.header().get(1) & Bhs.STATUS_BIT) != 0;
      case Bhs.R2T -> false;
      default -> true;
    };
  }

  private void pong(ByteBuffer ping) throws IOException {
    int transferTag = ping.getInt(Bhs.TRANSFER_TAG);
    if (transferTag == Bhs.RESERVED_TAG) {
      return;
    }
    ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
    Bhs.begin(header, Bhs.NOP_OUT, Bhs.FINAL, 0);
    header.putLong(Bhs.LUN, ping.getLong(Bhs.LUN)).putInt(Bhs.TASK_TAG, Bhs.RESERVED_TAG);
    header.putInt(Bhs.TRANSFER_TAG, transferTag).putInt(Bhs.CMD_SN, numbers.cmdSn);
    send(header.putInt(Bhs.EXP_STAT_SN, numbers.expStatSn), new byte[0]);
  }

  private Answer next() throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
    in.readFully(header.array());
    in.readFully(new byte[Bhs.additional(header, 0) + (digests ? Bhs.DIGEST : 0)]);
    int length = Bhs.dataLength(header, 0);
    if (length > LONGEST) {
      throw new IOException("a data segment of " + length + " bytes, more than was agreed");
    }
    byte[] data = new byte[length];
    in.readFully(data);
    boolean digested = digests && length > 0;
    in.readFully(new byte[Bhs.padded(length) - length + (digested ? Bhs.DIGEST : 0)]);
    return new Answer(header, data);
  }
}
