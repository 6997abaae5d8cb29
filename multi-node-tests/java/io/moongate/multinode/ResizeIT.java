package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.BlockPattern;
import io.moongate.multinode.workload.Workload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A unit that grows under load: every host is told, and what is new can be used through all paths.
 */
@ClusterShared
class ResizeIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final long STEP = 16L << 20;
  private static final int CLIENTS = 4;
  private static final int SECTOR = 512;
  private static final String CAPACITY_CHANGED = "06/2A09";

  @Test
  void aUnitGrowsUnderLoadThroughEveryPathAtOnce(TestCluster cluster)
      throws IOException, ApiException {
    TestLun lun = cluster.createLun("resize", 0, STEP);
    List<TestGateway> gateways = cluster.gateways();
    History history = new History();
    long size = STEP;
    try (Workload workload = Workload.start(cluster, lun, CLIENTS, Workload.seed(), history);
        TestHost told = TestHost.open(gateways, lun, "told");
        TestHost toldToo = TestHost.open(gateways, lun, "told-too");
        TestHost writing = TestHost.open(gateways, lun, "writing")) {
      workload.awaitProgress(100);
      // Asked of each gateway in turn, one of which is the owner.
      for (TestGateway asked : gateways) {
        for (TestHost host : List.of(told, toldToo, writing)) {
          requireCapacity(host, size);
          host.settle();
        }
        size += STEP;
        long began = System.nanoTime();
        LogicalUnit unit = asked.api().resizeLun(lun.id(), size);
        assertEquals(size, unit.size(), "what the API answers");
        System.out.printf(
            "grown to %d MiB through %s within %d ms%n",
            size >> 20, asked, (System.nanoTime() - began) / 1_000_000);

        // Whoever was told first may use it through whichever path.
        writeAndRead(writing, size - STEP, (int) (size / STEP));
        writeAndRead(writing, size - BlockPattern.BLOCK, (int) (size / STEP));
        for (TestHost host : List.of(told, toldToo)) {
          requireToldOnce(host);
          requireCapacity(host, size);
        }
        workload.awaitProgress(100);
      }

      // It is what it was made, whoever serves it.
      TestGateway owner = cluster.owner(lun);
      cluster.move(lun, cluster.servingWithout(owner).get(0));
      for (TestHost host : List.of(told, writing)) {
        host.settle();
        requireCapacity(host, size);
      }
      writeAndRead(writing, size - BlockPattern.BLOCK, 77);

      long less = size - STEP;
      ApiException refused =
          assertThrows(ApiException.class, () -> gateways.get(0).api().resizeLun(lun.id(), less));
      assertEquals(409, refused.status(), refused::getMessage);
      requireCapacity(told, size);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
      assertEquals(0, workload.losses(), "growth must not cost a session");
    }
    Histories.requireLinearizable("resize", history);
  }

  /** Writes a block through each path, and reads each through every other. */
  private static void writeAndRead(TestHost host, long offset, int salt) throws IOException {
    long lba = offset / SECTOR;
    int sectors = BlockPattern.BLOCK / SECTOR;
    long value = 1_000L * salt;
    for (Nexus writer : host.nexuses()) {
      byte[] data = BlockPattern.fill(offset / BlockPattern.BLOCK, 1, ++value);
      assertEquals(
          Nexus.GOOD_ENDING,
          writer.atLast(Cdb.write16(lba, sectors), data, 0),
          () -> "a write to what is new through " + writer.gateway());
      for (Nexus reader : host.nexuses()) {
        assertArrayEquals(
            data,
            reader.execute(Cdb.read16(lba, sectors), new byte[0], data.length),
            () -> "read through " + reader.gateway());
      }
    }
  }

  /** The growth is told to every nexus, and not again. */
  private static void requireToldOnce(TestHost host) throws IOException {
    for (Nexus nexus : host.nexuses()) {
      List<String> endings = new ArrayList<>();
      // The API has answered for one gateway's view: another's may be a moment behind.
      Await.value(
          host + " to be told through " + nexus.gateway(),
          BOUND,
          () -> {
            endings.add(ready(nexus));
            if (!endings.contains(CAPACITY_CHANGED)) {
              throw new Await.Unready("told " + endings);
            }
            return endings;
          });
      endings.removeIf(Nexus.GOOD_ENDING::equals);
      assertEquals(List.of(CAPACITY_CHANGED), endings, () -> host + " by " + nexus.gateway());
    }
    for (Nexus nexus : host.nexuses()) {
      assertEquals(Nexus.GOOD_ENDING, ready(nexus), () -> "again through " + nexus.gateway());
    }
  }

  private static String ready(Nexus nexus) {
    try {
      return nexus.once(Cdb.testUnitReady());
    } catch (IOException e) {
      throw new AssertionError("the session through " + nexus.gateway() + " was lost", e);
    }
  }

  private static void requireCapacity(TestHost host, long size) throws IOException {
    for (Nexus nexus : host.nexuses()) {
      ByteBuffer capacity = ByteBuffer.wrap(nexus.execute(Cdb.readCapacity16(32), new byte[0], 32));
      assertEquals(SECTOR, capacity.getInt(8), () -> "block length by " + nexus.gateway());
      assertEquals(size / SECTOR - 1, capacity.getLong(0), () -> "last LBA by " + nexus.gateway());
    }
  }
}
