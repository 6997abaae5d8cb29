package io.moongate.cluster.security;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Bounds how many attempts of known users are kept: those of each by a {@link KeepingRate} of his
 * own, and those of all together by one that a single user can't use up.
 */
final class UserRates {
  static final int AT_ONCE = 10 * KeepingRate.AT_ONCE;
  static final Duration EACH = KeepingRate.EACH.dividedBy(4);

  /** More than a users file has; who was refused longest ago begins anew. */
  private static final int MOST_USERS = 20_000;

  private final Map<String, KeepingRate> users =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, KeepingRate> eldest) {
          return size() > MOST_USERS;
        }
      };
  private final KeepingRate all = new KeepingRate("*", AT_ONCE, EACH);

  /** What to keep; empty for nothing now. */
  Optional<RefusedAttempt> kept(RefusedAttempt attempt) {
    return users.computeIfAbsent(attempt.user(), KeepingRate::new).kept(attempt).flatMap(all::kept);
  }
}
