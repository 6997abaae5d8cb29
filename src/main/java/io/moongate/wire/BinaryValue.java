package io.moongate.wire;

import java.util.Base64;
import java.util.Optional;

/**
 * A binary value in text (RFC 7143 section 6.1): hexadecimal behind {@code 0x}, or base64 behind
 * {@code 0b}. The decimal form, which the standard has for values below 2^64 only, is not read: it
 * has no length.
 */
public final class BinaryValue {
  private static final String DIGITS = "0123456789abcdef";

  private BinaryValue() {}

  /**
   * Reads a value.
   *
   * @param maxLength in bytes
   * @return empty when the text is none, has no digit, or stands for more than {@code maxLength}
   */
  public static Optional<byte[]> parse(String text, int maxLength) {
    if (text.length() < 3 || text.charAt(0) != '0') {
      return Optional.empty();
    }
    String digits = text.substring(2);
    Optional<byte[]> value =
        switch (text.charAt(1)) {
          case 'x', 'X' -> hexadecimal(digits, maxLength);
          case 'b', 'B' -> base64(digits, maxLength);
          default -> Optional.empty();
        };
    return value.filter(bytes -> bytes.length > 0 && bytes.length <= maxLength);
  }

  /** The hexadecimal form, two digits a byte. */
  public static String format(byte[] value) {
    StringBuilder text = new StringBuilder(2 + 2 * value.length).append("0x");
    for (byte b : value) {
      text.append(DIGITS.charAt((b >> 4) & 0xF)).append(DIGITS.charAt(b & 0xF));
    }
    return text.toString();
  }

  /** An odd number of digits has half a byte of zeros before it, as the section says. */
  private static Optional<byte[]> hexadecimal(String digits, int maxLength) {
    int length = (digits.length() + 1) / 2;
    if (length > maxLength) {
      return Optional.empty();
    }
    byte[] bytes = new byte[length];
    int at = digits.length() & 1;
    for (int i = 0; i < digits.length(); i++, at++) {
      int digit = digit(digits.charAt(i));
      if (digit < 0) {
        return Optional.empty();
      }
      bytes[at / 2] |= (byte) ((at & 1) == 0 ? digit << 4 : digit);
    }
    return Optional.of(bytes);
  }

  private static Optional<byte[]> base64(String digits, int maxLength) {
    if (digits.length() > (maxLength + 2) / 3 * 4) {
      return Optional.empty();
    }
    try {
      return Optional.of(Base64.getDecoder().decode(digits));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Only ASCII: {@link Character#digit} takes digits of other scripts, too. */
  private static int digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
}
