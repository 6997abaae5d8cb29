package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PathAgreement.Agreed;
import io.moongate.multinode.harness.TargetPortGroups;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.HostSettings;
import io.moongate.multinode.workload.MultipathClient;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All paths are one disk, also while the gateway that owns it is killed. */
@ClusterAlone
class PathsIT {
  private static final int CLIENTS = 6;
  private static final long BETWEEN_KILLS = 300;

  @Test
  void whatIsWrittenThroughAPathIsReadThroughEveryOther(TestCluster cluster) {
    TestLun own = cluster.createLun("pairs", 0, 64L << 20);
    History history = new History();
    Random random = new Random(Workload.seed());
    try (MultipathClient client =
        new MultipathClient(
            "pairs", cluster.gateways(), own, history, HostSettings.LINUX, random)) {
      for (TestGateway writer : cluster.gateways()) {
        for (TestGateway reader : cluster.gateways()) {
          for (int blocks : List.of(1, 16)) {
            client.write(writer, 0, blocks);
            client.read(reader, 0, blocks);
          }
        }
      }
      assertEquals(0, client.losses());
    }
    int pairs = cluster.gateways().size() * cluster.gateways().size();
    assertEquals(pairs * 2L, history.acknowledgedWrites());
    Histories.requireLinearizable("pairs", history);
  }

  @Test
  void nothingIsLostWhenTheOwnerIsKilledThreeTimes(TestCluster cluster) {
    killOwners(cluster, "three-kills", 3, 0);
  }

  @Test
  @Tag("long")
  void nothingOfTenThousandWritesIsLostWhenTheOwnerIsKilledTenTimes(TestCluster cluster) {
    killOwners(cluster, "ten-kills", 10, 10_000);
  }

  private static void killOwners(TestCluster cluster, String scenario, int kills, long writes) {
    // Of its own: a history begins with blocks that nobody has written.
    TestLun lun = cluster.createLun(scenario, 0, 256L << 20);
    PathAgreement agreement = new PathAgreement(cluster, lun);
    Map<String, Integer> groups = agreement.groups();
    List<Duration> stalls = new ArrayList<>();
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, CLIENTS, Workload.seed(), history)) {
      for (int kill = 1; kill <= kills; kill++) {
        workload.awaitProgress(BETWEEN_KILLS);
        Agreed before = agreement.await();
        TestGateway owner = cluster.gateway(before.owner());
        long killed = System.nanoTime();
        owner.kill();
        Agreed after = agreement.await();
        assertNotEquals(owner.name(), after.owner());
        assertTrue(after.epoch() > before.epoch(), () -> before + ", then " + after);
        assertEquals(TargetPortGroups.UNAVAILABLE, after.states().get(groups.get(owner.name())));
        workload.awaitProgress(BETWEEN_KILLS);
        stalls.add(workload.firstWriteAfter(killed).orElseThrow());

        owner.start();
        cluster.awaitReady();
        Agreed back = agreement.await();
        assertEquals(TargetPortGroups.NON_OPTIMIZED, back.states().get(groups.get(owner.name())));
        workload.awaitWritesThrough(owner, System.nanoTime(), 5);
        System.out.printf(
            "kill %d: %s (epoch %d) to %s (epoch %d), first write after %d ms%n",
            kill,
            owner,
            before.epoch(),
            after.owner(),
            after.epoch(),
            stalls.get(kill - 1).toMillis());
      }
      while (history.acknowledgedWrites() < writes) {
        workload.awaitProgress(500);
      }
      workload.stop();
      print(stalls, workload);
    }
    Histories.requireLinearizable(scenario, history);
  }

  private static void print(List<Duration> stalls, Workload workload) {
    List<Long> sorted = stalls.stream().map(Duration::toMillis).sorted().toList();
    System.out.printf(
        "SIGKILL of the owner to the next acknowledged write, %d times: least %d ms, median %d ms, most %d ms: %s%n",
        sorted.size(),
        sorted.get(0),
        sorted.get(sorted.size() / 2),
        sorted.get(sorted.size() - 1),
        sorted);
    System.out.printf(
        "longest operation %d ms, %d operations, sessions lost %d times%n",
        workload.longest().toMillis(), workload.operations(), workload.losses());
  }
}
