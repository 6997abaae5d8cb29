package io.moongate.scsi;

import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * An NAA designator (SPC-4 section 7.8.6.6), by which hosts know a logical unit again.
 *
 * @param text 16 hexadecimal digits in lower case of the formats 2, 3 or 5, or 32 of format 6
 */
public record Naa(String text) {
  private static final Pattern VALID = Pattern.compile("[235][0-9a-f]{15}|6[0-9a-f]{31}");

  public Naa {
    if (!isValid(text)) {
      throw new IllegalArgumentException("not an NAA of format 2, 3, 5 or 6: " + text);
    }
  }

  /** Whether a text is one, as {@link #text} has it. */
  public static boolean isValid(String text) {
    return VALID.matcher(text).matches();
  }

  /** One of 64 bits. */
  public static Naa of(long bits) {
    return new Naa(String.format(Locale.ROOT, "%016x", bits));
  }

  /** One as in a designator; the bytes must be one. */
  public static Naa of(byte[] bytes) {
    return new Naa(HexFormat.of().formatHex(bytes));
  }

  /** As in a designator. */
  public byte[] bytes() {
    return HexFormat.of().parseHex(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
