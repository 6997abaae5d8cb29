package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.management.api.CreateLun;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.BlockPattern;
import io.moongate.multinode.workload.Workload;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Snapshots, clones and rollbacks of units in Ceph, by any gateway and through every path. */
@ClusterAlone
class SnapshotIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int SECTOR = 512;
  private static final int SECTORS = BlockPattern.BLOCK / SECTOR;
  private static final int BLOCKS = 8;

  /** Many objects: to look at all of them takes a while. */
  private static final long LARGE = 128L << 30;

  private static void write(TestHost host, long value) throws IOException {
    for (int block = 0; block < BLOCKS; block++) {
      Nexus nexus = host.nexuses().get(block % host.nexuses().size());
      byte[] data = BlockPattern.fill(block, 1, value + block);
      assertEquals(
          Nexus.GOOD_ENDING,
          nexus.atLast(Cdb.write16((long) block * SECTORS, SECTORS), data, 0),
          () -> "a write through " + nexus.gateway());
    }
  }

  private static void assertContent(TestHost host, long value) throws IOException {
    for (int block = 0; block < BLOCKS; block++) {
      byte[] data = BlockPattern.fill(block, 1, value + block);
      for (Nexus nexus : host.nexuses()) {
        assertArrayEquals(
            data,
            nexus.execute(Cdb.read16((long) block * SECTORS, SECTORS), new byte[0], data.length),
            () -> "read through " + nexus.gateway());
      }
    }
  }

  private static void assertRefused(int status, Executable asked) {
    ApiException refused = assertThrows(ApiException.class, asked);
    assertEquals(status, refused.status(), refused::getMessage);
  }

  /** Once the sessions that have ended are not known any more. */
  private static LogicalUnit rolledBack(TestGateway through, TestLun lun, String name) {
    return Await.value(
        lun + " to be rolled back",
        BOUND,
        () -> {
          try {
            return through.api().rollBack(lun.id(), name);
          } catch (ApiException e) {
            if (e.status() == 409 && e.getMessage().contains("logged in")) {
              throw new Await.Unready(e.getMessage());
            }
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void aUnitIsSnapshottedClonedAndRolledBackThroughAnyGateway(
      TestCluster cluster, CephCluster.Pool pool) throws IOException, ApiException {
    TestLun lun = cluster.createLun("snap", 0, 64L << 20, 512, "rbd");
    List<TestGateway> gateways = cluster.gateways();
    TestGateway owner = cluster.owner(lun);
    TestGateway other = cluster.servingWithout(owner).get(0);
    TestGateway third = cluster.servingWithout(owner).get(1);
    TestLun copy;
    try (TestHost host = TestHost.open(gateways, lun, "snap-host")) {
      write(host, 1_000);
      assertEquals("first", other.api().makeSnapshot(lun.id(), "first").name());
      write(host, 2_000);
      assertContent(host, 2_000);
      third.api().makeSnapshot(lun.id(), "second");
      assertEquals(
          List.of("first", "second"),
          owner.api().snapshots(lun.id()).stream().map(each -> each.name()).toList());

      CreateLun wanted =
          CreateLun.cloned(
              lun.target(), 1, new CreateLun.Source(lun.id(), "first"), List.of(), null);
      LogicalUnit clone = third.api().createLun(wanted);
      assertEquals(clone.id(), other.api().createLun(wanted).id(), "again");
      assertEquals(lun.size(), clone.size());
      assertNotEquals(cluster.describe(lun).naa(), clone.naa());
      assertNotEquals(cluster.describe(lun).serial(), clone.serial());
      copy = new TestLun(clone.target(), 1, clone.id(), clone.size());
      new PathAgreement(cluster, copy).await();
      host.settle();
      try (TestHost ofClone = TestHost.open(gateways, copy, "snap-clone")) {
        assertContent(ofClone, 1_000);
        write(ofClone, 3_000);
        assertContent(ofClone, 3_000);
      }
      assertContent(host, 2_000);
      assertRefused(409, () -> other.api().deleteSnapshot(lun.id(), "first"));
      assertRefused(409, () -> other.api().rollBack(lun.id(), "first"));
    }
    // Also once nobody is logged in: nothing is taken away before that is seen.
    Await.value(
        "the snapshots to keep the unit",
        BOUND,
        () -> {
          ApiException refused =
              assertThrows(ApiException.class, () -> other.api().deleteLun(lun.id()));
          if (!refused.getMessage().contains("2 snapshots")) {
            throw new Await.Unready(refused.getMessage());
          }
          return refused;
        });
    assertEquals(lun.target(), cluster.describe(lun).target(), "still mapped");

    assertNull(rolledBack(third, lun, "first").rollingBackTo());
    for (TestGateway gateway : gateways) {
      try (TestHost host = TestHost.open(List.of(gateway), lun, "snap-" + gateway.name())) {
        assertContent(host, 1_000);
      }
    }
    try (TestHost ofClone = TestHost.open(gateways, copy, "snap-clone")) {
      assertContent(ofClone, 3_000);
    }
    assertNull(rolledBack(owner, lun, "second").rollingBackTo());
    try (TestHost host = TestHost.open(gateways, lun, "snap-host")) {
      assertContent(host, 2_000);
      // So it stays when another owner takes the unit.
      cluster.move(lun, third);
      host.settle();
      assertContent(host, 2_000);
    }
    cluster.done("the clone to be deleted", () -> deleted(other, copy));
    owner.api().deleteSnapshot(lun.id(), "first");
    third.api().deleteSnapshot(lun.id(), "second");
    third.api().deleteSnapshot(lun.id(), "second");
    cluster.delete(lun.target());
  }

  private static Boolean deleted(TestGateway through, TestLun lun) throws ApiException {
    try {
      through.api().deleteLun(lun.id());
    } catch (ApiException e) {
      if (e.status() != 404) {
        throw e;
      }
    }
    return true;
  }

  @Test
  void snapshotsUnderLoadCostNoHostAnything(TestCluster cluster, CephCluster.Pool pool)
      throws ApiException {
    TestLun lun = cluster.createLun("snap-load", 0, 64L << 20, 512, "rbd");
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      for (int i = 0; i < 5; i++) {
        workload.awaitProgress(100);
        TestGateway asked = cluster.gateways().get(i % cluster.gateways().size());
        long began = System.nanoTime();
        asked.api().makeSnapshot(lun.id(), "s" + i);
        System.out.printf(
            "snapshot through %s within %d ms%n", asked, (System.nanoTime() - began) / 1_000_000);
      }
      for (int i = 0; i < 5; i++) {
        cluster.gateways().get(0).api().deleteSnapshot(lun.id(), "s" + i);
      }
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
      assertEquals(0, workload.losses(), "a snapshot must not cost a session");
    }
    Histories.requireLinearizable("snap-load", history);
    cluster.delete(lun.target());
  }

  /** Whoever owns it next must not serve what is half of this and half of that. */
  @Test
  void aRollbackIsGoneOnWithByTheNextOwner(TestCluster cluster, CephCluster.Pool pool)
      throws IOException, ApiException {
    TestLun lun = cluster.createLun("snap-kill", 0, LARGE, 512, "rbd");
    TestGateway owner = cluster.owner(lun);
    TestGateway other = cluster.servingWithout(owner).get(0);
    try (TestHost host = TestHost.open(cluster.gateways(), lun, "kill-host")) {
      write(host, 1_000);
      other.api().makeSnapshot(lun.id(), "before");
      write(host, 2_000);
    }
    CompletableFuture<LogicalUnit> asked =
        CompletableFuture.supplyAsync(() -> rolledBack(other, lun, "before"));
    Await.value(
        "the rollback to go on",
        BOUND,
        () -> {
          if (cluster.describe(lun).rollingBackTo() == null) {
            throw new Await.Unready("not yet");
          }
          return true;
        });
    owner.kill();
    try (Nexus early = Nexus.open(other, lun, "iqn.2026-11.io.moongate:early", 0x8000_0000_0001L)) {
      String seen = "";
      int notReady = 0;
      while (!seen.equals(Nexus.GOOD_ENDING)) {
        seen = early.once(Cdb.testUnitReady());
        notReady += seen.equals("02/0407") ? 1 : 0;
      }
      System.out.printf("not ready %d times after the owner was killed%n", notReady);
      byte[] data = BlockPattern.fill(0, 1, 1_000);
      assertArrayEquals(data, early.execute(Cdb.read16(0, SECTORS), new byte[0], data.length));
    }
    asked.join();
    assertNotEquals(owner.name(), cluster.describe(lun).owner());
    owner.start();
    cluster.awaitReady();
    try (TestHost host = TestHost.open(cluster.gateways(), lun, "kill-host")) {
      assertContent(host, 1_000);
    }
    cluster.done(
        "the snapshot to be deleted",
        () -> {
          other.api().deleteSnapshot(lun.id(), "before");
          return true;
        });
    cluster.delete(lun.target());
  }
}
