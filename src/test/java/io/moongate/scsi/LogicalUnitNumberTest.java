package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class LogicalUnitNumberTest {
  @Test
  void everyNumberHasOneLunAndComesBack() {
    long before = -1;
    for (int number = 0; number <= LogicalUnitNumber.MAX; number++) {
      long lun = LogicalUnitNumber.lun(number);
      assertEquals(number, LogicalUnitNumber.number(lun));
      assertEquals(number < 256 ? (long) number << 48 : (0x4000L | number) << 48, lun);
      assertTrue(lun > before, "in ascending order, as REPORT LUNS gives them");
      before = lun;
    }
    assertThrows(IllegalArgumentException.class, () -> LogicalUnitNumber.lun(-1));
    assertThrows(IllegalArgumentException.class, () -> LogicalUnitNumber.lun(16_384));
  }

  @Test
  void bothMethodsAreAcceptedForSmallNumbers() {
    for (int number = 0; number < 256; number++) {
      assertEquals(number, LogicalUnitNumber.number((0x4000L | number) << 48));
    }
  }

  @Test
  void otherMethodsAreNoNumbers() {
    assertEquals(-1, LogicalUnitNumber.number(0x0100_0000_0000_0000L), "bus 1");
    assertEquals(-1, LogicalUnitNumber.number(0xC101_0000_0000_0000L), "REPORT LUNS well known");
    assertEquals(-1, LogicalUnitNumber.number(0x0000_0001_0000_0000L), "a second level");
    assertEquals(-1, LogicalUnitNumber.number(0x8000_0000_0000_0000L), "logical unit addressing");
    assertEquals(-1, LogicalUnitNumber.number(-1L), "all bits");
  }

  @Test
  void whateverIsANumberIsWrittenInOneOfTheTwoWays() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1_000_000; i++) {
      long lun = random.nextLong() & (random.nextBoolean() ? -1L : 0xFFFFL << 48);
      int number = LogicalUnitNumber.number(lun);
      if (number >= 0) {
        boolean peripheral = lun == (long) number << 48 && number < 256;
        boolean flat = lun == (0x4000L | number) << 48;
        assertEquals(
            true, peripheral || flat, () -> "seed " + seed + " lun " + Long.toHexString(lun));
      } else {
        int first = (int) (lun >>> 48);
        boolean single = lun << 16 == 0;
        boolean known = first < 256 || first >>> 14 == 1;
        assertEquals(
            false, single && known, () -> "seed " + seed + " lun " + Long.toHexString(lun));
      }
    }
  }
}
