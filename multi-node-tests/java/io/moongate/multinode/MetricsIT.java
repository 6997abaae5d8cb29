package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.Scrape;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.HostSettings;
import io.moongate.multinode.workload.MultipathClient;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What gateways say of themselves is what they do: relayed share, owner, transitions. */
@ClusterAlone
class MetricsIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int ROUNDS = 20;

  /** There only once something has gone wrong, or where there is Ceph or a collection. */
  private static final Set<String> NOT_HERE =
      Set.of(
          "moongate_lun_errors_total",
          "moongate_errors_total",
          "moongate_sense_total",
          "moongate_store_errors_total",
          "moongate_iscsi_violations_total",
          "moongate_observations",
          // Where there is TLS.
          "moongate_tls_certificate_left_seconds",
          "moongate_tls_files_refused",
          "jvm_gc_pause_seconds",
          "up");

  private static void readThroughEach(
      MultipathClient client, List<TestGateway> gateways, int times) {
    for (int i = 0; i < times; i++) {
      for (TestGateway gateway : gateways) {
        client.write(gateway, 0, 1);
        client.read(gateway, 0, 1);
      }
    }
  }

  @Test
  void countersTellTheWayTheOwnerAndItsChanges(TestCluster cluster) {
    TestLun lun = cluster.createLun("metrics", 0, 16L << 20);
    PathAgreement agreement = new PathAgreement(cluster, lun);
    TestGateway owner = cluster.gateway(agreement.await().owner());
    TestGateway next = cluster.servingWithout(owner).get(0);
    History history = new History();
    try (MultipathClient client =
        new MultipathClient(
            "metrics",
            cluster.gateways(),
            lun,
            history,
            HostSettings.LINUX,
            new Random(Workload.seed()))) {
      readThroughEach(client, cluster.gateways(), ROUNDS);
      waysAreTold(cluster, lun, owner);
      whatIsWatchedIsThere(cluster);

      Map<String, Double> planned = changes(cluster, "planned");
      cluster.move(lun, next);
      agreement.await();
      Await.until(
          "every gateway to have counted the move",
          BOUND,
          () -> increased(planned, changes(cluster, "planned")),
          () -> changes(cluster, "planned").toString());
      assertEquals(1, Scrape.of(next).value("moongate_lun_owned", "lun", lun.id()));
      assertEquals(0, Scrape.of(owner).value("moongate_lun_owned", "lun", lun.id()));

      Map<String, Double> faults = changes(cluster, "fault");
      next.kill();
      String last = agreement.await().owner();
      assertNotEquals(next.name(), last);
      readThroughEach(client, cluster.serving(), 1);
      faults.keySet().retainAll(changes(cluster, "fault").keySet());
      Await.until(
          "the survivors to have counted the failover",
          BOUND,
          () -> increased(faults, changes(cluster, "fault")),
          () -> changes(cluster, "fault").toString());
      Scrape scrape = Scrape.of(cluster.gateway(last));
      assertEquals(1, scrape.value("moongate_lun_owned", "lun", lun.id()));
      assertTrue(scrape.value("moongate_transition_seconds_count") > 0, "hosts were held");
      assertTrue(scrape.value("moongate_lease_seconds") > 0, "it serves");
    }
    Histories.requireLinearizable("metrics", history);
  }

  /** As many as were relayed by some were executed for them by the owner. */
  private static void waysAreTold(TestCluster cluster, TestLun lun, TestGateway owner) {
    double relayed = 0;
    for (TestGateway gateway : cluster.servingWithout(owner)) {
      Scrape scrape = Scrape.of(gateway);
      double own = operations(scrape, lun, "relayed");
      assertTrue(own >= 2 * ROUNDS, () -> gateway + " relayed " + own);
      assertEquals(0, operations(scrape, lun, "local"), gateway + " executes nothing");
      assertTrue(
          scrape.sum("moongate_relay_latency_seconds_count", Map.of("peer", owner.name())) >= own,
          gateway + " has replies of the owner");
      relayed += own;
    }
    Scrape scrape = Scrape.of(owner);
    assertTrue(operations(scrape, lun, "local") >= 2 * ROUNDS, "the owner executes its own");
    assertEquals(relayed, operations(scrape, lun, "peer"), "and what was relayed");
    assertEquals(1, scrape.value("moongate_lun_owned", "lun", lun.id()));
    assertEquals(
        operations(scrape, lun, "local") + operations(scrape, lun, "peer"),
        scrape.sum("moongate_lun_latency_seconds_count", Map.of("lun", lun.id())),
        "each is timed");
    assertTrue(
        scrape.sum("moongate_store_latency_seconds_count", Map.of("store", "file")) > 0,
        "and its store");
  }

  private static double operations(Scrape scrape, TestLun lun, String via) {
    return scrape.sum(
            "moongate_lun_operations_total", Map.of("lun", lun.id(), "via", via, "op", "read"))
        + scrape.sum(
            "moongate_lun_operations_total", Map.of("lun", lun.id(), "via", via, "op", "write"));
  }

  /** Whatever the documentation has, but for what is not here. */
  private static void whatIsWatchedIsThere(TestCluster cluster) {
    Set<String> missing = new TreeSet<>(Scrape.documented());
    missing.removeAll(NOT_HERE);
    for (TestGateway gateway : cluster.gateways()) {
      missing.removeAll(Scrape.of(gateway).families());
      assertEquals(200, Scrape.status(gateway, "/health/live"), gateway.name());
      assertEquals(200, Scrape.status(gateway, "/health/ready"), gateway.name());
    }
    assertEquals(Set.of(), missing);
  }

  /** By gateway; those that answer. */
  private static Map<String, Double> changes(TestCluster cluster, String cause) {
    Map<String, Double> changes = new HashMap<>();
    for (TestGateway gateway : cluster.serving()) {
      changes.put(
          gateway.name(),
          Scrape.of(gateway).sum("moongate_owner_changes_total", Map.of("cause", cause)));
    }
    return changes;
  }

  private static boolean increased(Map<String, Double> before, Map<String, Double> after) {
    return before.entrySet().stream()
        .allMatch(each -> after.getOrDefault(each.getKey(), 0.0) > each.getValue());
  }
}
