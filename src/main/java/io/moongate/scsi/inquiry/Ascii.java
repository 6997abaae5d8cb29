package io.moongate.scsi.inquiry;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * ASCII data fields (SPC-4 section 4.4.1): graphic characters, left-aligned, padded with spaces.
 */
final class Ascii {
  private Ascii() {}

  /** Puts exactly {@code width} bytes: the text, cut or padded; '?' for what is not graphic. */
  static void put(ByteBuffer out, String text, int width) {
    for (int i = 0; i < width; i++) {
      out.put((byte) (i < text.length() ? graphic(text.charAt(i)) : ' '));
    }
  }

  /** The text without padding. */
  static byte[] bytes(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.chars().forEach(each -> out.append(graphic((char) each)));
    return out.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static char graphic(char each) {
    return each >= 0x20 && each <= 0x7E ? each : '?';
  }
}
