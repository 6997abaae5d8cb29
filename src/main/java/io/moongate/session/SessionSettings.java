package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigOrigin;
import io.moongate.transport.TransportSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Settings of the iSCSI target side, read once from {@code moongate.iscsi}. Every key is described
 * in {@code conf/iscsi.conf}.
 *
 * @param targetAlias TargetAlias that a login returns; empty: none
 * @param chap how initiators and targets prove who they are
 * @param loginTimeout from accept to the full feature phase
 * @param reinstatementTimeout how long a login waits for its predecessor's running tasks; longer
 *     than {@code commandDeadline}, so that none of them can begin any more
 * @param commandDeadline from the parsing of a command until it must not begin any more
 * @param resetPatience how long hosts wait at least after a connection was reset until they send
 *     its commands again through another
 * @param silentPatience how long hosts wait at least, from the last that they received on a path
 *     that has become silent, until they send a command again through another
 * @param dataOutTimeout from the parsing of a command until all its data-out must have come
 * @param taskManagementTimeout how long a task management function may take
 * @param nopInterval silence of the initiator after which a NOP-In asks whether it lives
 * @param nopTimeout silence after that NOP-In after which the connection is dropped
 * @param sendTimeout time without any read by the initiator after which it is dropped
 * @param logoutBound how long initiators have to log out when the gateway stops in good order
 * @param queueDepth commands under way in a session
 * @param maxImmediateCommands immediate commands under way in a session
 * @param maxConnectionBytes data-in and data-out under way in a connection
 * @param maxGatewayBytes the same over all connections of the gateway
 * @param maxConnections TCP connections of the gateway, in whatever phase
 * @param maxSessions sessions of the gateway
 * @param maxConnectionsPerSession greatest MaxConnections agreed to
 * @param maxRecvDataSegmentLength declared to initiators; bytes
 * @param maxBurstLength greatest value agreed to; bytes
 * @param firstBurstLength greatest value agreed to; bytes
 * @param maxOutstandingR2t greatest value agreed to
 * @param initialR2t whether unsolicited data-out is refused
 * @param headerDigests digests agreed to for headers
 * @param dataDigests digests agreed to for data segments
 * @param batchBytes after how many bytes a batch of PDUs is handed to TCP
 * @param backlog connections that wait in the operating system to be accepted
 * @param eventLoops threads that serve connections; 0: as many as there are processors
 */
public record SessionSettings(
    String targetAlias,
    ChapSettings chap,
    Duration loginTimeout,
    Duration reinstatementTimeout,
    Duration commandDeadline,
    Duration resetPatience,
    Duration silentPatience,
    Duration dataOutTimeout,
    Duration taskManagementTimeout,
    Duration nopInterval,
    Duration nopTimeout,
    Duration sendTimeout,
    Duration logoutBound,
    int queueDepth,
    int maxImmediateCommands,
    long maxConnectionBytes,
    long maxGatewayBytes,
    int maxConnections,
    int maxSessions,
    int maxConnectionsPerSession,
    int maxRecvDataSegmentLength,
    int maxBurstLength,
    int firstBurstLength,
    int maxOutstandingR2t,
    boolean initialR2t,
    DigestPolicy headerDigests,
    DigestPolicy dataDigests,
    int batchBytes,
    int backlog,
    int eventLoops) {

  private static final String PATH = "moongate.iscsi";
  private static final int MAX_LENGTH = (1 << 24) - 1;

  /** Which digests are agreed to. */
  public enum DigestPolicy {
    /** None only. */
    NONE(true, false),
    /** What the initiator prefers. */
    ALLOWED(true, true),
    /** CRC32C, or the login fails. */
    REQUIRED(false, true);

    private final boolean none;
    private final boolean crc32c;

    DigestPolicy(boolean none, boolean crc32c) {
      this.none = none;
      this.crc32c = crc32c;
    }

    boolean accepts(String value) {
      return switch (value) {
        case "None" -> none;
        case "CRC32C" -> crc32c;
        default -> false;
      };
    }
  }

  /**
   * How old what an initiator has sent may be when it is taken: so much that a command can't begin
   * after the host has sent it again through another path.
   */
  Duration mostAge() {
    Duration silence = silentPatience.minus(commandDeadline).dividedBy(2);
    Duration reset = resetPatience.minus(commandDeadline);
    return silence.compareTo(reset) < 0 ? silence : reset;
  }

  /** Settings of the connections beneath. */
  TransportSettings transport() {
    return TransportSettings.of(eventLoops, sendTimeout);
  }

  /**
   * Reads the settings.
   *
   * @param config the application's whole configuration
   * @throws IllegalArgumentException names the key, where its value stands, and what was expected
   */
  public static SessionSettings from(Config config) {
    Reader in = new Reader(config);
    return new SessionSettings(
        in.text("target-alias"),
        ChapSettings.from(config),
        in.duration("login-timeout", 1, 3600),
        in.longerThan("command-deadline", "reinstatement-timeout", 3600),
        in.duration("command-deadline", 0, 3600),
        in.longerThan("command-deadline", "host-patience.reset", 3600),
        in.longerThan("command-deadline", "host-patience.silence", 7200),
        in.duration("data-out-timeout", 1, 3600),
        in.duration("task-management-timeout", 1, 3600),
        in.duration("nop-interval", 1, 3600),
        in.duration("nop-timeout", 1, 3600),
        in.duration("send-timeout", 1, 3600),
        in.duration("logout-bound", 1, 8),
        in.whole("queue-depth", 1, 4096),
        in.whole("max-immediate-commands", 1, 1024),
        in.bytes("max-connection-bytes", 1 << 20, 1L << 40),
        in.bytes("max-gateway-bytes", 1 << 20, 1L << 50),
        in.whole("max-connections", 1, 1_000_000),
        in.whole("max-sessions", 1, 65_535),
        in.whole("max-connections-per-session", 1, 65_535),
        (int) in.bytes("max-recv-data-segment-length", 8192, MAX_LENGTH),
        (int) in.bytes("max-burst-length", 262_144, MAX_LENGTH),
        (int) in.bytes("first-burst-length", 65_536, MAX_LENGTH),
        in.whole("max-outstanding-r2t", 1, 65_535),
        in.bool("initial-r2t"),
        in.digests("header-digest"),
        in.digests("data-digest"),
        (int) in.bytes("batch-bytes", 4096, 16 << 20),
        in.whole("backlog", 1, 65_535),
        in.whole("event-loops", 0, TransportSettings.MAX_EVENT_LOOPS));
  }

  /** Reads single keys and says what is wrong with them. */
  private static final class Reader {
    private final Config config;

    Reader(Config root) {
      try {
        this.config = root.getConfig(PATH);
      } catch (ConfigException e) {
        throw new IllegalArgumentException(PATH + ": expected a section of settings", e);
      }
    }

    String text(String key) {
      try {
        return config.getString(key);
      } catch (ConfigException e) {
        throw wrong(key, "a text", e);
      }
    }

    boolean bool(String key) {
      try {
        return config.getBoolean(key);
      } catch (ConfigException e) {
        throw wrong(key, "yes or no", e);
      }
    }

    int whole(String key, int from, int to) {
      String expected = "a whole number from " + from + " to " + to;
      try {
        int value = config.getInt(key);
        if (value >= from && value <= to) {
          return value;
        }
      } catch (ConfigException e) {
        throw wrong(key, expected, e);
      }
      throw wrong(key, expected, null);
    }

    long bytes(String key, long from, long to) {
      String expected = "a size from " + from + " to " + to + " bytes, such as 256 KiB";
      try {
        long value = config.getBytes(key);
        if (value >= from && value <= to) {
          return value;
        }
      } catch (ConfigException e) {
        throw wrong(key, expected, e);
      }
      throw wrong(key, expected, null);
    }

    Duration duration(String key, int fromSeconds, int toSeconds) {
      String expected =
          "a duration above %d s and up to %d s, such as 500 ms".formatted(fromSeconds, toSeconds);
      if (fromSeconds > 0) {
        expected = "a duration from %d s to %d s".formatted(fromSeconds, toSeconds);
      }
      try {
        Duration value = config.getDuration(key);
        boolean enough =
            fromSeconds == 0
                ? value.toNanos() > 0
                : value.compareTo(Duration.ofSeconds(fromSeconds)) >= 0;
        if (enough && value.compareTo(Duration.ofSeconds(toSeconds)) <= 0) {
          return value;
        }
      } catch (ConfigException | ArithmeticException e) {
        throw wrong(key, expected, e);
      }
      throw wrong(key, expected, null);
    }

    /** A duration that makes sense only when it is longer than that of another key. */
    Duration longerThan(String other, String key, int toSeconds) {
      Duration value = duration(key, 0, toSeconds);
      Duration shorter = duration(other, 0, toSeconds);
      if (value.compareTo(shorter) <= 0) {
        throw wrong(
            key,
            "more than %s.%s, which is %d ms".formatted(PATH, other, shorter.toMillis()),
            null);
      }
      return value;
    }

    DigestPolicy digests(String key) {
      List<String> words = List.of("none", "allowed", "required");
      String value = text(key).toLowerCase(Locale.ROOT);
      if (!words.contains(value)) {
        throw wrong(key, "one of " + String.join(", ", words), null);
      }
      return DigestPolicy.valueOf(value.toUpperCase(Locale.ROOT));
    }

    private IllegalArgumentException wrong(String key, String expected, Exception cause) {
      String found = "nothing";
      String origin = "in the configuration";
      if (config.hasPath(key)) {
        found = String.valueOf(config.getValue(key).unwrapped());
        ConfigOrigin at = config.getValue(key).origin();
        origin = "at " + at.description();
      }
      return new IllegalArgumentException(
          "%s.%s: found %s %s, expected %s".formatted(PATH, key, found, origin, expected), cause);
    }
  }
}
