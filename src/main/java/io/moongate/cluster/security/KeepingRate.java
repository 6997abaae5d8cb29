package io.moongate.cluster.security;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Bounds how many attempts are kept, by the times at which they came: so many at once, and one more
 * for each while that passes. Those that are not are counted, and the next that is kept is one that
 * tells their number.
 */
final class KeepingRate {
  static final int AT_ONCE = 100;
  static final Duration EACH = Duration.ofMinutes(1);

  private final String whose;
  private final int atOnce;
  private final Duration each;
  private int room;
  private Instant since;
  private long untold;

  /**
   * @param whose attempts they are, where their number is told: a user, or as {@link
   *     RefusedAttempt} has several and none
   */
  KeepingRate(String whose) {
    this(whose, AT_ONCE, EACH);
  }

  KeepingRate(String whose, int atOnce, Duration each) {
    this.whose = whose;
    this.atOnce = atOnce;
    this.each = each;
    this.room = atOnce;
  }

  /** What to keep; empty for nothing now. */
  Optional<RefusedAttempt> kept(RefusedAttempt attempt) {
    refill(attempt.at());
    if (room == 0) {
      untold += attempt.count();
      return Optional.empty();
    }
    room--;
    if (untold == 0) {
      return Optional.of(attempt);
    }
    long count = untold + attempt.count();
    untold = 0;
    return Optional.of(
        new RefusedAttempt(whose, "*", "*", "*", "more than are kept", count, attempt.at()));
  }

  private void refill(Instant now) {
    if (since == null) {
      since = now;
    }
    long passed = Math.max(0, Duration.between(since, now).dividedBy(each));
    if (passed > 0) {
      room = (int) Math.min(atOnce, room + passed);
      since = since.plus(each.multipliedBy(passed));
    }
  }
}
