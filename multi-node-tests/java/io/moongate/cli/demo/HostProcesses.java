package io.moongate.cli.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * The demo's way to run Cassandra and gateways on one host, opened to the multi-node tests, so that
 * what they run is what the demo runs.
 */
public final class HostProcesses {

  private static final String HOST = "127.0.0.1";
  // The serial collector: several JVMs share few cores here, and the heap is small.
  private static final List<String> GATEWAY_OPTIONS =
      List.of("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC");

  /**
   * A unit that prefers a gateway goes back to it soon, also where tests have killed that gateway
   * so often that it waits 64 times as long. No unit prefers any unless a test says so.
   */
  private static final Map<String, String> GATEWAY_ENVIRONMENT =
      Map.of("MOONGATE_OWNERSHIP_FAILBACK", "on", "MOONGATE_OWNERSHIP_STABLE_FOR", "200 ms");

  private static final List<String> SHORT_LIVED_OPTIONS =
      List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Path home;
  private final OwnJvm jvm;
  private final Map<List<String>, Children> children = new ConcurrentHashMap<>();

  /**
   * Where a process runs, and as what.
   *
   * @param launcher what comes before its command line, such as {@code ip netns exec NAME}; it must
   *     become the command, not start it
   * @param environment more variables of its environment
   */
  public record Place(List<String> launcher, Map<String, String> environment) {
    /** Beside this JVM. */
    public static final Place HERE = new Place(List.of(), Map.of());

    public Place {
      launcher = List.copyOf(launcher);
      environment = Map.copyOf(environment);
    }

    /** The same place with these variables instead. */
    public Place with(Map<String, String> variables) {
      return new Place(launcher, variables);
    }
  }

  /** A process that was started here. */
  public static final class Started {
    private final Child child;
    private final Path log;

    Started(Child child, Path log) {
      this.child = child;
      this.log = log;
    }

    public long pid() {
      return child.pid();
    }

    public boolean alive() {
      return child.alive();
    }

    /** SIGTERM. */
    public void terminate() {
      child.terminate();
    }

    /** SIGKILL. */
    public void kill() {
      child.kill();
    }

    /** Whether it ended within the time. */
    public boolean awaitExit(Duration time) {
      return child.awaitExit(time);
    }

    /** The exit status as a shell gives it; only once it has ended. */
    public int exitStatus() {
      return child.exitStatus();
    }

    /** The last lines that it wrote. */
    public String logTail() {
      return "the end of " + log + ":" + System.lineSeparator() + child.logTail();
    }
  }

  /** Where Cassandra listens, so that it can be started there again. */
  public record CassandraAddress(String host, int cqlPort, int storagePort) {

    /** As a gateway's configuration names it. */
    public String contactPoint() {
      return host + ":" + cqlPort;
    }

    /** The usual ports, or others when those are taken. */
    public static CassandraAddress free() {
      return new CassandraAddress(
          HOST,
          Ports.preferredOrFree(HOST, CassandraNode.DEFAULT_CQL_PORT),
          Ports.preferredOrFree(HOST, CassandraNode.DEFAULT_STORAGE_PORT));
    }

    /** The usual ports of a host where nothing else listens. */
    public static CassandraAddress on(String host) {
      return new CassandraAddress(
          host, CassandraNode.DEFAULT_CQL_PORT, CassandraNode.DEFAULT_STORAGE_PORT);
    }
  }

  /**
   * @param home the directory of the launcher
   * @param classPath of the gateways
   */
  public HostProcesses(Path home, String classPath) {
    this.home = home;
    this.jvm = new OwnJvm(JavaHome.running(), classPath, OwnJvm.of(home).optionFiles());
  }

  /** Fails when a port of the first so many gateways can't be listened on. */
  public static void requirePortsFree(int gateways) {
    Ports.requireFree(
        GatewayAddress.first(gateways).stream()
            .flatMap(gateway -> gateway.needs().stream())
            .toList());
  }

  /**
   * Starts a node of Cassandra; does not wait for it to answer. Its data stays in its directory.
   *
   * @param ring the hosts of all nodes, which have the same ports
   * @param more lines of its configuration
   */
  public Started startCassandra(
      CassandraAddress address,
      List<String> ring,
      Path directory,
      Path log,
      Place place,
      String more) {
    Path target = home.resolve("target").resolve("cassandra");
    CassandraNode.Settings settings =
        new CassandraNode.Settings(
            directory,
            log,
            target.resolve("lib"),
            JavaHome.forCassandra(System.getenv()),
            Optional.empty(),
            address.host(),
            address.cqlPort(),
            address.storagePort(),
            ring,
            more);
    return new Started(CassandraNode.start(in(place), settings).child(), log);
  }

  /** Whether Cassandra answers a CQL request. */
  public static boolean answersCql(CassandraAddress address) {
    return CassandraNode.answersCql(address.host(), address.cqlPort());
  }

  /**
   * Writes the configuration of each gateway as {@code gwN.conf}.
   *
   * @param hosts where each of them listens
   * @param more settings (HOCON) that override those of the demo
   */
  public static void writeConfigurations(
      Path directory,
      List<String> hosts,
      List<CassandraAddress> cassandra,
      Path volumes,
      String more) {
    List<GatewayAddress> all =
        IntStream.range(0, hosts.size())
            .mapToObj(at -> new GatewayAddress(at + 1, hosts.get(at)))
            .toList();
    for (GatewayAddress gateway : all) {
      Children.write(
          directory.resolve(gateway.name() + ".conf"),
          gateway.configuration(
                  all,
                  cassandra.stream().map(CassandraAddress::contactPoint).toList(),
                  volumes.toString(),
                  ChapKey.in(directory).toString())
              + DemoAccess.in(directory).configuration()
              + more);
    }
  }

  /**
   * Starts {@code moongate schema apply}, which waits for Cassandra.
   *
   * @param copies of what is kept
   */
  public Started applySchema(Path config, Path log, int copies, Duration wait) {
    List<String> command =
        jvm.command(
            SHORT_LIVED_OPTIONS,
            "schema",
            "apply",
            "--config",
            config.toString(),
            "--replication-factor",
            Integer.toString(copies),
            "--wait",
            Long.toString(wait.toSeconds()));
    return new Started(in(Place.HERE).start("schema", command, Map.of(), log), log);
  }

  /** Starts a gateway. Its log is appended to. */
  public Started startGateway(String name, Path config, Path log, Place place) {
    List<String> command = jvm.command(GATEWAY_OPTIONS, "gateway", "--config", config.toString());
    Map<String, String> environment = new TreeMap<>(GATEWAY_ENVIRONMENT);
    environment.putAll(place.environment());
    return new Started(in(place).start(name, command, environment, log), log);
  }

  /** SIGKILL to whatever still runs, a stopped process too. */
  public void killAll() {
    List<Children> all = new ArrayList<>(children.values());
    all.forEach(Children::close);
    all.forEach(some -> some.running().forEach(Child::kill));
  }

  private Children in(Place place) {
    return children.computeIfAbsent(place.launcher(), launcher -> new Children(launcher));
  }
}
