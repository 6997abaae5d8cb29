package io.moongate.cluster.schema;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.CqlSessionBuilder;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.ssl.ProgrammaticSslEngineFactory;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import io.moongate.cluster.cassandra.CassandraTls;
import io.moongate.security.TlsFiles;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * How a command reaches Cassandra by itself: the {@code moongate.cassandra} section of a gateway's
 * configuration.
 *
 * @param contactPoints {@code host:port}, port 9042 when left out
 * @param replicationFactor for a keyspace that is made new
 * @param tls checking host names
 * @param tlsFiles empty: with the JVM's default trust and key stores
 */
public record SchemaConnection(
    List<String> contactPoints,
    String datacenter,
    String keyspace,
    int replicationFactor,
    String username,
    String password,
    boolean tls,
    Optional<TlsFiles> tlsFiles) {

  private static final int DEFAULT_PORT = 9042;

  /** As persistence.conf has it for gateways, and why. */
  private static final String PROTOCOL = "V4";

  private static final Duration RETRY_PAUSE = Duration.ofMillis(100);
  private static final int CONNECT_TIMEOUT_MS = 1000;

  public SchemaConnection {
    contactPoints = List.copyOf(contactPoints);
    CqlScript.requireKeyspaceName(keyspace);
    if (contactPoints.isEmpty()) {
      throw new IllegalArgumentException("moongate.cassandra.contact-points is empty");
    }
    contactPoints.forEach(SchemaConnection::address);
  }

  /**
   * By a gateway's configuration file.
   *
   * @throws ConfigException when it can't be read, or lacks something
   * @throws IllegalArgumentException when something in it is wrong
   */
  public static SchemaConnection of(Path file) {
    Config config =
        ConfigFactory.defaultOverrides()
            .withFallback(
                ConfigFactory.parseFile(
                    file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false)))
            .withFallback(ConfigFactory.parseResources("persistence.conf"))
            .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
    return from(config.getConfig("moongate.cassandra"));
  }

  /**
   * From {@code moongate.cassandra}.
   *
   * @throws IllegalArgumentException that names what is wrong
   */
  public static SchemaConnection from(Config config) {
    return new SchemaConnection(
        config.getStringList("contact-points"),
        config.getString("datacenter"),
        config.getString("keyspace"),
        config.getInt("replication-factor"),
        config.getString("username"),
        config.getString("password"),
        config.getBoolean("tls"),
        CassandraTls.files(config));
  }

  @Override
  public String toString() {
    return "SchemaConnection" + contactPoints + "/" + keyspace;
  }

  /**
   * Opens a session, trying again until {@code patience} has passed.
   *
   * @throws AllNodesFailedException when no node answered within that time
   */
  public CqlSession open(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    CqlSessionBuilder builder = builder();
    while (true) {
      // A refused connection costs nothing, a failed session costs much: ask the port first while
      // there is time.
      boolean last = System.nanoTime() - deadline >= 0;
      if (last || anyPortAnswers()) {
        try {
          return builder.build();
        } catch (AllNodesFailedException e) {
          if (last) {
            throw e;
          }
        }
      }
      try {
        Thread.sleep(RETRY_PAUSE.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for Cassandra", e);
      }
    }
  }

  private CqlSessionBuilder builder() {
    CqlSessionBuilder builder =
        CqlSession.builder()
            .withLocalDatacenter(datacenter)
            .withConfigLoader(
                DriverConfigLoader.programmaticBuilder()
                    .withString(DefaultDriverOption.PROTOCOL_VERSION, PROTOCOL)
                    .withBoolean(DefaultDriverOption.METADATA_SCHEMA_ENABLED, false)
                    .withBoolean(DefaultDriverOption.RECONNECT_ON_INIT, false)
                    .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(30))
                    .withDuration(
                        DefaultDriverOption.CONTROL_CONNECTION_AGREEMENT_TIMEOUT,
                        Duration.ofSeconds(30))
                    .build());
    contactPoints.forEach(point -> builder.addContactPoint(resolved(point)));
    if (!username.isEmpty()) {
      builder.withAuthCredentials(username, password);
    }
    if (tls && tlsFiles.isPresent()) {
      builder.withSslEngineFactory(new CassandraTls(tlsFiles.get()));
    } else if (tls) {
      try {
        builder.withSslEngineFactory(
            new ProgrammaticSslEngineFactory(SSLContext.getDefault(), null, true));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("this JVM has no default TLS context", e);
      }
    }
    return builder;
  }

  private boolean anyPortAnswers() {
    for (String point : contactPoints) {
      try (Socket socket = new Socket()) {
        socket.connect(resolved(point), CONNECT_TIMEOUT_MS);
        return true;
      } catch (IOException e) {
        // Not this one, or not yet: the caller tries again until its time is over, then reports the
        // driver's error.
      }
    }
    return false;
  }

  private static InetSocketAddress resolved(String point) {
    InetSocketAddress address = address(point);
    return new InetSocketAddress(address.getHostString(), address.getPort());
  }

  /** Parses {@code host}, {@code host:port} or {@code [v6]:port}; does not resolve. */
  static InetSocketAddress address(String point) {
    int colon = point.lastIndexOf(':');
    boolean bracketed = point.startsWith("[");
    boolean hasPort = bracketed ? colon > point.indexOf(']') : colon > 0;
    String host = hasPort ? point.substring(0, colon) : point;
    if (bracketed) {
      host = host.substring(1, host.indexOf(']'));
    }
    try {
      int port = hasPort ? Integer.parseInt(point.substring(colon + 1)) : DEFAULT_PORT;
      return InetSocketAddress.createUnresolved(host, port);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "moongate.cassandra.contact-points: '" + point + "' is not host:port", e);
    }
  }
}
