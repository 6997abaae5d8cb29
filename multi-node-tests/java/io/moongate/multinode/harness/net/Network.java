package io.moongate.multinode.harness.net;

import io.moongate.cli.demo.HostProcesses.Place;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Hosts in miniature on one wire: a network namespace for each process of a test cluster, all on
 * the bridge of one more namespace, and this JVM beside them. The bridge is where packets get lost:
 * silently, and each direction by itself.
 *
 * <p>Everything has this JVM's pid in its name. What a run left that was killed is removed by the
 * next one; what is not ours is not touched. Needs root.
 */
public final class Network implements AutoCloseable {
  /** The name of the side on which the hosts of a workload are: this JVM. */
  public static final String HOSTS = "hosts";

  /** The name of the side on which a Ceph cluster is; the same machine, with another address. */
  public static final String STORE = "store";

  /** The name of the side on which a virtual machine is, when one was let in. */
  public static final String GUEST = "guest";

  /** The address that a virtual machine is to have. */
  public static final String GUEST_ADDRESS = "10.77.0.40";

  /** The port of the portals. */
  public static final int ISCSI = 3260;

  /** Where this process is. */
  static final String HOSTS_ADDRESS = "10.77.0.1";

  /** Where a Ceph cluster is, when there is one. */
  static final String STORE_ADDRESS = "10.77.0.30";

  private static final String PREFIX = "moongate-";
  private static final Pattern OURS = Pattern.compile(PREFIX + "([0-9]+)-.*");
  private static final Pattern LINK = Pattern.compile("[0-9]+: (mgw([0-9]+))@.*", Pattern.DOTALL);
  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final Duration BOUND = Duration.ofSeconds(20);

  private final long pid = ProcessHandle.current().pid();
  private final Map<String, String> addresses;

  /** Of the nodes whose portals have an address of their own. */
  private final Map<String, String> portals;

  private final Set<String> withoutPortal = new TreeSet<>();

  // A JVM that is told to end must not leave namespaces behind.
  private final Thread remover = new Thread(this::remove, "remove-network");

  private Network(Map<String, String> addresses, Map<String, String> portals) {
    this.addresses = Map.copyOf(addresses);
    this.portals = Map.copyOf(portals);
  }

  /**
   * Makes it.
   *
   * @param addresses of 10.77.0.0/24, by the names of the processes
   */
  public static Network create(Map<String, String> addresses) {
    return create(addresses, Map.of());
  }

  /**
   * The same with portals that have addresses of their own.
   *
   * @param portals of 10.77.0.0/24, by the names of the processes
   */
  public static Network create(Map<String, String> addresses, Map<String, String> portals) {
    requireRoot();
    removeLeftovers();
    Network network = new Network(addresses, portals);
    Runtime.getRuntime().addShutdownHook(network.remover);
    try {
      network.build();
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  private static void requireRoot() {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw new AssertionError("network namespaces are made by root; run these tests as root");
    }
    List.of(Tool.IP, Tool.NFT, Tool.TC).forEach(Tool::require);
  }

  private void build() {
    String bridge = namespace("switch");
    ip("netns", "add", bridge);
    ip("-n", bridge, "link", "add", "wire", "type", "bridge");
    ip("-n", bridge, "link", "set", "wire", "up");
    nft("add table bridge faults");
    nft("add chain bridge faults cuts { type filter hook forward priority 0 ; policy accept ; }");

    ip("link", "add", hostsLink(), "type", "veth", "peer", "name", HOSTS, "netns", bridge);
    plugIn(HOSTS);
    ip("address", "add", HOSTS_ADDRESS + "/24", "dev", hostsLink());
    ip("address", "add", STORE_ADDRESS + "/24", "dev", hostsLink());
    ip("link", "set", hostsLink(), "up");
    for (Map.Entry<String, String> node : addresses.entrySet()) {
      String namespace = namespace(node.getKey());
      ip("netns", "add", namespace);
      ip("-n", namespace, "link", "set", "lo", "up");
      ip(
          "-n",
          namespace,
          "link",
          "add",
          "eth0",
          "type",
          "veth",
          "peer",
          "name",
          node.getKey(),
          "netns",
          bridge);
      plugIn(node.getKey());
      ip("-n", namespace, "address", "add", node.getValue() + "/24", "dev", "eth0");
      ip("-n", namespace, "link", "set", "eth0", "up");
      if (portals.containsKey(node.getKey())) {
        portalAddress(node.getKey(), "add");
      }
    }
  }

  private void plugIn(String port) {
    ip("-n", namespace("switch"), "link", "set", port, "master", "wire");
    ip("-n", namespace("switch"), "link", "set", port, "up");
  }

  /** Where a process of that name runs. */
  public Place place(String node) {
    requireKnown(node);
    return new Place(
        List.of(Tool.IP.require().toString(), "netns", "exec", namespace(node)), Map.of());
  }

  /**
   * Lets a virtual machine in, by a tap device {@link #GUEST} on the wire.
   *
   * @return where it must run to use that
   */
  public Place letGuestIn() {
    ip("-n", namespace("switch"), "tuntap", "add", "dev", GUEST, "mode", "tap");
    plugIn(GUEST);
    return new Place(
        List.of(Tool.IP.require().toString(), "netns", "exec", namespace("switch")), Map.of());
  }

  /** All names but {@link #HOSTS}, {@link #STORE} and {@link #GUEST}. */
  public List<String> nodes() {
    return addresses.keySet().stream().sorted().toList();
  }

  /** Drops from now on what one sends to another, and not what the other sends. */
  public void cut(String from, String to) {
    drop("ip saddr %s ip daddr %s".formatted(address(from), address(to)));
  }

  /** Drops from now on whatever a node and all others, hosts and store too, send one another. */
  public void isolate(String node) {
    requireKnown(node);
    for (String other : Stream.concat(nodes().stream(), Stream.of(HOSTS, STORE, GUEST)).toList()) {
      if (!other.equals(node)) {
        cut(other, node);
        cut(node, other);
      }
    }
  }

  /**
   * Drops from now on every frame that a node sends or is sent, ARP too: what all others see of a
   * host that loses power.
   */
  public void silence(String node) {
    requireKnown(node);
    drop("iifname " + node);
    drop("oifname " + node);
  }

  /**
   * Drops from now on so many of a hundred frames that a node sends or is sent, at random, until
   * {@link #mend}.
   */
  public void lose(String node, int percent) {
    requireKnown(node);
    for (String direction : List.of("iifname ", "oifname ")) {
      drop(direction + node + " numgen random mod 100 < " + percent);
    }
  }

  /** Whether the host of a node has an address. */
  public boolean has(String node, String address) {
    requireKnown(node);
    return Tool.IP
        .run(BOUND, "-n", namespace(node), "-4", "-o", "address", "show", "to", address)
        .succeeded()
        .text()
        .contains(address);
  }

  /** Has a node take a hardware address for that of an address, until it learns better. */
  void resolve(String node, String address, String hardware) {
    ip(
        "-n",
        namespace(node),
        "neighbour",
        "replace",
        address,
        "lladdr",
        hardware,
        "dev",
        "eth0",
        "nud",
        "stale");
  }

  /** What a node knows of the hardware address of an address, in iproute2's words. */
  String resolved(String node, String address) {
    return Tool.IP
        .run(BOUND, "-n", namespace(node), "neighbour", "show", "to", address)
        .succeeded()
        .text();
  }

  /** The interface of this process on the network. */
  public static String ownLink() {
    return linkOf(ProcessHandle.current().pid());
  }

  /** Drops from now on what hosts and a gateway send one another by iSCSI, not what else. */
  public void cutPortal(String gateway, boolean toGateway, boolean fromGateway) {
    String hosts = address(HOSTS);
    String portal = portal(gateway);
    if (toGateway) {
      drop("ip saddr %s ip daddr %s tcp dport %d".formatted(hosts, portal, ISCSI));
    }
    if (fromGateway) {
      drop("ip saddr %s ip daddr %s tcp sport %d".formatted(portal, hosts, ISCSI));
    }
  }

  /** Drops from now on whatever is sent to a gateway's portal, and what it sends from there. */
  public void shutPortal(String gateway) {
    drop("ip daddr %s tcp dport %d".formatted(portal(gateway), ISCSI));
    drop("ip saddr %s tcp sport %d".formatted(portal(gateway), ISCSI));
  }

  /** Takes the address of its portal from a node's host; it must be one of its own. */
  public void removePortal(String gateway) {
    portalAddress(gateway, "del");
    withoutPortal.add(gateway);
  }

  private void portalAddress(String gateway, String change) {
    ip("-n", namespace(gateway), "address", change, portals.get(gateway) + "/24", "dev", "eth0");
  }

  private String portal(String gateway) {
    return portals.getOrDefault(gateway, address(gateway));
  }

  private void drop(String match) {
    nft("add rule bridge faults cuts " + match + " drop");
  }

  /**
   * Makes the link of a node slow in both directions: packets queue before it, and so are late, and
   * what does not fit into the queue is lost.
   *
   * @param rate as {@code tc} has it, such as {@code 2mbit}
   * @param latency how long a packet may wait in the queue, in milliseconds
   */
  public void slow(String node, String rate, int latency) {
    requireKnown(node);
    tbf(namespace(node), "eth0", rate, latency);
    tbf(namespace("switch"), node, rate, latency);
  }

  private static void tbf(String namespace, String device, String rate, int latency) {
    run(
        Tool.TC,
        "-n",
        namespace,
        "qdisc",
        "replace",
        "dev",
        device,
        "root",
        "tbf",
        "rate",
        rate,
        "burst",
        "16kb",
        "latency",
        latency + "ms");
  }

  /** Ends every cut, and gives back every address. */
  public void mend() {
    nft("flush chain bridge faults cuts");
    withoutPortal.forEach(gateway -> portalAddress(gateway, "add"));
    withoutPortal.clear();
  }

  /** Makes the link of a node as fast as it was. */
  public void fast(String node) {
    run(Tool.TC, "-n", namespace(node), "qdisc", "del", "dev", "eth0", "root");
    run(Tool.TC, "-n", namespace("switch"), "qdisc", "del", "dev", node, "root");
  }

  private String address(String name) {
    return switch (name) {
      case HOSTS -> HOSTS_ADDRESS;
      case STORE -> STORE_ADDRESS;
      case GUEST -> GUEST_ADDRESS;
      default -> {
        requireKnown(name);
        yield addresses.get(name);
      }
    };
  }

  private void requireKnown(String node) {
    if (!addresses.containsKey(node)) {
      throw new IllegalArgumentException(node + " is none of " + nodes());
    }
  }

  private String namespace(String node) {
    return PREFIX + pid + "-" + node;
  }

  private String hostsLink() {
    return linkOf(pid);
  }

  // At most 15 characters.
  private static String linkOf(long pid) {
    return "mgw" + pid;
  }

  private void nft(String command) {
    ip("netns", "exec", namespace("switch"), Tool.NFT.require().toString(), command);
  }

  private static void ip(String... arguments) {
    run(Tool.IP, arguments);
  }

  private static void run(Tool tool, String... arguments) {
    tool.run(BOUND, arguments).succeeded();
  }

  private static void removeLeftovers() {
    // The links first: with a namespace they go only some time later.
    for (String link :
        Tool.IP.run(BOUND, "-o", "link", "show").succeeded().text().lines().toList()) {
      Matcher ours = LINK.matcher(link);
      if (ours.matches()) {
        if (alive(ours.group(2))) {
          throw new AssertionError(
              "the process %s has a network of this kind here: one at a time"
                  .formatted(ours.group(2)));
        }
        ip("link", "del", ours.group(1));
      }
    }
    for (String name : present()) {
      Matcher ours = OURS.matcher(name);
      if (ours.matches() && !alive(ours.group(1))) {
        System.out.println("a run that was killed left " + name + ": removed");
        ip("netns", "del", name);
      }
    }
  }

  private static boolean alive(String pid) {
    return ProcessHandle.of(Long.parseLong(pid)).isPresent();
  }

  private static List<String> present() {
    if (!Files.isDirectory(NAMESPACES)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(NAMESPACES)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes what there is of it, and says what can't be. */
  private void remove() {
    if (Files.exists(Path.of("/sys/class/net", hostsLink()))) {
      tryToRemove("link", "del", hostsLink());
    }
    List<String> mine = new ArrayList<>(nodes());
    mine.add("switch");
    for (String node : mine) {
      if (present().contains(namespace(node))) {
        tryToRemove("netns", "del", namespace(node));
      }
    }
  }

  private static void tryToRemove(String... arguments) {
    Tool.Output output = Tool.IP.run(BOUND, arguments);
    if (output.status() != 0) {
      System.err.println(output);
    }
  }

  /** Removes it; the processes in it must have ended. */
  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(remover);
    } catch (IllegalStateException e) {
      // The JVM is shutting down already, and the hook does no harm.
      return;
    }
  }
}
