package io.moongate.cli.demo;

import io.moongate.cli.demo.GatewayApi.ApiException;
import io.moongate.management.api.Gateway;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** A Cassandra node and gateways, as processes of this host: started in order, watched, stopped. */
public final class DemoCluster {

  public static final String TARGET = "iqn.2026-11.io.moongate:demo";
  public static final long LUN_SIZE = 1L << 30;

  /** The serial collector: several JVMs share few cores here, and the heap is small. */
  static final List<String> SMALL_GATEWAYS = List.of("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC");

  private static final String PROBE_INITIATOR = "iqn.2026-11.io.moongate:demo-probe";
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration GATEWAY_GRACE = Duration.ofSeconds(15);

  /**
   * What to start.
   *
   * @param home the directory of the launcher
   * @param gateways 1 to 9
   * @param luns 1 to 256: LUN 0 to {@code luns - 1}
   * @param timeout for the whole of a start
   * @param store of the LUNs
   * @param gatewayOptions of the gateways' JVMs, beside those of {@code conf}
   */
  public record Settings(
      Path home,
      int gateways,
      int luns,
      Duration timeout,
      DemoStore store,
      List<String> gatewayOptions) {}

  private final Settings settings;
  private final DemoDirectory directory;
  private final PrintWriter out;
  private final DemoAccess access;
  private final Children children = new Children();
  private final List<GatewayProcess> gateways;
  private final List<GatewayAddress> addresses;
  // Written by the thread that starts, read by the one that stops.
  private volatile CassandraNode cassandra;
  private volatile boolean stopping;
  private boolean disksBegun;

  public DemoCluster(Settings settings, DemoDirectory directory, PrintWriter out) {
    this.settings = settings;
    this.directory = directory;
    this.out = out;
    this.access = DemoAccess.in(directory.root());
    OwnJvm jvm = OwnJvm.of(settings.home());
    this.addresses = GatewayAddress.first(settings.gateways());
    this.gateways =
        addresses.stream()
            .map(
                address ->
                    new GatewayProcess(
                        address,
                        jvm,
                        settings.gatewayOptions(),
                        directory.config(address.name()),
                        directory.log(address.name())))
            .toList();
  }

  public List<GatewayProcess> gateways() {
    return gateways;
  }

  GatewayProcess gateway(String name) {
    return gateways.stream()
        .filter(gateway -> gateway.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new DemoException("there is no gateway " + name + " in this demo"));
  }

  /** Whether it has come so far that there may be LUNs. */
  boolean mayHaveDisks() {
    return disksBegun;
  }

  /** The API of each gateway whose process runs. */
  public List<GatewayApi> alive() {
    return gateways.stream()
        .filter(GatewayProcess::alive)
        .map(gateway -> api(gateway.address()))
        .toList();
  }

  GatewayApi api(GatewayAddress gateway) {
    return new GatewayApi(gateway.api(), access.token());
  }

  /** How the API lets its users in. */
  DemoAccess access() {
    return access;
  }

  List<GatewayAddress> addresses() {
    return addresses;
  }

  public Children children() {
    return children;
  }

  /**
   * Starts everything and waits until each LUN answers through each portal.
   *
   * @throws DemoException when it can't; what was started then is still there, for {@link #stop}
   */
  public void start() {
    Deadline deadline = Deadline.after(settings.timeout());
    JavaHome cassandraJava = JavaHome.forCassandra(System.getenv());
    FreeMemory.require(gateways.size());
    Ports.requireFree(addresses.stream().flatMap(address -> address.needs().stream()).toList());
    if (!children.dieWithUs()) {
      say(
          "no setpriv (Debian: util-linux): if this process is killed with SIGKILL, its children stay");
    }
    startCassandra(cassandraJava, deadline);
    say("Cassandra answers on %s (pid %d)", cassandra.contactPoint(), cassandra.child().pid());
    gateways.forEach(gateway -> gateway.start(children));
    say("starting %d gateways, logs in %s", gateways.size(), directory.logs());
    gateways.forEach(gateway -> awaitReady(gateway, deadline));
    say("the gateways are ready");
    awaitRegistered(names(), deadline);
    createDisks(deadline);
    say("%d LUNs are there", settings.luns());
    awaitServing(names(), names(), deadline);
    gateways.forEach(gateway -> awaitDisks(gateway, deadline));
  }

  /** Starts a gateway that died again, and waits until it serves every LUN. */
  void restart(GatewayProcess gateway, Deadline deadline) {
    gateway.start(children);
    awaitReady(gateway, deadline);
    List<String> alive =
        gateways.stream().filter(other -> other.child().alive()).map(GatewayProcess::name).toList();
    awaitRegistered(alive, deadline);
    awaitServing(alive, alive, deadline);
    awaitDisks(gateway, deadline);
  }

  /** Cassandra and the gateways. */
  List<Child> processes() {
    return Stream.concat(Stream.of(cassandra.child()), gateways.stream().map(GatewayProcess::child))
        .toList();
  }

  /** Whether the processes end because they are meant to. */
  boolean stopping() {
    return stopping;
  }

  /** What can be done about a process that ended, to follow a sentence that says so. */
  String adviceAbout(Child child) {
    return child == cassandra.child()
        ? ": I/O goes on, changes are refused; stop the demo and start it again"
        : "; to start it again: moongate gateway --config " + directory.config(child.name());
  }

  /** Stops everything that was started, the gateways first so that they can leave in good order. */
  void stop() {
    stopping = true;
    children.close();
    List<Child> others =
        children.running().stream()
            .filter(child -> cassandra == null || child != cassandra.child())
            .toList();
    List<String> killed = children.stop(others, GATEWAY_GRACE);
    if (!killed.isEmpty()) {
      say("killed after %d s: %s", GATEWAY_GRACE.toSeconds(), String.join(", ", killed));
    }
    if (cassandra != null) {
      cassandra.stop();
    }
  }

  /**
   * The gateways by their path to a LUN: that which owns it first.
   *
   * @throws DemoException when that can't be told now
   */
  public List<GatewayProcess> byPath(int lun) {
    try {
      PathStates states = paths(gateways.get(0), lun);
      if (!states.serving(names())) {
        throw new DemoException("LUN %d is not served by every path: %s".formatted(lun, states));
      }
      String owner = states.optimized();
      return gateways.stream()
          .sorted(Comparator.comparing(gateway -> !gateway.name().equals(owner)))
          .toList();
    } catch (ApiException e) {
      throw new DemoException("the paths can't be read: " + e.getMessage(), e);
    }
  }

  /** The command line of another JVM of Moongate, with options beside those of {@code conf}. */
  public List<String> command(List<String> options, String... arguments) {
    return OwnJvm.of(settings.home()).command(options, arguments);
  }

  /** What a gateway says of the paths to a LUN through the gateways of this demo. */
  PathStates paths(GatewayProcess asked, int lun) throws ApiException {
    return PathStates.of(api(asked.address()).paths(), TARGET, lun, names());
  }

  /**
   * Waits until each of {@code asked} reports exactly one optimized path and no unusable one among
   * {@code alive}.
   */
  void awaitServing(List<String> asked, List<String> alive, Deadline deadline) {
    for (String name : asked) {
      GatewayProcess gateway = gateway(name);
      AtomicReference<String> last = new AtomicReference<>("no answer");
      deadline.poll(
          POLL,
          name + " to report that every path is active",
          () -> {
            gateway.child().requireAlive();
            try {
              var all = api(gateway.address()).paths();
              for (int lun = 0; lun < settings.luns(); lun++) {
                PathStates states = PathStates.of(all, TARGET, lun, names());
                last.set("LUN " + lun + ": " + states);
                if (!states.serving(alive)) {
                  return Optional.empty();
                }
              }
              return Optional.of(Boolean.TRUE);
            } catch (ApiException e) {
              last.set(e.getMessage());
              return Optional.empty();
            }
          },
          last::get);
    }
  }

  List<String> names() {
    return addresses.stream().map(GatewayAddress::name).toList();
  }

  private void startCassandra(JavaHome java, Deadline deadline) {
    String host = "127.0.0.1";
    int cql = Ports.preferredOrFree(host, CassandraNode.DEFAULT_CQL_PORT);
    int storage = Ports.preferredOrFree(host, CassandraNode.DEFAULT_STORAGE_PORT);
    if (cql != CassandraNode.DEFAULT_CQL_PORT) {
      say("port %d is taken: Cassandra listens on %d", CassandraNode.DEFAULT_CQL_PORT, cql);
    }
    Path target = settings.home().resolve("target").resolve("cassandra");
    cassandra =
        CassandraNode.start(
            children,
            new CassandraNode.Settings(
                directory.cassandra(),
                directory.log("cassandra"),
                target.resolve("lib"),
                java,
                Optional.of(target),
                host,
                cql,
                storage,
                List.of(host)));
    for (GatewayProcess gateway : gateways) {
      Children.write(
          directory.config(gateway.name()),
          gateway
                  .address()
                  .configuration(
                      addresses,
                      List.of(cassandra.contactPoint()),
                      directory.volumes().toString(),
                      directory.chapKey().toString())
              + access.configuration()
              + settings.store().configuration());
    }
    // Its JVM starts while Cassandra does, and waits for it.
    Child schema =
        children.start(
            "schema",
            OwnJvm.of(settings.home())
                .command(
                    List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                    "schema",
                    "apply",
                    "--config",
                    directory.config(gateways.get(0).name()).toString(),
                    "--replication-factor",
                    "1",
                    "--wait",
                    Long.toString(Math.max(1, deadline.left().toSeconds()))),
            Map.of(),
            directory.log("schema"));
    cassandra.awaitCql(deadline);
    if (!schema.awaitExit(deadline.left())) {
      throw new DemoException(
          "the schema was not applied in time; the end of %s:%n%s"
              .formatted(directory.log("schema"), schema.logTail()));
    }
    if (schema.exitStatus() != 0) {
      throw new DemoException(
          "the schema could not be applied (status %d); the end of %s:%n%s"
              .formatted(schema.exitStatus(), directory.log("schema"), schema.logTail()));
    }
  }

  private void awaitReady(GatewayProcess gateway, Deadline deadline) {
    deadline.poll(
        POLL,
        gateway.name() + " to be ready",
        () -> {
          supervise();
          return GatewayApi.ready(gateway.address().readiness())
              ? Optional.of(Boolean.TRUE)
              : Optional.empty();
        },
        () ->
            "%s does not answer 200; the end of its log:%n%s"
                .formatted(gateway.address().readiness(), gateway.child().logTail()));
  }

  /** Waits until each gateway lists all of them as up, with the processes that run now. */
  private void awaitRegistered(List<String> alive, Deadline deadline) {
    for (String name : alive) {
      GatewayProcess gateway = gateway(name);
      AtomicReference<String> last = new AtomicReference<>("no answer");
      deadline.poll(
          POLL,
          name + " to list every gateway",
          () -> {
            supervise();
            try {
              Set<String> missing = new HashSet<>(alive);
              for (Gateway row : api(gateway.address()).gateways()) {
                if (alive.contains(row.name())
                    && row.state().equals("up")
                    && row.pid() == gateway(row.name()).child().pid()) {
                  missing.remove(row.name());
                }
              }
              last.set("not there yet: " + missing);
              return missing.isEmpty() ? Optional.of(Boolean.TRUE) : Optional.empty();
            } catch (ApiException e) {
              last.set(e.getMessage());
              return Optional.empty();
            }
          },
          last::get);
    }
  }

  private void createDisks(Deadline deadline) {
    disksBegun = true;
    GatewayApi api = api(addresses.get(0));
    change(deadline, "the target", () -> api.createTarget(TARGET));
    for (int lun = 0; lun < settings.luns(); lun++) {
      int number = lun;
      change(
          deadline,
          "LUN " + lun,
          () -> api.createLun(TARGET, number, LUN_SIZE, settings.store().kind()));
    }
  }

  private interface Change {
    void make() throws ApiException;
  }

  /** A change that can be repeated; repeated while the cluster says that it can't decide yet. */
  private void change(Deadline deadline, String what, Change change) {
    AtomicReference<String> last = new AtomicReference<>("no answer");
    deadline.poll(
        POLL,
        what + " to be created",
        () -> {
          supervise();
          try {
            change.make();
            return Optional.of(Boolean.TRUE);
          } catch (ApiException e) {
            if (e.status() != 0 && e.status() != 503) {
              throw new DemoException("can't create " + what + ": " + e.getMessage(), e);
            }
            last.set(e.getMessage());
            return Optional.empty();
          }
        },
        last::get);
  }

  private void awaitDisks(GatewayProcess gateway, Deadline deadline) {
    for (int lun = 0; lun < settings.luns(); lun++) {
      int number = lun;
      AtomicReference<String> last = new AtomicReference<>("no answer");
      deadline.poll(
          POLL,
          "LUN " + lun + " to answer through " + gateway.name(),
          () -> {
            supervise();
            try {
              return Optional.of(probe(gateway, number));
            } catch (IOException e) {
              last.set(e.toString());
              return Optional.empty();
            }
          },
          last::get);
    }
  }

  /** Logs in through a gateway and asks a LUN what it is. */
  PortalProbe.Disk probe(GatewayProcess gateway, int lun) throws IOException {
    return PortalProbe.ask(
        gateway.address().host(),
        gateway.address().iscsiPort(),
        TARGET,
        PROBE_INITIATOR,
        lun,
        PROBE_TIMEOUT);
  }

  /**
   * Starts each gateway anew that ended because the cluster had expelled it, as any supervisor of
   * gateways does.
   */
  void restartExpelled() {
    for (GatewayProcess gateway : gateways) {
      Child child = gateway.child();
      if (!child.alive() && child.exitStatus() == GatewayProcess.EXPELLED && !stopping) {
        say("%s was expelled from the cluster, and is started anew", gateway.name());
        gateway.start(children);
      }
    }
  }

  /**
   * @throws DemoException when a process has ended, and not for having been expelled
   */
  private void supervise() {
    restartExpelled();
    processes().forEach(Child::requireAlive);
  }

  /** Milliseconds since this JVM was started: what a person at the terminal has waited. */
  static long sinceStart() {
    return System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
  }

  private void say(String format, Object... arguments) {
    out.println(
        String.format(Locale.ROOT, "%6.1f s  ", sinceStart() / 1000.0)
            + String.format(format, arguments));
    out.flush();
  }
}
