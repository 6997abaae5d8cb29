package io.moongate.wire;

import org.apache.pekko.util.ByteString;

/**
 * Cuts the bytes of a connection into PDUs (RFC 7143 section 11.2), in either direction, and checks
 * their digests (section 13.1) and lengths.
 *
 * <p>Use: {@link #feed} what was received, then {@link #next} until it gives null, then receive
 * more. Held that way it keeps less than one PDU and one received chunk. A data segment is a slice
 * of what was received. Confined to one connection's stage: not thread-safe.
 *
 * <p>Whether digests are expected and how long a data segment may be is looked up when a PDU's
 * basic header has arrived, and holds for that PDU.
 */
public final class PduDecoder {
  /** The MaxRecvDataSegmentLength that holds until another was declared (section 13.12), bytes. */
  public static final int DEFAULT_MAX_DATA_SEGMENT_LENGTH = 8192;

  private static final int DIGEST_LENGTH = 4;
  private static final int LONGEST_HEADER = Pdu.BASIC_HEADER_LENGTH + 255 * 4 + DIGEST_LENGTH;
  private static final int LEAST_MAX_DATA_SEGMENT_LENGTH = 512;
  private static final int GREATEST_MAX_DATA_SEGMENT_LENGTH = (1 << 24) - 1;

  private final DigestSettings digests;
  private final ReceiveBuffer buffer = new ReceiveBuffer();
  private final Crc32c crc = new Crc32c();
  private final byte[] scattered = new byte[LONGEST_HEADER];

  private int maxDataSegmentLength = DEFAULT_MAX_DATA_SEGMENT_LENGTH;
  private ProtocolException fatal;

  /** Set once the header of the PDU at the start of the buffer is complete and checked. */
  private boolean headerChecked;

  private byte[] header;
  private int headerOffset;
  private int ahsLength;
  private boolean headerDigest;
  private boolean dataDigest;
  private int dataLength;

  /** A decoder that looks at these settings before each PDU. */
  public PduDecoder(DigestSettings digests) {
    this.digests = digests;
  }

  /**
   * Declares how long a data segment may be, from the next PDU on.
   *
   * @param bytes 512 to 2^24 - 1 (section 13.12)
   */
  public void maxDataSegmentLength(int bytes) {
    if (bytes < LEAST_MAX_DATA_SEGMENT_LENGTH || bytes > GREATEST_MAX_DATA_SEGMENT_LENGTH) {
      throw new IllegalArgumentException("MaxRecvDataSegmentLength " + bytes);
    }
    maxDataSegmentLength = bytes;
  }

  /**
   * Adds what was received. The bytes must not change afterwards. After an error that ends the
   * connection they are dropped.
   */
  public void feed(ByteString received) {
    if (fatal == null) {
      buffer.append(received);
    }
  }

  /** Bytes received that belong to no PDU yet. */
  public int bufferedBytes() {
    return buffer.length();
  }

  /**
   * The next PDU, or null when more bytes are needed.
   *
   * @throws ProtocolException when the PDU is not valid. It was removed: when {@link
   *     ProtocolException#connectionUsable} the next call goes on with the PDU after it, otherwise
   *     every further call throws the same.
   */
  public Pdu next() {
    if (fatal != null) {
      throw fatal;
    }
    try {
      Pdu pdu = decode();
      if (pdu == null) {
        settle();
      }
      return pdu;
    } catch (ProtocolException error) {
      if (!error.connectionUsable()) {
        fatal = error;
        buffer.clear();
      }
      throw error;
    }
  }

  private Pdu decode() {
    if (!headerChecked && !checkHeader()) {
      return null;
    }
    int padding = -dataLength & 3;
    int bodyLength = dataLength + padding + (dataDigest ? DIGEST_LENGTH : 0);
    int headerLength = headerLength();
    if (buffer.length() < headerLength + bodyLength) {
      return null;
    }
    buffer.skip(headerLength);
    headerChecked = false;
    boolean intact = true;
    ByteString data;
    if (dataDigest) {
      crc.reset();
      buffer.digest(crc, dataLength + padding);
      data = buffer.take(dataLength);
      buffer.skip(padding);
      intact = buffer.takeInt() == crc.wireValue();
    } else {
      data = buffer.take(dataLength);
      buffer.skip(padding);
    }
    byte[] bytes = header;
    header = scattered; // don't keep what was received alive while nothing comes
    if (!intact) {
      throw ProtocolException.dataDigest(HeaderReader.basicHeader(bytes, headerOffset));
    }
    return HeaderReader.read(bytes, headerOffset, ahsLength, data);
  }

  /** Nothing more can be read for now: keeps no more than what was received of the next PDU. */
  private void settle() {
    if (!headerChecked) {
      header = scattered;
      buffer.settle();
    } else if (buffer.settle()) {
      locateHeader(headerLength());
    }
  }

  /** Finds the header at the start of the buffer and checks it; false when it isn't complete. */
  private boolean checkHeader() {
    if (buffer.length() < Pdu.BASIC_HEADER_LENGTH) {
      return false;
    }
    locateHeader(Pdu.BASIC_HEADER_LENGTH);
    ahsLength = NetworkOrder.unsigned8(header, headerOffset + 4) * 4;
    dataLength = NetworkOrder.unsigned24(header, headerOffset + 5);
    headerDigest = digests.header();
    dataDigest = digests.data() && dataLength > 0;
    if (!headerDigest) {
      checkLength(); // with a digest, lengths are believed only once it was checked
    }
    int headerLength = headerLength();
    if (headerLength > Pdu.BASIC_HEADER_LENGTH) {
      if (buffer.length() < headerLength) {
        return false;
      }
      locateHeader(headerLength);
      if (headerDigest) {
        checkHeaderDigest();
        checkLength();
      }
    }
    headerChecked = true;
    return true;
  }

  /** Length in bytes of the basic header, the additional header segments and the digest. */
  private int headerLength() {
    return Pdu.BASIC_HEADER_LENGTH + ahsLength + (headerDigest ? DIGEST_LENGTH : 0);
  }

  private void locateHeader(int length) {
    if (buffer.contiguous(length)) {
      header = buffer.firstArray();
      headerOffset = buffer.firstOffset();
    } else {
      buffer.peek(scattered, length);
      header = scattered;
      headerOffset = 0;
    }
  }

  private void checkHeaderDigest() {
    int covered = Pdu.BASIC_HEADER_LENGTH + ahsLength;
    crc.reset();
    crc.update(header, headerOffset, covered);
    if (NetworkOrder.int32(header, headerOffset + covered) != crc.wireValue()) {
      throw ProtocolException.headerDigest();
    }
  }

  /** Refuses a length before memory is spent on it. */
  private void checkLength() {
    if (dataLength > maxDataSegmentLength) {
      throw ProtocolException.tooLong(
          dataLength, maxDataSegmentLength, HeaderReader.basicHeader(header, headerOffset));
    }
    if (ahsLength > HeaderReader.MAX_AHS_LENGTH) {
      throw ProtocolException.format(
          "additional header segments of " + ahsLength + " bytes",
          HeaderReader.basicHeader(header, headerOffset));
    }
  }
}
