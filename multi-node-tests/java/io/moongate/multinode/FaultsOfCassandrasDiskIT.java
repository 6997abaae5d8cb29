package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.TestCassandra;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.Disk;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * No space is left where Cassandra keeps everything. Hosts notice nothing, what can't be recorded
 * is refused, and nothing of what was said to be recorded is lost.
 */
@Tag("long")
class FaultsOfCassandrasDiskIT {
  /** Of ext4; Cassandra needs some 100 MB of it. */
  private static final long SIZE = 512L << 20;

  private static final int CLIENTS = 8;

  /** Changes until Cassandra has no room for one more in what it has already. */
  private static final int MANY = 100_000;

  private static final Duration BOUND = Duration.ofMinutes(3);

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked =
        NetworkedCluster.startWithCassandraOnDisk(
            "cassandras-disk", 3, NetworkedCluster.PRODUCT_DEFAULTS, SIZE);
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  /** The order of preference that was acknowledged last, and the one that was refused. */
  private record Asked(List<String> acknowledged, List<String> refused, int changes, String why) {}

  @Test
  void whatWasSaidToBeRecordedIsThereWhenThereIsSpaceAgain() {
    TestCluster cluster = networked.cluster();
    TestLun lun = cluster.createLun("cassandra-full", 0, 64L << 20);
    Disk disk = networked.cassandraDisk().orElseThrow();
    TestCassandra cassandra = cluster.cassandra();
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, CLIENTS, Workload.seed(), history)) {
      workload.awaitProgress(200);
      disk.fill();
      Asked asked = askUntilRefused(cluster, lun);
      System.out.printf(
          "%d changes were recorded on the full disk; then: %s%n", asked.changes, asked.why);
      long refused = System.nanoTime();
      Await.until(
          "the disk to have been full for a while",
          Fault.BEYOND_LEASE.plusSeconds(5),
          () -> System.nanoTime() - refused >= Fault.BEYOND_LEASE.toNanos(),
          () -> "");
      workload.awaitProgress(200);
      System.out.printf("Cassandra %s%n", cassandra.alive() ? "lives" : "has ended");
      disk.empty();
      if (cassandra.alive()) {
        cassandra.kill();
      }
      networked.heal();
      workload.awaitProgress(200);
      List<String> preferred = cluster.describe(lun).preferred();
      assertTrue(
          preferred.equals(asked.acknowledged) || preferred.equals(asked.refused),
          () -> preferred + " is neither what was acknowledged nor what was refused: " + asked);
      cluster.move(lun, cluster.servingWithout(cluster.owner(lun)).get(0));
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf(
          "%d attempts, longest operation %d ms%n",
          history.attempts().size(), workload.longest().toMillis());
      assertEquals(0, workload.losses(), "a full disk of Cassandra is no matter of hosts");
    }
    Histories.requireLinearizable("cassandra-full", history);
  }

  private static Asked askUntilRefused(TestCluster cluster, TestLun lun) {
    List<String> names = cluster.gateways().stream().map(TestGateway::name).toList();
    List<String> acknowledged = cluster.describe(lun).preferred();
    long began = System.nanoTime();
    for (int change = 0; change < MANY; change++) {
      List<String> next = List.of(names.get(change % 3), names.get((change + 1) % 3));
      try {
        cluster.gateways().get(change % 3).api().prefer(lun.id(), next);
        acknowledged = next;
      } catch (ApiException e) {
        return new Asked(acknowledged, next, change, e.getMessage());
      }
      if (System.nanoTime() - began > BOUND.toNanos()) {
        break;
      }
    }
    throw new AssertionError("everything was recorded: the disk was full for nobody");
  }
}
