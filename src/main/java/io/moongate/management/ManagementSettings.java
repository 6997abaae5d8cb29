package io.moongate.management;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Settings of the HTTP API; each key is described in {@code conf/management.conf}.
 *
 * @param host address or name to listen on
 * @param port TCP port; 0 for any free one
 * @param allowRemote whether {@code host} may be other than loopback
 * @param requestTimeout from the end of a request to its answer
 * @param bodyTimeout from the head of a request to the end of its body
 * @param idleTimeout of a connection on which nothing moves
 * @param shutdownTimeout for requests in flight when the gateway stops
 * @param maxRequestSize bytes of a request's body
 * @param maxConnections open at a time
 * @param stores kinds of volume store that a LUN may be created in; the first is the default
 */
public record ManagementSettings(
    String host,
    int port,
    boolean allowRemote,
    Duration requestTimeout,
    Duration bodyTimeout,
    Duration idleTimeout,
    Duration shutdownTimeout,
    int maxRequestSize,
    int maxConnections,
    List<String> stores) {

  private static final String PATH = "moongate.management.";

  public ManagementSettings {
    stores = List.copyOf(stores);
    require(!host.isBlank(), "host", "must name an address");
    require(port >= 0 && port <= 65535, "port", "must be from 0 to 65535");
    require(positive(requestTimeout), "request-timeout", "must be positive");
    require(positive(bodyTimeout), "body-timeout", "must be positive");
    require(positive(shutdownTimeout), "shutdown-timeout", "must be positive");
    require(
        idleTimeout.compareTo(requestTimeout) > 0,
        "idle-timeout",
        "must be longer than request-timeout, or connections close before they are answered");
    require(
        maxRequestSize >= 1024 && maxRequestSize <= 1024 * 1024,
        "max-request-size",
        "must be from 1 KiB to 1 MiB");
    require(maxConnections >= 1, "max-connections", "must be at least 1");
    require(!stores.isEmpty(), "stores", "must name at least one kind of store");
  }

  /** Reads {@code moongate.management}. */
  public static ManagementSettings from(Config config) {
    Config own = config.getConfig("moongate.management");
    return new ManagementSettings(
        own.getString("host"),
        own.getInt("port"),
        own.getBoolean("allow-remote"),
        own.getDuration("request-timeout"),
        own.getDuration("body-timeout"),
        own.getDuration("idle-timeout"),
        own.getDuration("shutdown-timeout"),
        Math.toIntExact(Math.min(own.getBytes("max-request-size"), Integer.MAX_VALUE)),
        own.getInt("max-connections"),
        names(own, "stores"));
  }

  /** A list, or a text with commas: an environment variable can't be a list. */
  private static List<String> names(Config config, String key) {
    return config.getValue(key).valueType() == ConfigValueType.STRING
        ? Pattern.compile(",")
            .splitAsStream(config.getString(key))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList()
        : config.getStringList(key);
  }

  /**
   * The address to listen on.
   *
   * @throws IllegalArgumentException when the host is unknown, or is not loopback and {@code
   *     allow-remote} is off
   */
  InetAddress address() {
    InetAddress address;
    try {
      address = InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(PATH + "host: unknown host " + host, e);
    }
    if (!allowRemote && !address.isLoopbackAddress()) {
      throw new IllegalArgumentException(
          PATH
              + "host: "
              + host
              + " is not a loopback address. To open the API to other hosts, give it a certificate ("
              + PATH
              + "tls; without one tokens are in the clear), and set "
              + PATH
              + "allow-remote = true");
    }
    return address;
  }

  private static boolean positive(Duration duration) {
    return !duration.isZero() && !duration.isNegative();
  }

  private static void require(boolean holds, String key, String message) {
    if (!holds) {
      throw new IllegalArgumentException(PATH + key + " " + message);
    }
  }
}
