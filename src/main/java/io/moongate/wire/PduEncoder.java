package io.moongate.wire;

import io.moongate.wire.TargetPdu.LentDataIn;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/**
 * From PDUs, of either direction, to the bytes of a connection (RFC 7143 section 11), with padding
 * and, as {@link DigestSettings} say at the time, digests (section 13.1). Login PDUs never carry
 * digests: those belong to the full feature phase, so the answer that ends a login may be encoded
 * after the settings were changed.
 *
 * <p>Confined to one connection's stage: not thread-safe. A field that doesn't fit its place on the
 * wire is an {@link IllegalArgumentException}: a fault of the caller, never cut silently.
 */
public final class PduEncoder {
  /** The greatest length of a data segment in bytes (section 11.2.1.6). */
  public static final int MAX_DATA_SEGMENT_LENGTH = (1 << 24) - 1;

  /** Up to this length in bytes, copying data behind the header beats handing on two arrays. */
  private static final int COPIED_DATA_LENGTH = 256;

  private static final int DIGEST_LENGTH = 4;

  private final DigestSettings digests;
  private final Crc32c crc = new Crc32c();

  /** An encoder that looks at these settings before each PDU. */
  public PduEncoder(DigestSettings digests) {
    this.digests = digests;
  }

  /** The PDU's bytes; a long data segment is shared, not copied. */
  public ByteString encode(Pdu pdu) {
    ByteString data = pdu.data();
    byte[] front = front(pdu);
    int trailerLength = trailerLength(pdu);
    if (data.length() <= COPIED_DATA_LENGTH) {
      return compact(front, data, trailerLength);
    }
    ByteString bytes = ByteString.fromArrayUnsafe(front).concat(data);
    return trailerLength == 0
        ? bytes
        : bytes.concat(ByteString.fromArrayUnsafe(trailer(pdu, data, trailerLength)));
  }

  /** Appends the PDU's bytes, so that many PDUs become one write without a chain of ropes. */
  public void encodeTo(Pdu pdu, ByteStringBuilder out) {
    ByteString data = pdu.data();
    out.putByteArrayUnsafe(front(pdu));
    if (data.isEmpty()) {
      return;
    }
    out.append(data);
    int trailerLength = trailerLength(pdu);
    if (trailerLength > 0) {
      out.putByteArrayUnsafe(trailer(pdu, data, trailerLength));
    }
  }

  /** What goes before the data segment, for whoever sends that himself. */
  public void headerTo(LentDataIn pdu, ByteStringBuilder out) {
    out.putByteArrayUnsafe(front(pdu));
  }

  /** What goes behind the data segment: its padding and its digest, if there are any. */
  public void trailerTo(LentDataIn pdu, ByteStringBuilder out) {
    int trailerLength = trailerLength(pdu);
    if (trailerLength > 0) {
      byte[] trailer = new byte[trailerLength];
      if (dataDigest(pdu)) {
        crc.reset();
        crc.update(pdu.segment().duplicate());
        putDigest(trailer);
      }
      out.putByteArrayUnsafe(trailer);
    }
  }

  /** The 48 bytes of the PDU's basic header: what a Reject of it returns (section 11.17.4). */
  public static ByteString basicHeader(Pdu pdu) {
    byte[] header = new byte[Pdu.BASIC_HEADER_LENGTH + HeaderWriter.ahsLength(pdu)];
    writeHeader(pdu, header);
    return ByteString.fromArray(header, 0, Pdu.BASIC_HEADER_LENGTH);
  }

  private boolean headerDigest(Pdu pdu) {
    return digests.header() && mayCarryDigests(pdu);
  }

  private boolean dataDigest(Pdu pdu) {
    return digests.data() && mayCarryDigests(pdu);
  }

  private static boolean mayCarryDigests(Pdu pdu) {
    int opcode = pdu.opcode();
    return opcode != InitiatorPdu.LoginRequest.OPCODE && opcode != TargetPdu.LoginResponse.OPCODE;
  }

  /** The basic header, the additional header segments and the header digest. */
  private byte[] front(Pdu pdu) {
    boolean digest = headerDigest(pdu);
    int headerLength = Pdu.BASIC_HEADER_LENGTH + HeaderWriter.ahsLength(pdu);
    byte[] front = new byte[headerLength + (digest ? DIGEST_LENGTH : 0)];
    writeHeader(pdu, front);
    if (digest) {
      crc.reset();
      crc.update(front, 0, headerLength);
      NetworkOrder.put32(front, headerLength, crc.wireValue());
    }
    return front;
  }

  private static void writeHeader(Pdu pdu, byte[] header) {
    int length = pdu.dataLength();
    if (length > MAX_DATA_SEGMENT_LENGTH) {
      throw new IllegalArgumentException("data segment of " + length + " bytes");
    }
    NetworkOrder.put24(header, 5, length);
    HeaderWriter.write(pdu, header);
  }

  private int trailerLength(Pdu pdu) {
    int length = pdu.dataLength();
    return length == 0 ? 0 : (-length & 3) + (dataDigest(pdu) ? DIGEST_LENGTH : 0);
  }

  /** Padding, zeros, and the data digest, which covers the padding. */
  private byte[] trailer(Pdu pdu, ByteString data, int trailerLength) {
    byte[] trailer = new byte[trailerLength];
    if (dataDigest(pdu)) {
      crc.reset();
      crc.update(data);
      putDigest(trailer);
    }
    return trailer;
  }

  /** Ends the digest of a data segment with the padding, and puts it behind that. */
  private void putDigest(byte[] trailer) {
    int padding = trailer.length - DIGEST_LENGTH;
    crc.update(trailer, 0, padding);
    NetworkOrder.put32(trailer, padding, crc.wireValue());
  }

  private ByteString compact(byte[] front, ByteString data, int trailerLength) {
    int length = data.length();
    if (length == 0) {
      return ByteString.fromArrayUnsafe(front);
    }
    byte[] whole = new byte[front.length + length + trailerLength];
    System.arraycopy(front, 0, whole, 0, front.length);
    data.copyToArray(whole, front.length, length);
    int padding = -length & 3;
    if (trailerLength > padding) {
      int covered = length + padding;
      crc.reset();
      crc.update(whole, front.length, covered);
      NetworkOrder.put32(whole, front.length + covered, crc.wireValue());
    }
    return ByteString.fromArrayUnsafe(whole);
  }
}
