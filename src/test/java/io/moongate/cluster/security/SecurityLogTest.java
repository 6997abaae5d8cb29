package io.moongate.cluster.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.entity.EntityKit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.junit.jupiter.api.Test;

/** What was refused is in the journal; a flood of it is not. */
class SecurityLogTest {
  private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

  private static RefusedAttempt attempt(int number, Instant at) {
    return new RefusedAttempt("", "192.0.2." + number, "GET", "/api/v1/luns", "why", 2, at);
  }

  @Test
  void attemptsAreInTheJournal() {
    ActorTestKit kit =
        ActorTestKit.create(
            PersistenceTestKitPlugin.getInstance()
                .config()
                .withFallback(EntityKit.serialization()));
    try {
      PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
      ActorRef<RefusedAttempt> log = SecurityLog.start(kit.system(), "gw1");
      RefusedAttempt first =
          new RefusedAttempt("eve", "192.0.2.1", "DELETE", "/api/v1/luns/x", "why", 7, NOW);
      log.tell(first);
      log.tell(attempt(2, NOW));
      journal.expectNextPersisted("Security|gw1", first);
      journal.expectNextPersisted("Security|gw1", attempt(2, NOW));
    } finally {
      kit.shutdownTestKit();
    }
  }

  @Test
  void strangersDoNotHideWhatUsersDid() {
    ActorTestKit kit =
        ActorTestKit.create(
            PersistenceTestKitPlugin.getInstance()
                .config()
                .withFallback(EntityKit.serialization()));
    try {
      PersistenceTestKit journal = PersistenceTestKit.create(kit.system());
      ActorRef<RefusedAttempt> log = SecurityLog.start(kit.system(), "gw2");
      for (int i = 0; i < 5 * KeepingRate.AT_ONCE; i++) {
        log.tell(attempt(i % 250, NOW));
      }
      RefusedAttempt eves =
          new RefusedAttempt("eve", "192.0.2.1", "DELETE", "/api/v1/luns/x", "why", 7, NOW);
      log.tell(eves);
      for (int i = 0; i < KeepingRate.AT_ONCE; i++) {
        journal.expectNextPersisted("Security|gw2", attempt(i % 250, NOW));
      }
      journal.expectNextPersisted("Security|gw2", eves);
      RefusedAttempt again =
          new RefusedAttempt("eve", "192.0.2.1", "DELETE", "/api/v1/luns/x", "why", 1, NOW);
      for (int i = 0; i < 5 * KeepingRate.AT_ONCE; i++) {
        log.tell(again);
      }
      RefusedAttempt later =
          new RefusedAttempt(
              "eve", "192.0.2.1", "GET", "/api/v1/luns", "why", 1, NOW.plus(KeepingRate.EACH));
      log.tell(later);
      for (int i = 1; i < KeepingRate.AT_ONCE; i++) {
        journal.expectNextPersisted("Security|gw2", again);
      }
      journal.expectNextPersisted(
          "Security|gw2",
          new RefusedAttempt(
              "eve", "*", "*", "*", "more than are kept", 4 * KeepingRate.AT_ONCE + 2, later.at()));
    } finally {
      kit.shutdownTestKit();
    }
  }

  private static RefusedAttempt of(String user, Instant at) {
    return new RefusedAttempt(user, "192.0.2.1", "DELETE", "/api/v1/luns/x", "why", 1, at);
  }

  @Test
  void oneUserDoesNotHideWhatAnotherDid() {
    UserRates rates = new UserRates();
    int kept = 0;
    for (int i = 0; i < 5_000; i++) {
      kept += rates.kept(of("viewer", NOW)).isPresent() ? 1 : 0;
    }
    assertEquals(KeepingRate.AT_ONCE, kept);
    assertEquals(Optional.of(of("eve", NOW)), rates.kept(of("eve", NOW)));
    // Nor does he by going on for days.
    Instant now = NOW;
    for (int minute = 0; minute < 3_000; minute++) {
      now = now.plus(KeepingRate.EACH);
      rates.kept(of("viewer", now));
      rates.kept(of("viewer", now));
    }
    assertEquals(Optional.of(of("ada", now)), rates.kept(of("ada", now)));
  }

  @Test
  void manyUsersTogetherAreBounded() {
    UserRates rates = new UserRates();
    int kept = 0;
    for (int user = 0; user < 50; user++) {
      for (int i = 0; i < KeepingRate.AT_ONCE; i++) {
        kept += rates.kept(of("user " + user, NOW)).isPresent() ? 1 : 0;
      }
    }
    assertEquals(UserRates.AT_ONCE, kept);
    Instant later = NOW.plus(UserRates.EACH);
    long untold = 50 * KeepingRate.AT_ONCE - UserRates.AT_ONCE;
    assertEquals(
        Optional.of(
            new RefusedAttempt("*", "*", "*", "*", "more than are kept", untold + 1, later)),
        rates.kept(of("ada", later)));
  }

  @Test
  void floodIsCounted() {
    KeepingRate rate = new KeepingRate("");
    List<RefusedAttempt> kept = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      rate.kept(attempt(i % 250, NOW)).ifPresent(kept::add);
    }
    assertEquals(KeepingRate.AT_ONCE, kept.size());
    Instant later = NOW.plus(KeepingRate.EACH);
    assertEquals(
        Optional.of(new RefusedAttempt("", "*", "*", "*", "more than are kept", 1802, later)),
        rate.kept(attempt(1, later)));
    assertTrue(rate.kept(attempt(1, later)).isEmpty());
    // A clock that is put back keeps no more.
    assertTrue(rate.kept(attempt(1, NOW.minusSeconds(86_400))).isEmpty());
  }
}
