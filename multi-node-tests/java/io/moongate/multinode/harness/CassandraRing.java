package io.moongate.multinode.harness;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import io.moongate.cli.demo.HostProcesses;
import io.moongate.cli.demo.HostProcesses.CassandraAddress;
import io.moongate.multinode.harness.Await.Unready;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The nodes of the test cluster's Cassandra: {@code cassandra}, or {@code cassandra1}, {@code
 * cassandra2} and so on, each with a copy of everything.
 */
final class CassandraRing {
  private static final Duration BOUND = TestCluster.START_BOUND;
  private static final Duration ANSWER = Duration.ofSeconds(5);

  /** Cassandra itself keeps three copies of this, and has it before any schema is applied. */
  private static final String ON_EVERY_NODE = "SELECT * FROM system_distributed.view_build_status";

  private final List<TestCassandra> nodes;

  private CassandraRing(List<TestCassandra> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  static CassandraRing of(HostProcesses processes, Site site, Path directory, Path logs) {
    List<CassandraAddress> addresses = site.cassandra();
    List<String> hosts = addresses.stream().map(CassandraAddress::host).toList();
    return new CassandraRing(
        IntStream.range(0, hosts.size())
            .mapToObj(
                at -> {
                  String name = hosts.size() == 1 ? "cassandra" : "cassandra" + (at + 1);
                  return new TestCassandra(
                      processes,
                      name,
                      addresses.get(at),
                      hosts,
                      site.cassandraDirectory().orElse(directory.resolve("cassandra")),
                      logs,
                      site.places().apply(name),
                      site.secured().map(Site.Secured::cassandra).orElse(""));
                })
            .toList());
  }

  int size() {
    return nodes.size();
  }

  TestCassandra only() {
    if (nodes.size() != 1) {
      throw new IllegalStateException("there are %d nodes of Cassandra".formatted(nodes.size()));
    }
    return nodes.get(0);
  }

  TestCassandra node(int at) {
    return nodes.get(at);
  }

  /**
   * Starts all. Several are waited for, so that none makes a schema before it knows the others; a
   * single one is not.
   */
  void start() {
    nodes.forEach(TestCassandra::start);
    if (nodes.size() > 1) {
      awaitWhole();
    }
  }

  /** Starts those that do not run, ends pauses, and waits until all is whole. */
  void heal() {
    for (TestCassandra node : nodes) {
      if (node.paused()) {
        node.resume();
      }
      if (!node.alive()) {
        node.start();
      }
    }
    awaitWhole();
  }

  /** Waits until each answers and knows that all others are up. */
  void awaitWhole() {
    nodes.forEach(node -> node.awaitAnswer(BOUND));
    if (nodes.size() > 1) {
      Await.value("every node of Cassandra to reach all", BOUND, this::requireWhole);
    }
  }

  /** Asks each node for what it can answer only with all others. */
  private Boolean requireWhole() throws Unready {
    try (CqlSession session = open()) {
      Collection<Node> known = session.getMetadata().getNodes().values();
      if (known.size() != nodes.size()) {
        throw new Unready("they know of " + known);
      }
      for (Node node : known) {
        session.execute(
            SimpleStatement.newInstance(ON_EVERY_NODE)
                .setNode(node)
                .setConsistencyLevel(ConsistencyLevel.ALL));
      }
      return Boolean.TRUE;
    } catch (DriverException e) {
      throw new Unready(e.toString());
    }
  }

  private CqlSession open() {
    CassandraAddress first = nodes.get(0).address();
    return CqlSession.builder()
        .addContactPoint(new InetSocketAddress(first.host(), first.cqlPort()))
        .withLocalDatacenter("datacenter1")
        .withConfigLoader(
            DriverConfigLoader.programmaticBuilder()
                .withBoolean(DefaultDriverOption.METADATA_SCHEMA_ENABLED, false)
                .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, ANSWER)
                .build())
        .build();
  }

  /** SIGTERM to all; each must end by itself. */
  void terminate(Duration bound) {
    nodes.forEach(TestCassandra::terminate);
    nodes.forEach(node -> node.awaitExit(bound));
  }

  /** SIGKILL to all. */
  void kill() {
    nodes.forEach(TestCassandra::kill);
  }

  /** Waits for those that were killed. */
  void awaitExit(Duration bound) {
    nodes.stream().filter(TestCassandra::alive).forEach(node -> node.awaitExit(bound));
  }
}
