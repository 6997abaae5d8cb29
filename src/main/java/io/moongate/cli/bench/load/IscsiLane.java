package io.moongate.cli.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HexFormat;

/** A session of one connection under load: READ(16) and WRITE(16). */
final class IscsiLane extends Lane {
  /** Each 512 bytes that are written begin with where they are, so that a read can be checked. */
  private static final int SECTOR = 512;

  private static final int MARK = 8;
  private static final long BUSY_NANOS = 1_000_000;
  private static final int MOST_SENSE = 512;

  /** Data that was asked for: from one byte of the operation to another. */
  private static final class Burst {
    final Slot slot;
    final int transferTag;
    final long lun;
    final int end;
    int at;
    int dataSn;

    Burst(Slot slot, int transferTag, long lun, int at, int end) {
      this.slot = slot;
      this.transferTag = transferTag;
      this.lun = lun;
      this.at = at;
      this.end = end;
    }
  }

  private final IscsiSession session;
  private final Numbers numbers;
  private final int size;
  private final int immediate;
  private final int segment;
  private final boolean digests;
  private final boolean verify;
  private final Digest digest = new Digest();
  private final Digest arriving = new Digest();
  private final ArrayDeque<Burst> bursts = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> pings = new ArrayDeque<>();

  // The PDU that is being received.
  private final ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
  private boolean inData;
  private int dataLength;
  private int left;
  private int checked;
  private byte[] kept = new byte[0];

  /**
   * @param bytes of the wire's buffers: a data segment and its command fit in one
   */
  IscsiLane(
      IscsiSession session,
      Wire wire,
      int bytes,
      Job job,
      Places places,
      Supply supply,
      Tally tally) {
    super(wire, job.shape(), places, supply, tally);
    this.session = session;
    this.numbers = session.numbers();
    this.size = job.shape().size();
    this.digests = job.shape().digests();
    this.verify = job.verify();
    int most = Math.min(bytes / 2, IscsiSession.MAX_DATA_SEGMENT);
    this.segment = Math.min(session.maxDataSegment(), most) / SECTOR * SECTOR;
    this.immediate = Math.min(session.immediate(size), most) / SECTOR * SECTOR;
  }

  @Override
  boolean mayBegin() {
    return numbers.open();
  }

  @Override
  int commandLength() {
    return Bhs.LENGTH + immediate + 2 * Bhs.DIGEST;
  }

  @Override
  void encodeCommand(Slot slot) {
    ByteBuffer out = wire().out();
    int along = slot.read ? 0 : immediate;
    // F, R or W, and the task attribute SIMPLE.
    int at = Bhs.begin(out, Bhs.SCSI_COMMAND, slot.read ? 0xc1 : 0xa1, along);
    out.putLong(at + Bhs.LUN, session.lun()).putInt(at + Bhs.TASK_TAG, slot.index);
    out.putInt(at + 20, size).putInt(at + Bhs.CMD_SN, numbers.cmdSn++);
    out.putInt(at + Bhs.EXP_STAT_SN, numbers.expStatSn);
    out.put(at + Bhs.CDB, (byte) (slot.read ? 0x88 : 0x8a));
    out.putLong(at + Bhs.CDB + 2, slot.offset / session.blockSize());
    out.putInt(at + Bhs.CDB + 10, size / session.blockSize());
    finish(at, slot.offset, along);
  }

  /** Puts digests and data behind the header that begins there. */
  private void finish(int at, long offset, int length) {
    ByteBuffer out = wire().out();
    if (digests) {
      out.putInt(digest.begin().add(out, at, Bhs.LENGTH).value());
    }
    if (length == 0) {
      return;
    }
    int from = out.position();
    fill(out, length);
    for (int sector = 0; sector + MARK <= length; sector += SECTOR) {
      out.putLong(from + sector, (offset + sector) / SECTOR);
    }
    if (digests) {
      // Lengths are multiples of 512: nothing is padded.
      out.putInt(digest.begin().add(out, from, length).value());
    }
  }

  @Override
  boolean encodeOwed() {
    if (!pings.isEmpty()) {
      return room(Bhs.LENGTH + Bhs.DIGEST) && pong(pings.remove());
    }
    Burst burst = bursts.peek();
    if (burst == null || !room(Bhs.LENGTH + segment + 2 * Bhs.DIGEST)) {
      return false;
    }
    int length = Math.min(segment, burst.end - burst.at);
    boolean last = burst.at + length == burst.end;
    ByteBuffer out = wire().out();
    int at = Bhs.begin(out, Bhs.DATA_OUT, last ? Bhs.FINAL : 0, length);
    out.putLong(at + Bhs.LUN, burst.lun).putInt(at + Bhs.TASK_TAG, burst.slot.index);
    out.putInt(at + Bhs.TRANSFER_TAG, burst.transferTag);
    out.putInt(at + Bhs.EXP_STAT_SN, numbers.expStatSn);
    out.putInt(at + Bhs.DATA_SN, burst.dataSn++).putInt(at + Bhs.OFFSET, burst.at);
    finish(at, burst.slot.offset + burst.at, length);
    burst.at += length;
    if (last) {
      bursts.remove();
    }
    return true;
  }

  private boolean pong(ByteBuffer ping) {
    ByteBuffer out = wire().out();
    int at = Bhs.begin(out, Bhs.NOP_OUT, Bhs.FINAL, 0);
    out.putLong(at + Bhs.LUN, ping.getLong(Bhs.LUN)).putInt(at + Bhs.TASK_TAG, Bhs.RESERVED_TAG);
    out.putInt(at + Bhs.TRANSFER_TAG, ping.getInt(Bhs.TRANSFER_TAG));
    out.putInt(at + Bhs.CMD_SN, numbers.cmdSn).putInt(at + Bhs.EXP_STAT_SN, numbers.expStatSn);
    finish(at, 0, 0);
    return true;
  }

  @Override
  void consume(ByteBuffer received) throws IOException {
    boolean taken = true;
    while (taken) {
      taken = inData ? data(received) : head(received);
    }
  }

  /** Takes a header; false when there is none yet. */
  private boolean head(ByteBuffer received) throws IOException {
    int at = received.position();
    if (received.remaining() < Bhs.LENGTH) {
      return false;
    }
    int additional = Bhs.additional(received, at);
    int length = Bhs.LENGTH + additional + (digests ? Bhs.DIGEST : 0);
    if (received.remaining() < length) {
      return false;
    }
    if (digests) {
      int covered = Bhs.LENGTH + additional;
      require(at + covered, digest.begin().add(received, at, covered), received, "header");
    }
    received.get(at, header.array());
    received.position(at + length);
    dataLength = Bhs.dataLength(header, 0);
    if (dataLength > IscsiSession.MAX_DATA_SEGMENT) {
      throw new IOException("a data segment of %d bytes".formatted(dataLength));
    }
    left = Bhs.padded(dataLength);
    checked = 0;
    boolean text = opcode() != Bhs.DATA_IN && dataLength > 0;
    kept = text ? new byte[Math.min(dataLength, MOST_SENSE)] : kept;
    inData = left > 0;
    arriving.begin();
    if (!inData) {
      arrived();
    }
    return true;
  }

  /** Takes some of a data segment; false when it is not complete. */
  private boolean data(ByteBuffer received) throws IOException {
    int step = Math.min(left, received.remaining());
    int at = received.position();
    if (digests) {
      arriving.add(received, at, step);
    }
    if (opcode() != Bhs.DATA_IN) {
      int take = Math.min(step, kept.length - checked);
      if (take > 0) {
        received.get(at, kept, checked, take);
      }
    } else if (verify) {
      check(received, at, Math.min(step, dataLength - checked));
    }
    received.position(at + step);
    checked += step;
    left -= step;
    if (left > 0) {
      return false;
    }
    if (digests) {
      if (received.remaining() < Bhs.DIGEST) {
        return false;
      }
      require(received.position(), arriving, received, "data");
      received.position(received.position() + Bhs.DIGEST);
    }
    inData = false;
    arrived();
    return true;
  }

  private static void require(int at, Digest digest, ByteBuffer received, String what)
      throws IOException {
    if (received.getInt(at) != digest.value()) {
      throw new IOException("the %s digest is wrong".formatted(what));
    }
  }

  /** Looks at those bytes that say where their sector is. */
  private void check(ByteBuffer received, int at, int length) throws IOException {
    Slot slot = slot(header.getInt(Bhs.TASK_TAG));
    long first = slot.offset + header.getInt(Bhs.OFFSET) + checked;
    for (int i = 0; i < length; ) {
      int within = (int) ((first + i) % SECTOR);
      if (within >= MARK) {
        i += SECTOR - within;
        continue;
      }
      long sector = (first + i) / SECTOR;
      byte expected = (byte) (sector >>> (MARK - 1 - within) * 8);
      if (received.get(at + i) != expected) {
        throw new IOException(
            "sector %d has not what was written there: byte %d is 0x%02x and not 0x%02x"
                .formatted(sector, within, received.get(at + i), expected));
      }
      i++;
    }
  }

  private int opcode() {
    return Bhs.opcode(header, 0);
  }

  /** A whole PDU is there. */
  private void arrived() throws IOException {
    int opcode = opcode();
    int tag = header.getInt(Bhs.TASK_TAG);
    boolean status = (header.get(1) & Bhs.STATUS_BIT) != 0;
    numbers.heard(header, 0, opcode == Bhs.SCSI_RESPONSE || opcode == Bhs.DATA_IN && status);
    switch (opcode) {
      case Bhs.DATA_IN -> {
        Slot slot = slot(tag);
        slot.received += dataLength;
        if (status) {
          ended(slot, header.get(3) & 0xff, new byte[0]);
        }
      }
      case Bhs.SCSI_RESPONSE -> {
        if (header.get(2) != 0) {
          throw new IOException("iSCSI response 0x%02x".formatted(header.get(2)));
        }
        ended(slot(tag), header.get(3) & 0xff, dataLength == 0 ? new byte[0] : kept);
      }
      case Bhs.R2T -> askedFor(slot(tag));
      case Bhs.NOP_IN -> {
        if (header.getInt(Bhs.TRANSFER_TAG) != Bhs.RESERVED_TAG) {
          pings.add(ByteBuffer.wrap(header.array().clone()));
        }
      }
      case Bhs.ASYNC_MESSAGE ->
          throw new IOException("asynchronous message, event %d".formatted(header.get(36)));
      case Bhs.REJECT -> throw new IOException("rejected, reason 0x%02x".formatted(header.get(2)));
      default -> throw new IOException("opcode 0x%02x unasked for".formatted(opcode));
    }
  }

  private void askedFor(Slot slot) throws IOException {
    int from = header.getInt(Bhs.OFFSET);
    int length = header.getInt(Bhs.DESIRED_LENGTH);
    if (slot.read || from < 0 || length <= 0 || length > size - from) {
      throw new IOException(
          "R2T for %d bytes from %d of an operation of %d".formatted(length, from, size));
    }
    bursts.add(
        new Burst(
            slot, header.getInt(Bhs.TRANSFER_TAG), header.getLong(Bhs.LUN), from, from + length));
  }

  private void ended(Slot slot, int status, byte[] sense) throws IOException {
    if (status == Bhs.GOOD) {
      if (slot.read && slot.received != size) {
        throw new IOException(
            "a READ of %d bytes ended GOOD with %d".formatted(size, slot.received));
      }
      done(slot);
    } else if (IscsiSession.repeatable(status, sense)) {
      repeat(slot, status == Bhs.CHECK_CONDITION ? 0 : BUSY_NANOS);
    } else {
      throw new IOException(
          "%s at byte %d ended with status %02x, sense %s"
              .formatted(
                  slot.read ? "READ" : "WRITE",
                  slot.offset,
                  status,
                  HexFormat.of().formatHex(sense)));
    }
  }

  @Override
  void end() throws IOException {
    wire().channel().configureBlocking(true);
    session.close();
  }
}
