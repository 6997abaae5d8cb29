package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SerialNumberTest {
  @Test
  void orderGoesAroundTheEnd() {
    assertTrue(SerialNumber.lessThan(1, 2));
    assertFalse(SerialNumber.lessThan(2, 2));
    assertFalse(SerialNumber.lessThan(3, 2));
    assertTrue(SerialNumber.lessThan(0xFFFF_FFFF, 0));
    assertTrue(SerialNumber.lessThan(0x7FFF_FFFF, 0x8000_0000));
    assertFalse(SerialNumber.lessThan(0, 0xFFFF_FFFF));
    assertTrue(SerialNumber.lessOrEqual(7, 7));
    assertTrue(SerialNumber.lessOrEqual(0xFFFF_FFF0, 0x10));
    assertFalse(SerialNumber.lessOrEqual(0x10, 0xFFFF_FFF0));
  }
}
