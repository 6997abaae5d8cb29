package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Counting;
import io.moongate.multinode.workload.Workload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * COMPARE AND WRITE is atomic through every path: hosts that count in one block, through different
 * gateways and while its owner is killed, lose no increment and make none twice.
 */
@ClusterAlone
class CompareAndWriteIT {
  private static final Duration BOUND = Duration.ofMinutes(15);
  private static final int HOSTS = 2;

  @Test
  void theSumIsExactWhenTheOwnerIsKilled(TestCluster cluster) throws IOException {
    count(cluster, "caw", 4_000, 2);
  }

  @Test
  @Tag("long")
  void aHundredThousandIncrementsAreExact(TestCluster cluster) throws IOException {
    count(cluster, "caw-long", 100_000, 10);
  }

  private static void count(TestCluster cluster, String name, int increments, int kills)
      throws IOException {
    TestLun lun = cluster.createLun(name, 0, 16L << 20);
    long begin = System.nanoTime();
    try (Counting counting =
        Counting.start(cluster.gateways(), lun, HOSTS, increments / HOSTS, Workload.seed())) {
      for (int kill = 1; kill <= kills; kill++) {
        int goal = increments * kill / (kills + 1);
        Await.until(goal + " increments", BOUND, () -> counting.done() >= goal, counting::toString);
        String before = new PathAgreement(cluster, lun).await().owner();
        TestGateway owner = cluster.gateway(before);
        owner.kill();
        assertNotEquals(before, new PathAgreement(cluster, lun).await().owner());
        owner.start();
        cluster.awaitReady();
      }
      counting.await(BOUND);
      System.out.printf(
          "%s: %d increments by %d hosts with %d kills of the owner in %.1f s; %s%n",
          name, increments, HOSTS, kills, (System.nanoTime() - begin) / 1e9, counting);
    }
    for (TestGateway gateway : cluster.gateways()) {
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        long sum = ByteBuffer.wrap(nexus.execute(Cdb.read16(0, 1), new byte[0], 512)).getLong();
        assertEquals(increments, sum, "the sum, read through " + gateway.name());
      }
    }
  }
}
