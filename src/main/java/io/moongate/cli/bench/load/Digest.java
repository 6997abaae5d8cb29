package io.moongate.cli.bench.load;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The digest of RFC 7143 section 13.1, of bytes in a buffer. */
final class Digest {
  private final CRC32C crc = new CRC32C();

  Digest begin() {
    crc.reset();
    return this;
  }

  /** Adds bytes of a buffer; its position stays. */
  Digest add(ByteBuffer buffer, int from, int length) {
    crc.update(buffer.duplicate().limit(from + length).position(from));
    return this;
  }

  /** As it stands on the wire, read big-endian. */
  int value() {
    return Integer.reverseBytes((int) crc.getValue());
  }
}
