package io.moongate.session;

import io.moongate.measure.Counts;
import io.moongate.wire.LoginStatus;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What happened to the connections of a gateway, over all its portals. Thread-safe. */
public final class SessionCounts {
  private final LongAdder accepted = new LongAdder();
  private final LongAdder turnedAway = new LongAdder();
  private final LongAdder abandoned = new LongAdder();
  private final LongAdder ended = new LongAdder();
  private final Counts logins = new Counts();
  private final Counts violations = new Counts();

  void accepted() {
    accepted.increment();
  }

  void turnedAway() {
    turnedAway.increment();
  }

  void abandoned() {
    abandoned.increment();
  }

  void ended() {
    ended.increment();
  }

  void login(LoginStatus status) {
    logins.add(word(status));
  }

  void violation(String what) {
    violations.add(what);
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Connections that were let in. */
  public long acceptedConnections() {
    return accepted.sum();
  }

  /** Connections that were closed at once: too many, or the gateway is stopping. */
  public long turnedAwayConnections() {
    return turnedAway.sum();
  }

  /** Connections that ended before their login was answered. */
  public long abandonedLogins() {
    return abandoned.sum();
  }

  /** Connections that ended after their login. */
  public long endedConnections() {
    return ended.sum();
  }

  /** Login responses by their status (RFC 7143 section 11.13.5), in lower case. */
  public Map<String, Long> logins() {
    return logins.read();
  }

  /** PDUs that were not as they have to be: header_digest, data_digest, protocol. */
  public Map<String, Long> violations() {
    return violations.read();
  }
}
