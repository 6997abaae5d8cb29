package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChapSettingsTest {
  @Test
  void allowsAllByDefault() {
    ChapSettings settings = Harness.settings("").chap();
    assertEquals(Set.of(ChapAlgorithm.values()), settings.algorithms());
    assertEquals(Duration.ofSeconds(1), settings.failureDelay());
  }

  @Test
  void readsAList() {
    assertEquals(
        Set.of(ChapAlgorithm.SHA_256, ChapAlgorithm.SHA3_256),
        Harness.settings("moongate.iscsi.chap.algorithms = \"sha3-256 ,SHA-256\"")
            .chap()
            .algorithms());
  }

  @ParameterizedTest
  @CsvSource({
    "algorithms, '', 'some of MD5, SHA-1, SHA-256, SHA3-256'",
    "algorithms, 'MD5,', 'some of MD5, SHA-1, SHA-256, SHA3-256'",
    "algorithms, MD4, 'some of MD5, SHA-1, SHA-256, SHA3-256'",
    "failure-delay, -1 s, a duration from 0 s to 60 s",
    "failure-delay, 61 s, a duration from 0 s to 60 s",
    "failure-delay, long, a duration from 0 s to 60 s",
  })
  void namesWhatIsWrong(String key, String value, String expected) {
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> Harness.settings("moongate.iscsi.chap." + key + " = \"" + value + "\""));
    assertTrue(wrong.getMessage().contains("moongate.iscsi.chap." + key), wrong.getMessage());
    assertTrue(wrong.getMessage().contains("String: 1"), wrong.getMessage());
    assertTrue(wrong.getMessage().contains(expected), wrong.getMessage());
  }
}
