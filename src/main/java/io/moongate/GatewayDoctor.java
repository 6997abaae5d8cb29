package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.cli.ApiView;
import io.moongate.cli.CheckResult;
import io.moongate.cli.Doctor;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.doctor.Cassandra;
import io.moongate.doctor.Clock;
import io.moongate.doctor.FileStore;
import io.moongate.doctor.Heap;
import io.moongate.doctor.HostAddresses;
import io.moongate.doctor.Limits;
import io.moongate.doctor.Listeners;
import io.moongate.doctor.Peers;
import io.moongate.doctor.Ports;
import io.moongate.doctor.RbdStore;
import io.moongate.doctor.ReadBack;
import io.moongate.doctor.SecretFiles;
import io.moongate.management.ManagementSettings;
import io.moongate.management.SecuritySettings;
import io.moongate.management.api.Gateway;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Looks a gateway's host over: which checks are made, of which settings. */
final class GatewayDoctor {
  private static final Path PROC = Path.of("/proc");
  private static final Path SYS = Path.of("/sys");
  private static final int CQL = 9042;
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration PORTAL_ANSWERS = Duration.ofSeconds(10);

  private final Doctor.Request request;
  private final Config config;
  private final ManagementSettings management;
  private final DataServices.Settings services;
  private final Consumer<CheckResult> told;

  private GatewayDoctor(
      Doctor.Request request,
      Config config,
      ManagementSettings management,
      DataServices.Settings services,
      Consumer<CheckResult> told) {
    this.request = request;
    this.config = config;
    this.management = management;
    this.services = services;
    this.told = told;
  }

  /** Makes every check; only the first, when the configuration can't be read. */
  static void examine(Doctor.Request request, Consumer<CheckResult> told) {
    Config config;
    ManagementSettings management;
    DataServices.Settings services;
    try {
      config = GatewayConfig.load(request.config(), "doctor");
      NodeSettings.from(config);
      management = ManagementSettings.from(config);
      services = DataServices.Settings.from(config);
      PortalLinks.settings(config, services.portals());
    } catch (GatewayConfig.Mistake | ConfigException | IllegalArgumentException mistake) {
      told.accept(
          CheckResult.fail(
              "config",
              mistake.getMessage(),
              "correct it, and look again: nothing else was looked at"));
      return;
    }
    new GatewayDoctor(request, config, management, services, told).examine();
  }

  private void examine() {
    told.accept(
        CheckResult.ok(
            "config",
            "%s is valid, gateway %s"
                .formatted(request.config(), config.getString("moongate.gateway.name"))));
    told.accept(CheckResult.ok("java", Runtime.version().toString()));
    HostAddresses addresses = new HostAddresses(GatewayDoctor::ofThisHost);
    addresses.ofThisHost(own()).forEach(told);
    addresses.known(others()).forEach(told);
    new Ports(new Listeners(PROC)).check(ports()).forEach(told);
    told.accept(new Clock().check());
    SecretFiles.check(secrets()).forEach(told);
    stores();
    cassandra();
    Optional<ApiView> view = view();
    process(view);
    new Peers(CONNECT).check(peers(view)).forEach(told);
    view.ifPresent(
        first ->
            new ReadBack(() -> request.api().view(api()), request.initiator(), PORTAL_ANSWERS)
                .check(first)
                .forEach(told));
  }

  private Map<String, List<String>> own() {
    Map<String, List<String>> own = new LinkedHashMap<>();
    own.put("moongate.gateway.host", List.of(config.getString("moongate.gateway.host")));
    own.put("moongate.relay.host", List.of(config.getString("moongate.relay.host")));
    own.put("moongate.management.host", List.of(management.host()));
    own.put(
        "moongate.iscsi.portals", services.portals().stream().map(PortalAddress::address).toList());
    return own;
  }

  private Map<String, List<String>> others() {
    Map<String, List<String>> others = new LinkedHashMap<>();
    for (String key : List.of("moongate.cluster.seed-nodes", "moongate.cassandra.contact-points")) {
      others.put(key, config.getStringList(key).stream().map(GatewayDoctor::host).toList());
    }
    return others;
  }

  /** Of {@code host:port}. */
  private static String host(String text) {
    int colon = text.lastIndexOf(':');
    boolean bare = colon < 0 || text.indexOf(':') != colon && !text.startsWith("[");
    return bare ? text : text.substring(0, colon);
  }

  private List<Ports.Port> ports() {
    List<Ports.Port> ports = new ArrayList<>();
    String gateway = config.getString("moongate.gateway.host");
    services
        .portals()
        .forEach(
            portal ->
                ports.add(
                    new Ports.Port("moongate.iscsi.portals", portal.address(), portal.port())));
    ports.add(new Ports.Port("moongate.management.port", management.host(), management.port()));
    ports.add(
        new Ports.Port(
            "moongate.relay.port",
            config.getString("moongate.relay.host"),
            config.getInt("moongate.relay.port")));
    for (String key : List.of("moongate.cluster.port", "moongate.watch.port")) {
      ports.add(new Ports.Port(key, gateway, config.getInt(key)));
    }
    ports.add(
        new Ports.Port(
            "pekko.management.http.port", gateway, config.getInt("pekko.management.http.port")));
    return ports;
  }

  private Map<String, String> secrets() {
    Map<String, String> secrets = new LinkedHashMap<>();
    for (String key :
        List.of(
            "moongate.iscsi.chap.key-file",
            "moongate.iscsi.discovery.chap.secret-file",
            "moongate.iscsi.discovery.mutual-chap.secret-file")) {
      secrets.put(key, config.getString(key));
    }
    return secrets;
  }

  private void stores() {
    if (management.stores().contains("file")) {
      FileStore.check(services.fileStore().directory()).forEach(told);
    }
    services.rbdStore().ifPresent(settings -> told.accept(RbdStore.check(settings)));
  }

  /** Its driver is asked only when a port answers: it takes long to say less. */
  private void cassandra() {
    List<Peers.Peer> points = new ArrayList<>();
    for (String point : config.getStringList("moongate.cassandra.contact-points")) {
      String host = host(point);
      String port = point.substring(host.length()).replace(":", "");
      points.add(
          new Peers.Peer(
              "Cassandra",
              unbracketed(host),
              port.isEmpty() ? CQL : Integer.parseInt(port),
              false));
    }
    List<CheckResult> reached = new Peers(CONNECT).check(points);
    reached.forEach(told);
    if (reached.stream().anyMatch(each -> each.state() == CheckResult.State.OK)) {
      Cassandra.check(config.getConfig("moongate.cassandra")).forEach(told);
    } else {
      told.accept(
          CheckResult.fail(
              "cassandra",
              "none of moongate.cassandra.contact-points takes connections",
              "start Cassandra, or correct them"));
    }
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private URI api() {
    String scheme = SecuritySettings.from(config).tls().isPresent() ? "https://" : "http://";
    return URI.create(scheme + new PortalAddress(management.host(), management.port()));
  }

  private Optional<ApiView> view() {
    try {
      ApiView view = request.api().view(api());
      told.accept(
          CheckResult.ok(
              "api",
              "gateway %s answers, of %d".formatted(view.gateway(), view.gateways().size())));
      return Optional.of(view);
    } catch (RuntimeException e) {
      told.accept(
          CheckResult.warn(
              "api",
              e.getMessage() + ": what hosts see was not looked at",
              "start the gateway, or name another by --api"));
      return Optional.empty();
    }
  }

  /** The gateway's own process where it runs here, and else what it would be given. */
  private void process(Optional<ApiView> view) {
    String name = config.getString("moongate.gateway.name");
    Optional<Listeners.Listener> running =
        new Listeners(PROC)
            .on(config.getInt("moongate.watch.port"))
            .filter(Listeners.Listener::isMoongate);
    boolean up =
        view.stream()
            .flatMap(each -> each.gateways().stream())
            .anyMatch(each -> each.name().equals(name) && each.state().equals("up"));
    if (view.isPresent() && up != running.isPresent()) {
      told.accept(
          CheckResult.warn(
              "process",
              up
                  ? name + " is up for the cluster, and no process of it is seen on this host"
                  : name
                      + " runs here, pid "
                      + running.get().pid()
                      + ", and is not up for the cluster",
              up
                  ? "is this its host? Two gateways may not have one name; as another user its process"
                      + " is not seen"
                  : "see its log"));
    }
    new Limits(PROC, SYS)
        .check(
            running.map(process -> Long.toString(process.pid())).orElse("self"),
            config.getInt("moongate.iscsi.max-connections"),
            config.getInt("moongate.iscsi.backlog"))
        .forEach(told);
    told.accept(
        Heap.check(
            running
                .map(Listeners.Listener::command)
                .orElse(String.valueOf(System.getenv("MOONGATE_JAVA_OPTS"))),
            memory(),
            config.getBytes("moongate.iscsi.max-gateway-bytes")));
  }

  private static long memory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory() * 4;
  }

  /** Other gateways, at the ports that this one has: gateways are configured alike. */
  private List<Peers.Peer> peers(Optional<ApiView> view) {
    List<Peers.Peer> peers = new ArrayList<>();
    for (String seed : config.getStringList("moongate.cluster.seed-nodes")) {
      String host = host(seed);
      if (isOwn(host)) {
        continue;
      }
      int port = Integer.parseInt(seed.substring(seed.lastIndexOf(':') + 1));
      peers.add(new Peers.Peer("Pekko Management of seed node " + seed, host, port, false));
      for (String key :
          List.of("moongate.cluster.port", "moongate.watch.port", "moongate.relay.port")) {
        peers.add(new Peers.Peer(key + " of seed node " + seed, host, config.getInt(key), false));
      }
    }
    String name = config.getString("moongate.gateway.name");
    view.stream()
        .flatMap(each -> each.gateways().stream())
        .filter(each -> each.state().equals("up") && !each.name().equals(name))
        .forEach(each -> portals(each, peers));
    return peers;
  }

  private static void portals(Gateway gateway, List<Peers.Peer> peers) {
    for (String portal : gateway.portals()) {
      String host = host(portal);
      peers.add(
          new Peers.Peer(
              "portal of gateway " + gateway.name(),
              unbracketed(host),
              Integer.parseInt(portal.substring(portal.lastIndexOf(':') + 1)),
              true));
    }
  }

  private boolean isOwn(String host) {
    try {
      return ofThisHost(InetAddress.getByName(host))
          && (host.equals(config.getString("moongate.gateway.host"))
              || !InetAddress.getByName(host).isLoopbackAddress());
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean ofThisHost(InetAddress address) {
    try {
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }
}
