package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.CassandraAddress;
import io.moongate.cli.demo.HostProcesses.Place;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Where the processes of a test cluster run and listen.
 *
 * @param hosts address of each gateway
 * @param portals address of the portal of each, which may be another one
 * @param cassandra the nodes of Cassandra, each with a copy of everything
 * @param places by the name of a process
 * @param more settings (HOCON) of the gateways that override those of the demo
 * @param secured when connections are encrypted
 * @param cassandraDirectory where Cassandra's nodes keep everything, if not beside the rest
 */
public record Site(
    List<String> hosts,
    List<String> portals,
    List<CassandraAddress> cassandra,
    Function<String, Place> places,
    String more,
    Optional<Secured> secured,
    Optional<Path> cassandraDirectory) {
  /** With MOONGATE_LOG_SHARDING=DEBUG: an entity that is silent can be anywhere. */
  private static final String VERBOSE = "pekko.loglevel = DEBUG\n";

  /**
   * How to get along with a cluster whose connections are encrypted.
   *
   * @param authority (PEM) of the API's certificates
   * @param cassandra lines of Cassandra's configuration
   */
  record Secured(Path authority, String cassandra) {}

  /** Nothing is encrypted. */
  public Site(
      List<String> hosts,
      List<String> portals,
      List<CassandraAddress> cassandra,
      Function<String, Place> places,
      String more) {
    this(hosts, portals, cassandra, places, more, Optional.empty(), Optional.empty());
  }

  public Site {
    hosts = List.copyOf(hosts);
    portals = List.copyOf(portals);
    cassandra = List.copyOf(cassandra);
  }

  /** The same with more settings. */
  Site with(String settings) {
    return new Site(
        hosts, portals, cassandra, places, more + settings, secured, cassandraDirectory);
  }

  /** The same whose nodes of Cassandra keep everything elsewhere. */
  public Site withCassandraIn(Optional<Path> directory) {
    return new Site(hosts, portals, cassandra, places, more, secured, directory);
  }

  /** The same with encrypted connections. */
  public static Site secured(int gateways, Path authority, String settings, String cassandra) {
    Site plain = loopback(gateways);
    return new Site(
        plain.hosts,
        plain.portals,
        plain.cassandra,
        plain.places,
        plain.more + settings,
        Optional.of(new Secured(authority, cassandra)),
        Optional.empty());
  }

  /**
   * So many gateways on loopback addresses, each with a heap of its own size and no more in its log
   * than a product has.
   *
   * @param heap as the JVM's option {@code -Xmx} takes it
   */
  public static Site roomy(int gateways, String heap) {
    Site plain = loopback(gateways);
    // The JVM takes this above what is on the command line. Hosts of these tests are silent for
    // long.
    Map<String, String> options =
        Map.of("_JAVA_OPTIONS", "-Xmx" + heap, "MOONGATE_ISCSI_NOP_TIMEOUT", "10 m");
    return new Site(
        plain.hosts,
        plain.portals,
        plain.cassandra,
        name -> name.startsWith("gw") ? Place.HERE.with(options) : Place.HERE,
        "");
  }

  /**
   * So many gateways on 127.0.0.1, 127.0.0.2, and so on, as the demo has them; fails when their
   * ports are taken.
   */
  static Site loopback(int gateways) {
    HostProcesses.requirePortsFree(gateways);
    List<String> hosts =
        IntStream.rangeClosed(1, gateways).mapToObj(index -> "127.0.0." + index).toList();
    return new Site(hosts, hosts, List.of(CassandraAddress.free()), name -> Place.HERE, VERBOSE);
  }
}
