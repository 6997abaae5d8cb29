package io.moongate.wire;

import java.util.HexFormat;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.apache.pekko.util.ByteString;

/** Bytes for the tests of this package. */
final class Bytes {
  private Bytes() {}

  /** A generator whose seed is printed; {@code -Dmoongate.test.seed} repeats a run. */
  static Random seeded() {
    long seed = Long.getLong("moongate.test.seed", System.nanoTime());
    System.out.println("moongate.test.seed=" + seed);
    return new Random(seed);
  }

  /** Hexadecimal digits; white space is for the reader. */
  static ByteString hex(String digits) {
    return ByteString.fromArray(HexFormat.of().parseHex(digits.replaceAll("\\s", "")));
  }

  static ByteString filled(int length, IntUnaryOperator value) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) value.applyAsInt(i);
    }
    return ByteString.fromArray(bytes);
  }

  static ByteString random(int length, Random random) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteString.fromArray(bytes);
  }

  /** The same bytes as a rope of slices of longer arrays, compact arrays and empty pieces. */
  static ByteString scattered(byte[] bytes, Random random) {
    ByteString rope = ByteString.emptyByteString();
    int at = 0;
    while (at < bytes.length) {
      int step = Math.min(bytes.length - at, 1 + random.nextInt(1 << random.nextInt(14)));
      ByteString piece;
      if (random.nextBoolean()) {
        piece = ByteString.fromArray(bytes, at, step);
      } else {
        byte[] longer = new byte[step + 7];
        System.arraycopy(bytes, at, longer, 3, step);
        piece = ByteString.fromArrayUnsafe(longer, 3, step);
      }
      rope = rope.concat(piece);
      at += step;
    }
    return rope;
  }

  /** The same bytes with one bit inverted. */
  static ByteString flipped(ByteString bytes, int bit) {
    byte[] copy = bytes.toArray();
    copy[bit / 8] = (byte) (copy[bit / 8] ^ (1 << (bit % 8)));
    return ByteString.fromArrayUnsafe(copy);
  }

  static DigestSettings digests(boolean header, boolean data) {
    DigestSettings settings = new DigestSettings();
    settings.set(header, data);
    return settings;
  }
}
