package io.moongate.doctor;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.metadata.NodeState;
import com.typesafe.config.Config;
import io.moongate.cli.CheckResult;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.cluster.schema.SchemaTool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/** Cassandra: reached, with every table, quick enough, and with clocks that agree. */
public final class Cassandra {
  private static final String CHECK = "cassandra";
  private static final int READS = 9;

  /** A lightweight transaction takes about twice as long, and a failover needs some of them. */
  private static final long SLOW_MS = 100;

  private static final long CLOCKS_APART_MS = 500;

  private Cassandra() {}

  /**
   * Looks at it as a gateway would.
   *
   * @param cassandra {@code moongate.cassandra}
   */
  public static List<CheckResult> check(Config cassandra) {
    List<CheckResult> results = new ArrayList<>();
    SchemaConnection connection = SchemaConnection.from(cassandra);
    try (CqlSession session = connection.open(Duration.ZERO)) {
      nodes(session, results);
      SchemaTool.Report schema = SchemaTool.check(session, connection.keyspace());
      results.add(
          schema.complete()
              ? CheckResult.ok(CHECK, schema.describe())
              : CheckResult.fail(CHECK, schema.describe(), "moongate schema apply --config FILE"));
      if (schema.complete()) {
        results.add(serialRead(session, connection.keyspace()));
      }
    } catch (RuntimeException e) {
      results.add(
          CheckResult.fail(
              CHECK,
              "no session with " + connection.contactPoints() + ": " + firstLine(e),
              "start Cassandra, or correct moongate.cassandra: contact-points, datacenter, username,"
                  + " password, tls"));
    }
    return results;
  }

  private static void nodes(CqlSession session, List<CheckResult> results) {
    List<String> versions = new ArrayList<>();
    for (Node node : session.getMetadata().getNodes().values()) {
      if (node.getState() == NodeState.DOWN || node.getState() == NodeState.FORCED_DOWN) {
        results.add(
            CheckResult.warn(
                CHECK, node.getEndPoint() + " is down", "see to that node of Cassandra"));
        continue;
      }
      versions.add(node.getEndPoint() + " " + node.getCassandraVersion());
      results.add(clock(session, node));
    }
    results.add(CheckResult.ok(CHECK, "reached: " + String.join(", ", versions)));
  }

  private static CheckResult clock(CqlSession session, Node node) {
    SimpleStatement now =
        SimpleStatement.newInstance("SELECT toUnixTimestamp(now()) AS ms FROM system.local")
            .setNode(node);
    try {
      session.execute(now);
      long before = System.currentTimeMillis();
      Row row = session.execute(now).one();
      long after = System.currentTimeMillis();
      return apart(node.getEndPoint().toString(), row.getLong("ms"), before, after);
    } catch (RuntimeException e) {
      return CheckResult.warn(
          CHECK, node.getEndPoint() + " does not tell its time: " + firstLine(e), "see its log");
    }
  }

  /**
   * Compares a node's clock with this host's.
   *
   * @param itsMs its milliseconds since 1970
   * @param beforeMs this host's when it was asked
   * @param afterMs this host's when it had answered
   */
  static CheckResult apart(String node, long itsMs, long beforeMs, long afterMs) {
    long apart = itsMs < beforeMs ? itsMs - beforeMs : Math.max(0, itsMs - afterMs);
    return Math.abs(apart) > CLOCKS_APART_MS
        ? CheckResult.warn(
            CHECK,
            "the clock of %s is %d ms from this host's".formatted(node, apart),
            "see to the time servers of both: Cassandra orders what is written by its nodes' clocks")
        : CheckResult.ok(CHECK, "the clock of " + node + " agrees with this host's");
  }

  private static CheckResult serialRead(CqlSession session, String keyspace) {
    SimpleStatement read =
        SimpleStatement.newInstance(
                "SELECT version FROM " + keyspace + ".lease_charter WHERE id = 'leases'")
            .setConsistencyLevel(ConsistencyLevel.SERIAL);
    try {
      long median =
          median(
              () -> {
                long start = System.nanoTime();
                session.execute(read);
                return System.nanoTime() - start;
              });
      return latency(median);
    } catch (RuntimeException e) {
      return CheckResult.fail(
          CHECK,
          "a serial read fails: " + firstLine(e),
          "a majority of the keyspace's copies must be up: see moongate.cassandra.replication-factor");
    }
  }

  static CheckResult latency(long medianNanos) {
    String found = "a serial read takes %.1f ms (median of %d)".formatted(medianNanos / 1e6, READS);
    return medianNanos > SLOW_MS * 1_000_000
        ? CheckResult.warn(
            CHECK, found, "failovers wait for several of these: see to Cassandra's disks and load")
        : CheckResult.ok(CHECK, found);
  }

  private static long median(LongSupplier once) {
    // The first one is not counted: what is asked for the first time is prepared, and then cached.
    long[] taken = new long[READS + 1];
    Arrays.setAll(taken, i -> once.getAsLong());
    Arrays.sort(taken, 1, taken.length);
    return taken[1 + READS / 2];
  }

  /** The beginning of what the driver says; it goes on with the state of each node. */
  private static String firstLine(Throwable e) {
    String line = String.valueOf(e.getMessage()).lines().findFirst().orElse(e.toString());
    int details = line.indexOf(" (showing first");
    return details < 0 ? line : line.substring(0, details);
  }
}
