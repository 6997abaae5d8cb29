package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.security.RefusedAttempt;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Equal attempts are one with a count; a flood is a few lines and a few records. */
class RefusedAttemptsTest {
  private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

  private final List<RefusedAttempt> kept = new ArrayList<>();
  private final RefusedAttempts attempts =
      new RefusedAttempts(Clock.fixed(NOW, ZoneOffset.UTC), kept::add);

  @Test
  void equalOnesAreCounted() {
    for (int i = 0; i < 7; i++) {
      attempts.refused("eve", "192.0.2.1", "DELETE", "/api/v1/luns/x", "why");
    }
    attempts.refused("", "192.0.2.2", "GET", "/api/v1/luns", "no credentials");
    assertTrue(kept.isEmpty());
    attempts.tell();
    assertEquals(
        List.of(
            new RefusedAttempt("eve", "192.0.2.1", "DELETE", "/api/v1/luns/x", "why", 7, NOW),
            new RefusedAttempt("", "192.0.2.2", "GET", "/api/v1/luns", "no credentials", 1, NOW)),
        kept);
    attempts.tell();
    assertEquals(2, kept.size());
  }

  @Test
  void floodIsBounded() {
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 10_000; i++) {
        attempts.refused("", "192.0.2.1", "GET", "/" + i, "no credentials");
      }
      attempts.tell();
      assertEquals(33, kept.size());
      assertEquals(10_000, kept.stream().mapToLong(RefusedAttempt::count).sum());
      assertEquals("*", kept.get(32).path());
      assertEquals(34, log.lines().size());
    }
  }

  @Test
  void floodHidesNothingOfOthers() {
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 1_000; i++) {
        attempts.refused("", "192.0.2.1", "GET", "/" + i, "no credentials");
        attempts.refused("eve", "192.0.2.1", "DELETE", "/" + i, "why");
      }
      attempts.refused("mallory", "192.0.2.9", "DELETE", "/api/v1/luns/x", "why");
      attempts.tell();
      RefusedAttempt mallorys =
          new RefusedAttempt("mallory", "192.0.2.9", "DELETE", "/api/v1/luns/x", "why", 1, NOW);
      assertTrue(kept.contains(mallorys), kept.toString());
      assertTrue(
          log.lines().stream().anyMatch(line -> line.contains("user=\"mallory\"")),
          log.lines().toString());
      List<RefusedAttempt> eves = kept.stream().filter(each -> each.user().equals("eve")).toList();
      assertEquals(17, eves.size());
      assertEquals(1_000, eves.stream().mapToLong(RefusedAttempt::count).sum());
      assertEquals(33, kept.stream().filter(each -> each.user().isEmpty()).count());
    }
  }

  @Test
  void whatStrangersSendIsFitForALine() {
    attempts.refused("", "192.0.2.1", "GET", "/a\r\nevent=forged \"x\"" + "y".repeat(500), "why");
    attempts.tell();
    String path = kept.get(0).path();
    assertTrue(path.length() <= 201, path);
    assertFalse(path.matches("(?s).*[\\p{Cntrl}\"].*"), path);
  }
}
