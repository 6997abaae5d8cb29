package io.moongate.wire;

/**
 * Which digests a connection carries (RFC 7143 section 13.1). Both are off until the login phase
 * ends; the stage that negotiates them sets them, the decoder and the encoder of the same
 * connection read them. Confined to the connection's fused stages: not thread-safe.
 */
public final class DigestSettings {
  private boolean header;
  private boolean data;

  /** Turns digests on or off; takes effect with the next PDU in each direction. */
  public void set(boolean headerDigest, boolean dataDigest) {
    this.header = headerDigest;
    this.data = dataDigest;
  }

  /** Whether a CRC32C follows each header. */
  public boolean header() {
    return header;
  }

  /** Whether a CRC32C follows each non-empty data segment. */
  public boolean data() {
    return data;
  }
}
