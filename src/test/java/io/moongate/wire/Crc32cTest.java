package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.zip.CRC32C;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The examples of the standard (RFC 3720 appendix B.4; RFC 7143 section 13.1 and appendix). */
class Crc32cTest {
  private static void assertWire(String expected, ByteString bytes) {
    byte[] wire = new byte[4];
    NetworkOrder.put32(wire, 0, Crc32c.of(bytes));
    assertEquals(Bytes.hex(expected), ByteString.fromArray(wire));
  }

  @Test
  @DisplayName("32 bytes of zeros")
  void zeros() {
    assertWire("aa 36 91 8a", ByteString.fromArray(new byte[32]));
  }

  @Test
  @DisplayName("32 bytes of ones")
  void ones() {
    assertWire("43 ab a8 62", Bytes.hex("ff".repeat(32)));
  }

  @Test
  @DisplayName("32 incrementing bytes 00..1f")
  void incrementing() {
    assertWire("4e 79 dd 46", Bytes.filled(32, i -> i));
  }

  @Test
  @DisplayName("32 decrementing bytes 1f..00")
  void decrementing() {
    assertWire("5c db 3f 11", Bytes.filled(32, i -> 31 - i));
  }

  @Test
  @DisplayName("an iSCSI SCSI Read (10) Command PDU")
  void readCommand() {
    assertWire(
        "56 3a 96 d9",
        Bytes.hex(
            """
            01 c0 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            14 00 00 00  00 00 04 00  00 00 00 14  00 00 00 18
            28 00 00 00  00 00 00 00  02 00 00 00  00 00 00 00
            """));
  }

  @Test
  void ropesAndSlicesGiveWhatOneArrayGives() {
    Random random = Bytes.seeded();
    for (int round = 0; round < 200; round++) {
      byte[] bytes = new byte[random.nextInt(40_000)];
      random.nextBytes(bytes);
      CRC32C expected = new CRC32C();
      expected.update(bytes);
      assertEquals(
          Integer.reverseBytes((int) expected.getValue()),
          Crc32c.of(Bytes.scattered(bytes, random)));
    }
  }

  @Test
  void resetForgets() {
    Crc32c crc = new Crc32c();
    crc.update(new byte[] {1, 2, 3}, 0, 3);
    crc.reset();
    crc.update(new byte[40], 4, 32);
    assertEquals(0xAA36918A, crc.wireValue());
  }
}
