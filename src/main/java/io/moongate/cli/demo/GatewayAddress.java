package io.moongate.cli.demo;

import java.net.URI;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A gateway on an address of its own, each with the same ports.
 *
 * @param index 1 to 9
 * @param host where it listens
 */
record GatewayAddress(int index, String host) {

  static final int MAX = 9;

  private static final int ISCSI = 3260;
  private static final int API = 8080;
  private static final int MANAGEMENT = 8558;
  private static final int ARTERY = 2551;
  private static final int WATCH = 2552;
  private static final int RELAY = 2553;

  /** More seeds than three would only slow down the first formation of the cluster. */
  private static final int SEEDS = 3;

  GatewayAddress {
    if (index < 1 || index > MAX) {
      throw new IllegalArgumentException("gateway " + index + " is not of 1 to " + MAX);
    }
  }

  /** A gateway of the demo: {@code gw1} on 127.0.0.1, {@code gw2} on 127.0.0.2, and so on. */
  GatewayAddress(int index) {
    this(index, "127.0.0." + index);
  }

  static List<GatewayAddress> first(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(GatewayAddress::new).toList();
  }

  String name() {
    return "gw" + index;
  }

  int iscsiPort() {
    return ISCSI;
  }

  String portal() {
    return host() + ":" + ISCSI;
  }

  URI api() {
    return URI.create("http://" + host() + ":" + API);
  }

  URI readiness() {
    return URI.create("http://" + host() + ":" + MANAGEMENT + "/ready");
  }

  List<Ports.Need> needs() {
    return List.of(
        new Ports.Need(host(), ISCSI, "the iSCSI portal of " + name()),
        new Ports.Need(host(), API, "the HTTP API of " + name()),
        new Ports.Need(host(), MANAGEMENT, "Pekko Management of " + name()),
        new Ports.Need(host(), ARTERY, "cluster traffic of " + name()),
        new Ports.Need(host(), WATCH, "the death watch of " + name()),
        new Ports.Need(host(), RELAY, "relayed commands of " + name()));
  }

  /**
   * The gateway's configuration file (HOCON): what differs from the defaults in {@code conf/}.
   *
   * @param contactPoints of Cassandra
   * @param chapKey file with the key that CHAP secrets are encrypted under
   */
  String configuration(
      List<GatewayAddress> all, List<String> contactPoints, String volumes, String chapKey) {
    String seeds =
        quoted(all.stream().limit(SEEDS).map(gateway -> gateway.host() + ":" + MANAGEMENT));
    return """
        # Written by `moongate demo` at each start; a change here does not last.
        moongate {
          gateway { name = %1$s, host = %2$s }
          cluster { port = %10$d, seed-nodes = [%3$s] }
          iscsi { portals = [%4$s], chap.key-file = %12$s }
          management { host = %2$s, port = %5$d }
          relay { host = %2$s, port = %6$d }
          watch.port = %7$d
          volume.file.directory = %8$s
          cassandra { contact-points = [%9$s], datacenter = "datacenter1", keyspace = "moongate" }
        }
        pekko.management.http.port = %11$d

        # Everything shares the few cores of one host here: a process may get none of them for seconds, and that is no
        # failure. A crash is proven and not waited for, so this doesn't lengthen what the demo shows.
        pekko.cluster.failure-detector.acceptable-heartbeat-pause = 4 s
        moongate.lease.length = 5 s
        datastax-java-driver.advanced.heartbeat { interval = 5 s, timeout = 5 s }
        """
        .formatted(
            quoted(name()),
            quoted(host()),
            seeds,
            quoted(portal()),
            API,
            RELAY,
            WATCH,
            quoted(volumes),
            quoted(contactPoints.stream()),
            ARTERY,
            MANAGEMENT,
            quoted(chapKey));
  }

  /** What stands between the brackets of a HOCON list of strings. */
  private static String quoted(Stream<String> texts) {
    return texts.map(GatewayAddress::quoted).collect(Collectors.joining(", "));
  }

  /** A HOCON string: JSON's quoting. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
