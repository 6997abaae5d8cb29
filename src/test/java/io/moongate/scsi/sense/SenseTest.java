package io.moongate.scsi.sense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SenseTest {

  @Test
  void fixedFormat() {
    assertFixed("70 00 05 00000000 0a 00000000 2100 00 000000", Sense.LBA_OUT_OF_RANGE);
    assertFixed("70 00 05 00000000 0a 00000000 2400 00 c00002", Sense.invalidCdb(2));
    assertFixed("70 00 05 00000000 0a 00000000 2400 00 cf0001", Sense.invalidCdb(1, 7));
    assertFixed("70 00 05 00000000 0a 00000000 2600 00 800107", Sense.invalidParameter(0x107));
    assertFixed("f0 00 0e 00000123 0a 00000000 1d00 00 000000", Sense.miscompare(0x123));
  }

  @Test
  void descriptorFormat() {
    assertDescriptors("72 05 2500 000000 00", Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    assertDescriptors("72 05 2400 000000 08 02 06 0000 cb0004 00", Sense.invalidCdb(4, 3));
    assertDescriptors("72 0e 1d00 000000 0c 00 0a 80 00 0000000000000123", Sense.miscompare(0x123));
  }

  @Test
  void informationThatNeedsMoreThan32BitsIsLeftOutOfTheFixedFormat() {
    Sense sense = Sense.READ_ERROR.withInformation(0x1_0000_0001L);
    assertFixed("70 00 03 00000000 0a 00000000 1100 00 000000", sense);
    assertEquals(Optional.of(sense), Sense.decode(sense.encode(true)));
  }

  @Test
  void bothFormatsAreReadBack() {
    List<Sense> all =
        List.of(
            Sense.NONE,
            Sense.INVALID_OPERATION_CODE,
            Sense.invalidCdb(14, 2),
            Sense.invalidParameter(300),
            Sense.miscompare(0xFFFF_FFFFL),
            new Sense(0x3, 0x1100, OptionalLong.of(7), 0x800001));
    for (Sense sense : all) {
      assertEquals(Optional.of(sense), Sense.decode(sense.encode(false)));
      assertEquals(Optional.of(sense), Sense.decode(sense.encode(true)));
    }
    assertEquals(Optional.empty(), Sense.decode(new byte[0]));
    assertEquals(Optional.empty(), Sense.decode(new byte[] {0x7F, 0, 0, 0, 0, 0, 0, 0}));
  }

  @Test
  void whateverIsReadBackDoesNoHarm() {
    byte[] lies = HexFormat.of().parseHex("7205240000000020000a800000000000");
    assertEquals(OptionalLong.empty(), Sense.decode(lies).orElseThrow().information());
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] data = new byte[random.nextInt(40)];
      random.nextBytes(data);
      if (data.length > 8) {
        data[0] = (byte) (random.nextBoolean() ? 0x72 : 0xF0);
        data[8] = (byte) random.nextInt(4);
      }
      assertDoesNotThrow(() -> Sense.decode(data), () -> "seed " + seed);
    }
  }

  private static void assertFixed(String expected, Sense sense) {
    assertArrayEquals(hex(expected), sense.encode(false));
  }

  private static void assertDescriptors(String expected, Sense sense) {
    assertArrayEquals(hex(expected), sense.encode(true));
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }
}
