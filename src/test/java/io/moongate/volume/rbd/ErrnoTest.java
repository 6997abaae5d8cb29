package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrnoTest {
  @ParameterizedTest
  @CsvSource({
    "108, FENCED",
    "30, FENCED",
    "2, NOT_FOUND",
    "28, FULL",
    "122, FULL",
    "95, UNSUPPORTED",
    "110, UNAVAILABLE",
    "12, UNAVAILABLE",
    "4, UNAVAILABLE",
    "125, UNAVAILABLE",
    "85, UNAVAILABLE",
    "116, UNAVAILABLE",
    "34, UNAVAILABLE",
    "5, IO",
    "61, IO"
  })
  void aNumberHasAReason(int errno, Reason reason) {
    VolumeException failure = Errno.failure(-errno, "a read");
    assertEquals(reason, failure.reason());
    assertTrue(failure.getMessage().contains("errno " + errno), failure::toString);
  }
}
