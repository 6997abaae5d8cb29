package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NaaTest {
  @Test
  void isOfItsBits() {
    Naa naa = Naa.of(0x3123_4567_89AB_CDEFL);
    assertEquals("3123456789abcdef", naa.text());
    assertArrayEquals(
        new byte[] {0x31, 0x23, 0x45, 0x67, (byte) 0x89, (byte) 0xab, (byte) 0xcd, (byte) 0xef},
        naa.bytes());
    assertEquals(16, new Naa("6001405a1b2c3d4e5f60718293a4b5c6").bytes().length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "3123456789abcde",
        "3123456789ABCDEF",
        "4123456789abcdef",
        "6001405a1b2c3d4e",
        "5001405a1b2c3d4e5f60718293a4b5c6",
        "3123456789abcdeg"
      })
  void nothingElseIsOne(String text) {
    assertThrows(IllegalArgumentException.class, () -> new Naa(text));
  }
}
