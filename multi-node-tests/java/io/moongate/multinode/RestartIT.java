package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Target;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PathAgreement.Agreed;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.multinode.workload.HostSettings;
import io.moongate.multinode.workload.MultipathClient;
import io.moongate.multinode.workload.Workload;
import io.moongate.session.TestInitiator;
import io.moongate.wire.TargetPdu.AsyncMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Everything that was made is there after all of it was stopped; and a unit that is moved loses
 * nothing.
 */
@ClusterAlone
class RestartIT {
  private static final int MOVES = 4;

  private static List<TestLun> luns;

  @BeforeAll
  static void createLuns(TestCluster cluster) {
    luns =
        List.of(
            cluster.createLun("restart-a", 0, 64L << 20),
            cluster.createLun("restart-a", 7, 32L << 20),
            cluster.createLun("restart-b", 0, 16L << 20));
  }

  /** What must not change, ever. Everything of the whole cluster, whoever made it. */
  private record Identities(
      Map<String, String> units,
      Map<String, List<Target.Mapping>> maps,
      Map<String, Integer> groups) {

    static Identities of(ApiClient api) throws ApiException {
      Map<String, String> units = new TreeMap<>();
      for (LogicalUnit unit : api.luns()) {
        units.put(
            unit.id(),
            "%s/%s naa %s serial %s size %d of %d in %s preferred %s"
                .formatted(
                    unit.target(),
                    unit.lun(),
                    unit.naa(),
                    unit.serial(),
                    unit.size(),
                    unit.blockSize(),
                    unit.store(),
                    unit.preferred()));
      }
      Map<String, List<Target.Mapping>> maps = new TreeMap<>();
      for (Target target : api.targets()) {
        maps.put(target.name() + " through " + target.gateways(), target.luns());
      }
      Map<String, Integer> groups = new TreeMap<>();
      for (Gateway gateway : api.gateways()) {
        groups.put(gateway.name() + " " + gateway.portals(), gateway.portGroup());
      }
      return new Identities(units, maps, groups);
    }
  }

  @Test
  void afterSigtermOfEverythingAllIsAsBefore(TestCluster cluster) throws ApiException {
    restart(cluster, "sigterm", cluster::terminate);
  }

  @Test
  void afterSigkillOfEverythingAllIsAsBefore(TestCluster cluster) throws ApiException {
    restart(cluster, "sigkill", cluster::killAll);
  }

  private static void restart(TestCluster cluster, String scenario, Runnable stop)
      throws ApiException {
    Map<TestLun, History> histories = new TreeMap<>(Comparator.comparing(TestLun::id));
    Random random = new Random(Workload.seed());
    for (TestLun lun : luns) {
      histories.put(lun, new History());
      try (MultipathClient client = client(cluster, lun, scenario, histories.get(lun), random)) {
        // The test that runs second finds what the first one wrote.
        client.write(0, 16);
        client.write(16, 16);
        for (int block = 0; block < 32; block += 5) {
          client.write(block, 1);
        }
      }
    }
    Identities before = Identities.of(cluster.gateways().get(0).api());
    Map<String, Long> epochs = epochs(cluster);

    stop.run();
    long start = System.nanoTime();
    cluster.heal();
    System.out.printf(
        "%s: all gateways ready again after %.1f s%n", scenario, (System.nanoTime() - start) / 1e9);

    for (TestLun lun : luns) {
      Agreed agreed = new PathAgreement(cluster, lun).await();
      // The owner is another process, so the ownership is another.
      assertTrue(agreed.epoch() > epochs.get(lun.id()), () -> agreed + ", before " + epochs);
    }
    for (TestGateway gateway : cluster.gateways()) {
      assertEquals(before, Identities.of(gateway.api()), gateway::name);
    }
    epochs(cluster)
        .forEach((id, epoch) -> assertTrue(epoch >= epochs.get(id), () -> id + ": " + epochs));
    for (TestLun lun : luns) {
      try (MultipathClient client = client(cluster, lun, scenario, histories.get(lun), random)) {
        for (TestGateway gateway : cluster.gateways()) {
          client.read(gateway, 0, 16);
          client.read(gateway, 16, 16);
        }
      }
      Histories.requireLinearizable(
          scenario + "-" + lun.target().replaceAll(".*:", "") + "-" + lun.number(),
          histories.get(lun));
    }
  }

  private static MultipathClient client(
      TestCluster cluster, TestLun lun, String scenario, History history, Random random) {
    return new MultipathClient(
        "restart-" + scenario, cluster.gateways(), lun, history, HostSettings.LINUX, random);
  }

  private static Map<String, Long> epochs(TestCluster cluster) throws ApiException {
    Map<String, Long> epochs = new TreeMap<>();
    for (LogicalUnit unit : cluster.gateways().get(0).api().luns()) {
      epochs.put(unit.id(), unit.epoch());
    }
    return epochs;
  }

  /** A gateway gets a second portal, on an IPv6 address, and loses it again. */
  @Test
  void aPortalOnAnIpv6Address(TestCluster cluster) throws Exception {
    assumeTrue(
        NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null,
        "this host has no ::1");
    TestLun lun = luns.get(0);
    TestGateway gateway = cluster.gateways().get(2);
    Path file = cluster.directory().resolve(gateway.name() + ".conf");
    String before = Files.readString(file);
    String four = "\"" + gateway.host() + ":3260\"";
    // Typed in another way than it is told.
    String both = four + ", \"[0:0:0:0:0:0:0:1]:3260\"";
    reconfigure(cluster, gateway, file, before.replace(four, both));
    try {
      int group = new PathAgreement(cluster, lun).groups().get(gateway.name());
      assertEquals(
          List.of(gateway.host() + ":3260", "[::1]:3260"),
          cluster.done("its portals", () -> gateway.api().gateways()).stream()
              .filter(each -> each.name().equals(gateway.name()))
              .findFirst()
              .orElseThrow()
              .portals());
      for (InetSocketAddress asked :
          List.of(cluster.gateways().get(0).portal(), new InetSocketAddress("::1", 3260))) {
        try (TestInitiator host = TestInitiator.connect(asked)) {
          host.login(1, TestInitiator.discoveryKeys("iqn.2026-11.io.moongate:host-six"));
          assertTrue(
              host.sendTargets(lun.target()).pairs().stream()
                  .anyMatch(pair -> pair.value().equals("[::1]:3260," + group)),
              () -> asked + " does not list it");
        }
      }
      Tool.Output said =
          Tool.ISCSI_INQ
              .run(Duration.ofSeconds(60), "iscsi://[::1]:3260/" + lun.target() + "/0")
              .succeeded();
      assertTrue(said.text().contains("MOONGATE"), said.text());
    } finally {
      reconfigure(cluster, gateway, file, before);
    }
  }

  private static void reconfigure(
      TestCluster cluster, TestGateway gateway, Path file, String configuration)
      throws IOException {
    try (Nexus host = Nexus.open(gateway, luns.get(0))) {
      gateway.terminate();
      // RFC 7143 section 11.9.1, event 1: the target requests logout.
      assertEquals(1, host.session().awaitPdu(AsyncMessage.class).asyncEvent());
      host.session().logout();
    }
    gateway.awaitExit(Duration.ofSeconds(60));
    Files.writeString(file, configuration);
    cluster.heal();
    new PathAgreement(cluster, luns.get(0)).await();
  }

  @Test
  void aPlannedMoveUnderLoadLosesNothing(TestCluster cluster) throws ApiException {
    TestLun lun = cluster.createLun("move", 0, 64L << 20);
    PathAgreement agreement = new PathAgreement(cluster, lun);
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 6, Workload.seed(), history)) {
      for (int move = 0; move < MOVES; move++) {
        workload.awaitProgress(200);
        Agreed before = agreement.await();
        TestGateway to = cluster.servingWithout(cluster.gateway(before.owner())).get(move % 2);
        // Asked of a gateway that is neither or both of those concerned, in turn.
        ApiClient api = cluster.gateways().get(move % cluster.gateways().size()).api();
        long asked = System.nanoTime();
        LogicalUnit moved = api.moveLun(lun.id(), to.name());
        System.out.printf(
            "move %d, %s to %s: %d ms%n",
            move + 1, before.owner(), to, (System.nanoTime() - asked) / 1_000_000);
        assertEquals(to.name(), moved.owner());
        assertTrue(moved.epoch() > before.epoch());
        Agreed after = agreement.await();
        assertEquals(to.name(), after.owner());
        assertEquals(moved.epoch(), after.epoch());
      }
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
      assertEquals(0, workload.losses(), "a planned move must not cost a session");
    }
    Histories.requireLinearizable("move", history);
  }
}
