package io.moongate.multinode.workload;

import java.nio.ByteBuffer;

/**
 * A block of 512 bytes that several clients count in: how often each has added one, and the sum.
 *
 * @param sum what all of them have added
 * @param parts what each has
 */
record SharedCounter(long sum, long[] parts) {
  static final int BYTES = 512;
  private static final int SLOTS = BYTES / Long.BYTES - 1;

  /** Reads a block; the sum must be that of the parts, for every change is atomic. */
  static SharedCounter parse(byte[] block) {
    if (block.length != BYTES) {
      throw new IoError("a block of %d bytes".formatted(block.length));
    }
    ByteBuffer in = ByteBuffer.wrap(block);
    long sum = in.getLong();
    long[] parts = new long[SLOTS];
    long total = 0;
    for (int i = 0; i < SLOTS; i++) {
      parts[i] = in.getLong();
      total += parts[i];
    }
    if (total != sum) {
      throw new IoError("the sum is %d, and the parts come to %d".formatted(sum, total));
    }
    return new SharedCounter(sum, parts);
  }

  long of(int slot) {
    return parts[slot];
  }

  /** The block as it is, and as it is to be: the data of a COMPARE AND WRITE. */
  byte[] beforeAndAfter(int slot) {
    ByteBuffer out = ByteBuffer.allocate(2 * BYTES);
    encode(out, -1);
    encode(out, slot);
    return out.array();
  }

  private void encode(ByteBuffer out, int added) {
    out.putLong(added < 0 ? sum : sum + 1);
    for (int i = 0; i < SLOTS; i++) {
      out.putLong(i == added ? parts[i] + 1 : parts[i]);
    }
  }
}
