package io.moongate.wire;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.pekko.util.ByteString;

/**
 * The digest of RFC 7143 section 13.1: CRC32C (generator 0x11EDC6F41, register preset to ones,
 * result complemented). One instance is used over and over by one thread.
 */
public final class Crc32c {
  /** Bytes copied at once where a ByteString doesn't give its array; small enough to stay in L1. */
  private static final int SCRATCH_LENGTH = 8192;

  private final CRC32C crc = new CRC32C();
  private byte[] scratch;

  /** The digest of these bytes, in the form of {@link #wireValue}. */
  public static int of(ByteString bytes) {
    Crc32c crc = new Crc32c();
    crc.update(bytes);
    return crc.wireValue();
  }

  /** Begins anew. */
  public void reset() {
    crc.reset();
  }

  /** Adds {@code length} bytes from {@code offset}. */
  public void update(byte[] bytes, int offset, int length) {
    crc.update(bytes, offset, length);
  }

  /** Adds these bytes; a compact ByteString is read in place, others through a small buffer. */
  public void update(ByteString bytes) {
    if (bytes.isCompact()) {
      byte[] array = bytes.toArrayUnsafe();
      crc.update(array, 0, array.length);
      return;
    }
    if (scratch == null) {
      scratch = new byte[SCRATCH_LENGTH];
    }
    // The buffers are read-only, so CRC32C itself would allocate a temporary array for each.
    for (ByteBuffer buffer : bytes.getByteBuffers()) {
      while (buffer.hasRemaining()) {
        int count = Math.min(buffer.remaining(), SCRATCH_LENGTH);
        buffer.get(scratch, 0, count);
        crc.update(scratch, 0, count);
      }
    }
  }

  /** Adds what is between position and limit. */
  public void update(ByteBuffer bytes) {
    crc.update(bytes);
  }

  /**
   * The digest as the integer whose big-endian bytes go on the wire: the register's least
   * significant byte goes first, as the examples of the standard show (32 bytes of zeros give AA 36
   * 91 8A).
   */
  public int wireValue() {
    return Integer.reverseBytes((int) crc.getValue());
  }
}
