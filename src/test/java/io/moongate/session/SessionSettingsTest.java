package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionSettingsTest {
  @Test
  void readsTheDefaults() {
    SessionSettings settings = Harness.settings("");
    assertEquals(Duration.ofSeconds(4), settings.commandDeadline());
    assertEquals(128, settings.queueDepth());
    assertEquals(256 * 1024, settings.maxRecvDataSegmentLength());
    assertEquals(SessionSettings.DigestPolicy.ALLOWED, settings.dataDigests());
  }

  @ParameterizedTest
  @CsvSource({
    "queue-depth, 0, a whole number from 1 to 4096",
    "queue-depth, many, a whole number from 1 to 4096",
    "max-connections-per-session, 0, a whole number from 1 to 65535",
    "command-deadline, 0 s, a duration above 0 s and up to 3600 s",
    "reinstatement-timeout, 4 s, 'more than moongate.iscsi.command-deadline, which is 4000 ms'",
    "host-patience.reset, 4 s, 'more than moongate.iscsi.command-deadline, which is 4000 ms'",
    "host-patience.silence, 3 s, 'more than moongate.iscsi.command-deadline, which is 4000 ms'",
    "logout-bound, 9 s, a duration from 1 s to 8 s",
    "nop-interval, 500 ms, a duration from 1 s to 3600 s",
    "max-burst-length, 64 KiB, a size from 262144 to 16777215 bytes",
    "initial-r2t, perhaps, yes or no",
    "header-digest, sometimes, 'one of none, allowed, required'",
  })
  void namesWhatIsWrong(String key, String value, String expected) {
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> Harness.settings("moongate.iscsi." + key + " = \"" + value + "\""));
    assertTrue(wrong.getMessage().contains("moongate.iscsi." + key), wrong.getMessage());
    assertTrue(wrong.getMessage().contains("found " + value), wrong.getMessage());
    assertTrue(wrong.getMessage().contains("String: 1"), wrong.getMessage());
    assertTrue(wrong.getMessage().contains(expected), wrong.getMessage());
  }

  @Test
  void namesWhatIsMissing() {
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> SessionSettings.from(ConfigFactory.parseString("moongate.iscsi {}")));
    assertTrue(wrong.getMessage().contains("target-alias: found nothing"), wrong.getMessage());
  }
}
