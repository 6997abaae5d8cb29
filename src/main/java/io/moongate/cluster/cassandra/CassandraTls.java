package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.config.DriverExecutionProfile;
import com.datastax.oss.driver.api.core.context.DriverContext;
import com.datastax.oss.driver.api.core.metadata.EndPoint;
import com.datastax.oss.driver.api.core.ssl.SslEngineFactory;
import com.typesafe.config.Config;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLEngine;

/**
 * TLS to Cassandra by files in PEM: the authorities of its nodes' certificates, which must name the
 * host that is connected to, and a client certificate where it asks for one.
 */
public final class CassandraTls implements SslEngineFactory {
  private static final String SETTING = "moongate.cassandra.tls-files";
  private static final String SECTION = "advanced.ssl-engine-factory.";

  private final Tls tls;

  /** The constructor that the driver calls by name, where {@link #options} names this class. */
  public CassandraTls(DriverContext context) {
    this(files(context.getConfig().getDefaultProfile()));
  }

  /**
   * By these files.
   *
   * @throws IllegalArgumentException when one has a mistake
   */
  public CassandraTls(TlsFiles files) {
    tls = Tls.of(files);
  }

  /**
   * The files that are named below {@code moongate.cassandra}; empty when none is.
   *
   * @throws IllegalArgumentException when only one of certificate and key is
   */
  public static Optional<TlsFiles> files(Config moongateCassandra) {
    return TlsFiles.from(moongateCassandra.atPath("moongate.cassandra"), SETTING, "ca");
  }

  /** What the driver has to be told, below {@code datastax-java-driver}. */
  public static Map<String, Object> options(TlsFiles files) {
    Map<String, Object> options = new HashMap<>();
    options.put(SECTION + "class", CassandraTls.class.getName());
    files.certificate().ifPresent(file -> options.put(SECTION + "certificate", file.toString()));
    files.key().ifPresent(file -> options.put(SECTION + "key", file.toString()));
    files.ca().ifPresent(file -> options.put(SECTION + "ca", file.toString()));
    return options;
  }

  @Override
  public SSLEngine newSslEngine(EndPoint node) {
    return node.resolve() instanceof InetSocketAddress address
        ? tls.client(address.getHostString(), address.getPort())
        : tls.client(node.toString(), 0);
  }

  @Override
  public void close() {}

  private static TlsFiles files(DriverExecutionProfile profile) {
    return new TlsFiles(
        SETTING, path(profile, "certificate"), path(profile, "key"), path(profile, "ca"));
  }

  private static Optional<Path> path(DriverExecutionProfile profile, String name) {
    return Optional.ofNullable(profile.getString(() -> SECTION + name, null)).map(Path::of);
  }
}
