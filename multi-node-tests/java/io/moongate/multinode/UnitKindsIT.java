package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moongate.management.api.CreateLun;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Removable and read-only units are so through every gateway, whatever becomes of the gateways. */
@ClusterAlone
class UnitKindsIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final long SIZE = 16L << 20;
  private static final int BLOCK = 512;
  private static final byte[] NOTHING = new byte[0];
  private static final byte[] EJECT = {0x1B, 0, 0, 0, 0x02, 0};
  private static final byte[] LOAD = {0x1B, 0, 0, 0, 0x03, 0};
  private static final byte[] PREVENT = {0x1E, 0, 0, 0, 0x01, 0};
  private static final byte[] ALLOW = {0x1E, 0, 0, 0, 0, 0};
  private static final String GOOD = Nexus.GOOD_ENDING;
  private static final String NO_MEDIUM = "02/3A00";
  private static final String PREVENTED = "05/5302";
  private static final String MEDIUM_MAY_HAVE_CHANGED = "06/2800";
  private static final String WRITE_PROTECTED = "07/2700";
  private static final String MODE_PARAMETERS_CHANGED = "06/2A01";

  private static TestLun create(TestCluster cluster, String name, boolean removable) {
    return cluster.createLun(
        name,
        target ->
            new CreateLun(
                target, 0, SIZE, BLOCK, "file", List.of(), removable, null, null, null, null, null,
                null));
  }

  private static List<Nexus> open(TestCluster cluster, TestLun lun) throws IOException {
    List<Nexus> nexuses = new ArrayList<>();
    for (TestGateway gateway : cluster.serving()) {
      nexuses.add(Nexus.open(gateway, lun));
    }
    return nexuses;
  }

  private static void close(List<Nexus> nexuses) throws IOException {
    for (Nexus nexus : nexuses) {
      nexus.close();
    }
  }

  private static String patiently(Nexus nexus, byte[] cdb) throws IOException {
    return nexus.atLast(cdb, NOTHING, 0);
  }

  private static String read(Nexus nexus) throws IOException {
    return nexus.atLast(Cdb.read16(0, 1), NOTHING, BLOCK);
  }

  private static String write(Nexus nexus) throws IOException {
    return nexus.atLast(Cdb.write16(0, 1), new byte[BLOCK], 0);
  }

  /** Through new sessions by every gateway that serves. */
  private static void requireEjected(TestCluster cluster, TestLun lun, String what)
      throws IOException {
    List<Nexus> nexuses = open(cluster, lun);
    try {
      for (Nexus nexus : nexuses) {
        assertEquals(NO_MEDIUM, patiently(nexus, Cdb.testUnitReady()), what);
        assertEquals(NO_MEDIUM, read(nexus), what);
        assertEquals(NO_MEDIUM, write(nexus), what);
      }
    } finally {
      close(nexuses);
    }
  }

  @Test
  void whatIsEjectedOrKeptInIsSoThroughEveryGateway(TestCluster cluster) throws IOException {
    TestLun lun = create(cluster, "kinds-removable", true);
    List<Nexus> nexuses = open(cluster, lun);
    try {
      for (Nexus nexus : nexuses) {
        nexus.settle();
      }
      for (Nexus one : nexuses) {
        assertEquals(GOOD, one.once(PREVENT));
        for (Nexus each : nexuses) {
          assertEquals(PREVENTED, each.once(EJECT));
          assertEquals(GOOD, read(each));
        }
        assertEquals(GOOD, one.once(ALLOW));
        assertEquals(GOOD, one.once(EJECT));
        for (Nexus each : nexuses) {
          assertEquals(NO_MEDIUM, each.once(Cdb.testUnitReady()), "the very next command");
          assertEquals(NO_MEDIUM, read(each));
        }
        assertEquals(GOOD, one.once(LOAD));
        for (Nexus each : nexuses) {
          if (each != one) {
            assertEquals(MEDIUM_MAY_HAVE_CHANGED, each.once(Cdb.testUnitReady()));
          }
          assertEquals(GOOD, each.once(Cdb.testUnitReady()));
          assertEquals(GOOD, write(each));
        }
      }
      // Whoever goes keeps nothing in any more.
      Nexus goes = nexuses.get(0);
      assertEquals(GOOD, goes.once(PREVENT));
      goes.close();
      Nexus stays = nexuses.get(1);
      Await.value(
          "the end of what " + goes.gateway() + "'s session prevented",
          BOUND,
          () -> {
            String ending = eject(stays);
            if (!ending.equals(GOOD)) {
              throw new Await.Unready(ending);
            }
            return ending;
          });
    } finally {
      close(nexuses);
    }
    // It is ejected: whoever lists all disks would stumble over it.
    cluster.delete(lun.target());
  }

  private static String eject(Nexus nexus) {
    try {
      return patiently(nexus, EJECT);
    } catch (IOException e) {
      throw new AssertionError("through " + nexus.gateway(), e);
    }
  }

  @Test
  @Tag("long")
  void whatIsEjectedStaysOutWhateverBecomesOfTheGateways(TestCluster cluster) throws IOException {
    TestLun lun = create(cluster, "kinds-ejected", true);
    PathAgreement agreement = new PathAgreement(cluster, lun);
    try (Nexus nexus = Nexus.open(cluster.gateways().get(0), lun)) {
      assertEquals(GOOD, patiently(nexus, EJECT));
    }
    TestGateway owner = cluster.gateway(agreement.await().owner());
    owner.kill();
    assertNotEquals(owner.name(), agreement.await().owner());
    requireEjected(cluster, lun, owner + " was killed");
    cluster.killAll();
    cluster.heal();
    agreement.await();
    requireEjected(cluster, lun, "everything was killed");
    try (Nexus nexus = Nexus.open(cluster.gateways().get(1), lun)) {
      assertEquals(GOOD, patiently(nexus, LOAD));
      assertEquals(GOOD, write(nexus));
    }
    cluster.delete(lun.target());
  }

  @Test
  void whatIsMadeReadOnlyIsWrittenThroughNoGateway(TestCluster cluster)
      throws IOException, ApiException {
    TestLun lun = create(cluster, "kinds-read-only", false);
    List<Nexus> nexuses = open(cluster, lun);
    try {
      for (Nexus nexus : nexuses) {
        nexus.settle();
      }
      for (TestGateway through : cluster.serving()) {
        through.api().setReadOnly(lun.id(), true);
        for (Nexus nexus : nexuses) {
          assertEquals(MODE_PARAMETERS_CHANGED, nexus.once(Cdb.testUnitReady()));
          assertEquals(WRITE_PROTECTED, write(nexus), "asked of " + through);
          assertEquals(GOOD, read(nexus));
        }
        through.api().setReadOnly(lun.id(), false);
        for (Nexus nexus : nexuses) {
          assertEquals(MODE_PARAMETERS_CHANGED, nexus.once(Cdb.testUnitReady()));
          assertEquals(GOOD, write(nexus));
        }
      }
      cluster.serving().get(0).api().setReadOnly(lun.id(), true);
    } finally {
      close(nexuses);
    }
    PathAgreement agreement = new PathAgreement(cluster, lun);
    TestGateway owner = cluster.gateway(agreement.await().owner());
    owner.kill();
    assertNotEquals(owner.name(), agreement.await().owner());
    List<Nexus> later = open(cluster, lun);
    try {
      for (Nexus nexus : later) {
        assertEquals(WRITE_PROTECTED, write(nexus), owner + " was killed");
        assertEquals(GOOD, read(nexus));
      }
    } finally {
      close(later);
    }
  }
}
