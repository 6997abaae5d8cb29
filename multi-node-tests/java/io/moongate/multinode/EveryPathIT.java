package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a host does through one gateway has its effect through all of them. */
@ClusterAlone
class EveryPathIT {
  private static final long SIZE = 16L << 20;
  private static final int BLOCK = 512;
  private static final long KEY_A = 0xA111_2222_3333_4444L;
  private static final long KEY_B = 0xB111_2222_3333_4444L;
  private static final String GOOD = Nexus.GOOD_ENDING;
  private static final int SPEC_I_PT = 0x08;
  private static final int ALL_TG_PT = 0x04;

  private static String write(Nexus nexus) throws IOException {
    return nexus.atLast(Cdb.write16(0, 1), new byte[BLOCK], 0);
  }

  // ---- reservations that concern ports that do not ask themselves

  @Test
  void aHostIsRegisteredAndGivenTheReservationByAnotherThroughAnyGateway(TestCluster cluster)
      throws IOException {
    TestLun lun = cluster.createLun("path-move", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    TestGateway owner = cluster.owner(lun);
    TestGateway to = gateways.get(gateways.size() - 1);
    try (TestHost giver = TestHost.open(gateways, lun, "giver");
        TestHost taker = TestHost.open(gateways, lun, "taker");
        TestHost stranger = TestHost.open(gateways, lun, "stranger")) {
      Nexus first = giver.through(cluster.servingWithout(owner).get(0));
      assertEquals(GOOD, registerBoth(first, KEY_A), "through " + first.gateway());
      assertEquals(2 * gateways.size(), PersistentReservations.keys(first).size());
      assertEquals(
          "05/2600",
          registerBoth(stranger.through(owner), KEY_B),
          "registered under a key that is not the stranger's");
      assertEquals(
          GOOD, PersistentReservations.out(first, Action.RESERVE, Type.EXCLUSIVE_ACCESS, KEY_A, 0));
      requireOnly(first, giver, taker, stranger);

      assertEquals(GOOD, move(first, relativePort(taker.through(to))));
      requireOnly(taker.through(to), giver, taker, stranger);
    }
    owner.kill();
    assertNotEquals(owner.name(), new PathAgreement(cluster, lun).await().owner());
    owner.start();
    cluster.awaitReady();
    new PathAgreement(cluster, lun).await();
    try (TestHost giver = TestHost.open(gateways, lun, "giver");
        TestHost taker = TestHost.open(gateways, lun, "taker");
        TestHost stranger = TestHost.open(gateways, lun, "stranger")) {
      requireOnly(taker.through(to), giver, taker, stranger);
    }
  }

  /** REGISTER by a host for all its target ports, and for those of the host "taker". */
  private static String registerBoth(Nexus nexus, long key) throws IOException {
    byte[] port = TestHost.transportId("taker");
    byte[] list =
        ByteBuffer.allocate(28 + port.length)
            .putLong(8, key)
            .put(20, (byte) (SPEC_I_PT | ALL_TG_PT))
            .putInt(24, port.length)
            .put(28, port)
            .array();
    return nexus.atLast(
        Cdb.persistentReserveOut(Action.REGISTER.ordinal(), 0, list.length), list, 0);
  }

  /** REGISTER AND MOVE to the host "taker" at a target port, under a key of its own. */
  private static String move(Nexus nexus, int relativePort) throws IOException {
    byte[] port = TestHost.transportId("taker");
    byte[] list =
        ByteBuffer.allocate(24 + port.length)
            .putLong(0, KEY_A)
            .putLong(8, KEY_B)
            .putShort(18, (short) relativePort)
            .putInt(20, port.length)
            .put(24, port)
            .array();
    return nexus.atLast(
        Cdb.persistentReserveOut(Action.REGISTER_AND_MOVE.ordinal(), 0, list.length), list, 0);
  }

  /** From the designator of type 4h of the Device Identification page (SPC-4 section 7.8.6). */
  private static int relativePort(Nexus nexus) throws IOException {
    ByteBuffer page = ByteBuffer.wrap(nexus.execute(Cdb.inquiry(0x83, 255), new byte[0], 255));
    int at = 4;
    while ((page.get(at + 1) & 0x0F) != 0x4) {
      at += 4 + (page.get(at + 3) & 0xFF);
    }
    return page.getShort(at + 6) & 0xFFFF;
  }

  private static void requireOnly(Nexus holder, TestHost... hosts) throws IOException {
    for (TestHost host : hosts) {
      host.settle();
      for (Nexus nexus : host.nexuses()) {
        assertEquals(
            nexus == holder ? GOOD : Nexus.CONFLICT,
            write(nexus),
            () -> "%s through %s".formatted(host, nexus.gateway()));
      }
    }
  }

  // ---- resets

  @Test
  void aResetThroughOneGatewayIsToldOnceThroughEach(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("path-reset", 0, SIZE);
    int logicalUnitReset = 5;
    int targetWarmReset = 6;
    try (TestHost one = TestHost.open(cluster.gateways(), lun, "one");
        TestHost two = TestHost.open(cluster.gateways(), lun, "two")) {
      for (Nexus by : one.nexuses()) {
        for (int function : new int[] {logicalUnitReset, targetWarmReset}) {
          String what = "function %d through %s".formatted(function, by.gateway());
          assertEquals(0, by.session().manage(function, lun.field(), 0), what);
          for (TestHost host : List.of(one, two)) {
            for (Nexus nexus : host.nexuses()) {
              assertEquals(
                  List.of("06/2903"), nexus.told(), () -> what + ", told " + nexus.gateway());
            }
          }
        }
      }
    }
  }

  // ---- mode parameters

  @Test
  void writeProtectionIsSetThroughOneGatewayForAllAndOutlivesTheOwner(TestCluster cluster)
      throws IOException {
    TestLun lun = cluster.createLun("path-swp", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    TestGateway owner = cluster.owner(lun);
    try (TestHost one = TestHost.open(gateways, lun, "one");
        TestHost two = TestHost.open(gateways, lun, "two")) {
      Nexus by = one.through(cluster.servingWithout(owner).get(0));
      assertEquals(GOOD, protect(by, true));
      for (Nexus nexus : two.nexuses()) {
        assertEquals(List.of("06/2A01"), nexus.told(), () -> "through " + nexus.gateway());
        assertEquals("07/2702", write(nexus), () -> "through " + nexus.gateway());
      }
    }
    owner.kill();
    assertNotEquals(owner.name(), new PathAgreement(cluster, lun).await().owner());
    try (TestHost two = TestHost.open(cluster.servingWithout(owner), lun, "two")) {
      for (Nexus nexus : two.nexuses()) {
        assertEquals("07/2702", write(nexus), () -> "through " + nexus.gateway());
      }
      assertEquals(GOOD, protect(two.nexuses().get(0), false));
      two.settle();
      for (Nexus nexus : two.nexuses()) {
        assertEquals(GOOD, write(nexus), () -> "through " + nexus.gateway());
      }
    }
    owner.start();
    cluster.awaitReady();
  }

  /** SWP of the Control mode page (SPC-4 section 7.5.8), which is saved. */
  private static String protect(Nexus nexus, boolean on) throws IOException {
    byte[] list = new byte[4 + 12];
    list[4] = 0x0A;
    list[5] = 0x0A;
    list[6] = 0x02;
    list[7] = 0x10;
    list[8] = (byte) (on ? 0x08 : 0);
    return nexus.atLast(Cdb.modeSelect6(list.length), list, 0);
  }

  // ---- digests and several connections

  /** With CRC32C over headers and data, by a session of two connections. */
  @Test
  void digestedDataGoesBothWaysThroughEveryGateway(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("path-digest", 0, SIZE);
    Random random = new Random(Workload.seed());
    String initiator = "iqn.2026-11.io.moongate:digests";
    Map<String, String> keys = TestInitiator.keys(initiator, lun.target());
    keys.put("HeaderDigest", "CRC32C");
    keys.put("DataDigest", "CRC32C");
    keys.put("MaxConnections", "2");
    Map<String, String> joining = TestInitiator.keys(initiator, lun.target());
    joining
        .keySet()
        .retainAll(
            List.of("InitiatorName", "SessionType", "TargetName", "MaxRecvDataSegmentLength"));
    joining.put("HeaderDigest", "CRC32C");
    joining.put("DataDigest", "CRC32C");
    for (TestGateway gateway : cluster.gateways()) {
      long isid = Nexus.randomIsid();
      try (Nexus nexus = Nexus.open(gateway, lun, isid, keys)) {
        // What a new nexus is told is fenced: the other connection would have to be read, too.
        nexus.settle();
        TestInitiator first = nexus.session();
        try (TestInitiator second =
            TestInitiator.connect(gateway.portal()).join(first, 1, isid, joining)) {
          assertEquals("CRC32C", second.negotiated().get("DataDigest"), gateway::name);
          for (int blocks : new int[] {1, 129, 2048}) {
            byte[] data = new byte[blocks * BLOCK];
            random.nextBytes(data);
            TestInitiator.Result written =
                second.command(lun.field(), Cdb.write16(blocks, blocks), data, 0);
            assertEquals(0, written.status(), () -> "through " + gateway);
            for (TestInitiator connection : List.of(first, second)) {
              assertArrayEquals(
                  data,
                  connection
                      .command(lun.field(), Cdb.read16(blocks, blocks), new byte[0], data.length)
                      .dataIn(),
                  () -> "through " + gateway);
            }
          }
        }
      }
    }
  }
}
