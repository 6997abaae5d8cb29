package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7143 section 6.1: hex-constant and base64-constant as binary values. */
class BinaryValueTest {
  @ParameterizedTest
  @CsvSource({
    "0x00, 00",
    "0X0aFf, 0aff",
    "0x0000ff, 0000ff",
    "0x123, 0123",
    "0x7, 07",
    "0bAA==, 00",
    "0BAAEC, 000102",
    "0b/+8=, ffef",
    "0b/+8, ffef",
  })
  void reads(String text, String bytes) {
    assertArrayEquals(
        HexFormat.of().parseHex(bytes), BinaryValue.parse(text, 1024).orElseThrow(), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "0", "0x", "0b", "x12", "12", "0y12", "0x1g", "0x 12", "0x-1", "0x١٢", "0b=", "0b====",
        "0bA", "0bAA=A", "0bAA AA", "0b-_8=", "0b٣٣٣٣", "00x12"
      })
  void refusesWhatIsNone(String text) {
    assertEquals(Optional.empty(), BinaryValue.parse(text, 1024));
  }

  @Test
  void bounds() {
    assertTrue(BinaryValue.parse("0x" + "ab".repeat(16), 16).isPresent());
    assertTrue(BinaryValue.parse("0x" + "ab".repeat(16) + "c", 16).isEmpty());
    Base64.Encoder base64 = Base64.getEncoder();
    assertTrue(BinaryValue.parse("0b" + base64.encodeToString(new byte[16]), 16).isPresent());
    assertTrue(BinaryValue.parse("0b" + base64.encodeToString(new byte[17]), 16).isEmpty());
    assertTrue(BinaryValue.parse("0b" + base64.encodeToString(new byte[4000]), 16).isEmpty());
  }

  @Test
  void readsWhatItFormats() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int length = 1; length <= 1024; length += 1 + random.nextInt(40)) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      String hex = BinaryValue.format(bytes);
      String base64 = "0b" + Base64.getEncoder().encodeToString(bytes);
      assertArrayEquals(bytes, BinaryValue.parse(hex, 1024).orElseThrow(), "seed " + seed);
      assertArrayEquals(bytes, BinaryValue.parse(base64, 1024).orElseThrow(), "seed " + seed);
    }
  }
}
