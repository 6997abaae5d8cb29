package io.moongate.relay;

import com.typesafe.config.Config;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import io.moongate.transport.TransportSettings;
import java.time.Duration;
import java.util.Optional;

/**
 * {@code moongate.relay}; the keys' meaning is in {@code conf/relay.conf}.
 *
 * @param host address to listen on
 * @param port port to listen on; 0 for any
 * @param maxData bytes of a command's data in either direction
 * @param maxInFlight commands in flight per peer
 * @param maxInFlightPerUnit of these, commands to one logical unit
 * @param maxInFlightBytes their data together, per peer
 * @param connections to one peer, as many as there are event loops at most
 * @param maxConnections connections that the server takes
 * @param tickInterval how often the owner tells its clock
 * @param tickBound how old the last tick may be for a command to be sent
 * @param clockDrift how much faster or slower the owner's clock may run, as a fraction
 * @param clockMargin what a deadline is shortened by beside the drift
 * @param replyBound how long after its deadline a command's reply is waited for
 * @param connectWait how long a command waits, unsent, for a connection
 * @param connectTimeout bound of a TCP connect
 * @param handshakeTimeout bound from connection to welcome
 * @param idleTimeout silence after which a connection is given up
 * @param backoffMin pause before the first reconnect
 * @param backoffMax pause before a later one, at most
 * @param tls of both ends; empty: plain TCP
 */
public record RelaySettings(
    String host,
    int port,
    int maxData,
    int maxInFlight,
    int maxInFlightPerUnit,
    long maxInFlightBytes,
    int connections,
    int maxConnections,
    Duration tickInterval,
    Duration tickBound,
    double clockDrift,
    Duration clockMargin,
    Duration replyBound,
    Duration connectWait,
    Duration connectTimeout,
    Duration handshakeTimeout,
    Duration idleTimeout,
    Duration backoffMin,
    Duration backoffMax,
    Optional<Tls> tls) {

  public RelaySettings {
    require(port >= 0 && port <= 65_535, "port must be 0 to 65535");
    require(maxData >= 4096 && maxData <= 64 << 20, "max-data must be 4 KiB to 64 MiB");
    require(maxInFlight >= 1, "max-in-flight must be positive");
    require(
        maxInFlightPerUnit >= 1 && maxInFlightPerUnit <= maxInFlight,
        "max-in-flight-per-unit must be positive and at most max-in-flight");
    require(
        maxInFlightBytes >= 2L * maxData, "max-in-flight-bytes must be at least twice max-data");
    require(
        connections >= 1 && connections <= TransportSettings.MAX_EVENT_LOOPS,
        "connections must be 1 to " + TransportSettings.MAX_EVENT_LOOPS);
    require(maxConnections >= 1, "max-connections must be positive");
    require(clockDrift >= 0 && clockDrift < 0.5, "clock-drift must be 0 to 0.5");
    require(!clockMargin.isNegative(), "clock-margin must not be negative");
    require(positive(tickInterval), "tick-interval must be positive");
    require(tickBound.compareTo(tickInterval) > 0, "tick-bound must be above tick-interval");
    require(!replyBound.isNegative(), "reply-bound must not be negative");
    require(replyBound.compareTo(clockMargin) >= 0, "reply-bound must be at least clock-margin");
    require(!connectWait.isNegative(), "connect-wait must not be negative");
    require(positive(connectTimeout), "connect-timeout must be positive");
    require(positive(handshakeTimeout), "handshake-timeout must be positive");
    require(
        idleTimeout.compareTo(tickInterval.multipliedBy(3)) >= 0,
        "idle-timeout must be at least three tick-intervals");
    require(positive(backoffMin), "backoff-min must be positive");
    require(backoffMax.compareTo(backoffMin) >= 0, "backoff-max must be at least backoff-min");
  }

  /** Settings of the connections beneath. */
  TransportSettings transport() {
    return TransportSettings.of(0, idleTimeout);
  }

  private static boolean positive(Duration duration) {
    return !duration.isNegative() && !duration.isZero();
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("moongate.relay: " + otherwise);
    }
  }

  /** From the whole configuration. */
  public static RelaySettings from(Config config) {
    Config relay = config.getConfig("moongate.relay");
    return new RelaySettings(
        relay.getString("host"),
        relay.getInt("port"),
        Math.toIntExact(relay.getBytes("max-data")),
        relay.getInt("max-in-flight"),
        relay.getInt("max-in-flight-per-unit"),
        relay.getBytes("max-in-flight-bytes"),
        relay.getInt("connections"),
        relay.getInt("max-connections"),
        relay.getDuration("tick-interval"),
        relay.getDuration("tick-bound"),
        relay.getDouble("clock-drift"),
        relay.getDuration("clock-margin"),
        relay.getDuration("reply-bound"),
        relay.getDuration("connect-wait"),
        relay.getDuration("connect-timeout"),
        relay.getDuration("handshake-timeout"),
        relay.getDuration("idle-timeout"),
        relay.getDuration("backoff-min"),
        relay.getDuration("backoff-max"),
        TlsFiles.mutual(config, "moongate.tls").map(Tls::of));
  }
}
