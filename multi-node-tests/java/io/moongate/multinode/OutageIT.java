package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.management.api.Problem;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterExtension;
import io.moongate.multinode.harness.TestCassandra;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Without Cassandra, I/O goes on and changes are refused; with it again, changes are made again.
 */
@ExtendWith(ClusterExtension.class)
class OutageIT {
  private static final Duration OUTAGE = Duration.ofSeconds(15);
  private static final Duration RECOVERY = Duration.ofSeconds(60);

  @Test
  void cassandraStops(TestCluster cluster) {
    TestCassandra cassandra = cluster.cassandra();
    outage(cluster, "outage-stop", cassandra::pause, cassandra::resume);
  }

  @Test
  @Tag("long")
  void cassandraIsKilled(TestCluster cluster) {
    TestCassandra cassandra = cluster.cassandra();
    outage(
        cluster,
        "outage-kill",
        cassandra::kill,
        () -> {
          cassandra.start();
          cassandra.awaitAnswer(TestCluster.START_BOUND);
        });
  }

  private static void outage(TestCluster cluster, String name, Runnable begin, Runnable end) {
    TestLun lun = cluster.createLun(name, 0, 64L << 20);
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 6, Workload.seed(), history)) {
      workload.awaitProgress(200);
      begin.run();
      long began = System.nanoTime();

      TestGateway asked = cluster.gateways().get(0);
      String target = lun.target() + "-meanwhile";
      ApiException refused =
          assertThrows(ApiException.class, () -> asked.api().createTarget(target));
      System.out.printf(
          "a change was refused after %.1f s: %s%n", seconds(began), refused.getMessage());
      requireClear(refused);
      Await.until(
          "the outage to have lasted", OUTAGE.plusSeconds(5), () -> lasted(began), () -> "");
      for (TestGateway gateway : cluster.gateways()) {
        // What is sent only now: that it went well before proves nothing.
        workload.awaitWritesThrough(gateway, System.nanoTime(), 20);
      }

      end.run();
      long ended = System.nanoTime();
      cluster.done("changes to be made again", RECOVERY, () -> asked.api().createTarget(target));
      System.out.printf("a change was made %.1f s after the outage%n", seconds(ended));
      cluster.createLun(name, 1, 16L << 20);
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf(
          "longest operation %d ms, sessions lost %d times%n",
          workload.longest().toMillis(), workload.losses());
    }
    Histories.requireLinearizable(name, history);
  }

  private static boolean lasted(long began) {
    return System.nanoTime() - began >= OUTAGE.toNanos();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void requireClear(ApiException refused) {
    assertEquals(503, refused.status(), refused::getMessage);
    Problem problem =
        refused
            .problem()
            .orElseThrow(
                () -> new AssertionError("no problem document but " + refused.contentType()));
    assertEquals(503, problem.status());
    assertFalse(problem.title().isBlank());
    assertFalse(problem.detail().isBlank());
    assertEquals("/api/v1/targets", problem.instance());
  }
}
