package io.moongate.wire;

import org.apache.pekko.util.ByteString;

/**
 * What the additional header segments of a SCSI Command say (RFC 7143 section 11.2.2).
 *
 * @param extendedCdb the bytes of the CDB after the 16th; empty when there are none
 * @param bidirectionalReadLength bytes; 0 when there is no such segment
 */
record AdditionalHeaders(ByteString extendedCdb, long bidirectionalReadLength) {
  static final AdditionalHeaders NONE = new AdditionalHeaders(ByteString.emptyByteString(), 0);

  /** AHSLength, AHSType and the reserved byte behind it, which AHSLength counts. */
  private static final int SEGMENT_HEADER_LENGTH = 4;

  /** AHSLength of a Bidirectional Read Expected Data Transfer Length AHS (section 11.2.2.4). */
  private static final int READ_LENGTH_AHS_LENGTH = 5;

  /** Reads the {@code length} bytes of segments that follow the basic header at {@code o}. */
  static AdditionalHeaders read(byte[] b, int o, int length) {
    int at = o + Pdu.BASIC_HEADER_LENGTH;
    int end = at + length;
    ByteString extendedCdb = null;
    long readLength = -1;
    while (at < end) {
      // AHSLength leaves out itself and AHSType, 3 bytes; segments are padded to 4.
      int ahsLength = NetworkOrder.unsigned16(b, at);
      int type = b[at + 2] & 0x3F;
      int next = at + ((3 + ahsLength + 3) & ~3);
      if (ahsLength == 0 || next > end) {
        throw HeaderReader.format("additional header segment beyond TotalAHSLength", b, o);
      }
      int dataLength = ahsLength - 1;
      if (type == HeaderReader.AHS_EXTENDED_CDB
          && extendedCdb == null
          && dataLength > 0
          && dataLength <= HeaderReader.MAX_CDB_LENGTH - HeaderReader.BASIC_CDB_LENGTH) {
        extendedCdb = ByteString.fromArray(b, at + SEGMENT_HEADER_LENGTH, dataLength);
      } else if (type == HeaderReader.AHS_BIDIRECTIONAL_READ_LENGTH
          && readLength < 0
          && ahsLength == READ_LENGTH_AHS_LENGTH) {
        readLength = NetworkOrder.unsigned32(b, at + SEGMENT_HEADER_LENGTH);
      } else {
        // Reserved types are illegal contents (section 7.7), and can't be skipped in safety: what
        // they would change in the command's meaning is unknown.
        throw HeaderReader.format(
            "additional header segment of type %d, length %d".formatted(type, ahsLength), b, o);
      }
      at = next;
    }
    return new AdditionalHeaders(
        extendedCdb == null ? ByteString.emptyByteString() : extendedCdb, Math.max(readLength, 0));
  }
}
