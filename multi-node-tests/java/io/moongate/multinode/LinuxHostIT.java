package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.Network;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.host.FioLoad;
import io.moongate.multinode.host.Guest;
import io.moongate.multinode.host.GuestImage;
import io.moongate.multinode.host.HostReport;
import io.moongate.multinode.host.LinuxHost;
import io.moongate.multinode.host.Multipath;
import io.moongate.multinode.host.PersistentHost;
import io.moongate.multinode.host.PersistentHost.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A real Linux host, open-iscsi and multipath-tools of Debian in a virtual machine, set up by what
 * {@code moongate host-config linux} prints, with ext4 on a disk of the cluster. Under the load of
 * fio, which verifies whatever it writes, each thing happens that a host is to live through: no
 * operation may fail, no block may be other than it was written. How long fio waited is kept in
 * {@code target/multi-node/linux-host.md}, what {@code multipath -ll} said in {@code
 * linux-host-paths.txt}; the guest's console is with the logs.
 *
 * <p>{@code -Dmoongate.host.settings=HOCON} gives the gateways more settings, and {@code
 * -Dmoongate.host.label=TEXT} says so in the rows; {@code -Dmoongate.faults=RE} which of the faults
 * happen.
 */
@Tag("long")
class LinuxHostIT {
  private static final String SETTINGS = System.getProperty("moongate.host.settings", "");
  private static final String LABEL = System.getProperty("moongate.host.label", "");
  private static final String TARGET = "linux-host";
  private static final String INITIATOR = "iqn.2026-11.io.moongate:linux-host";
  private static final long SIZE = 1L << 30;
  private static final long GROWTH = 512L << 20;
  private static final long SHARED = 64L << 20;
  private static final long OTHERS_KEY = 0xABC2;
  private static final int SOME_WRITES = 600;

  private static NetworkedCluster networked;
  private static Guest guest;
  private static LinuxHost host;
  private static HostReport report;
  private static TestLun lun;
  private static LogicalUnit unit;

  /** What happens to the gateway whose path is optimized. */
  enum Blow {
    KILL("SIGKILL") {
      @Override
      void strike(TestGateway owner) {
        owner.kill();
      }
    },
    CUT("silent cut of all its links") {
      @Override
      void strike(TestGateway owner) {
        networked.network().isolate(owner.name());
        networked.network().shutPortal(owner.name());
      }
    },
    POWER("loss of its host's power, or of its link") {
      @Override
      void strike(TestGateway owner) {
        networked.network().silence(owner.name());
      }
    },
    PORTAL("the address of its portal is taken away") {
      @Override
      void strike(TestGateway owner) {
        networked.network().removePortal(owner.name());
      }
    },
    DRAIN("drain") {
      @Override
      void strike(TestGateway owner) {
        ApiClient api = networked.cluster().servingWithout(owner).get(0).api();
        networked.cluster().done("the drain to begin", () -> api.drain(owner.name()));
      }

      @Override
      void end(TestGateway owner) {
        ApiClient api = networked.cluster().servingWithout(owner).get(0).api();
        networked.cluster().done("the drain to end", () -> api.undrain(owner.name()));
      }

      @Override
      boolean losesThePath() {
        return false;
      }
    };

    private final String words;

    Blow(String words) {
      this.words = words;
    }

    abstract void strike(TestGateway owner);

    void end(TestGateway owner) {
      networked.heal();
    }

    boolean losesThePath() {
      return true;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    GuestImage image = GuestImage.make();
    networked =
        NetworkedCluster.startWithPortals(
            "linux-host", 3, NetworkedCluster.PRODUCT_DEFAULTS + SETTINGS + "\n");
    report = new HostReport(Installation.find().output(), LABEL);
    TestCluster cluster = networked.cluster();
    lun = cluster.createLun(TARGET, 0, SIZE);
    unit = cluster.describe(lun);
    cluster.done("the preferred owner", () -> api().prefer(lun.id(), List.of(first().name())));
    guest =
        Guest.boot(
            image,
            networked.network().letGuestIn(),
            Network.GUEST,
            cluster.logs(),
            Network.GUEST_ADDRESS + "/24",
            INITIATOR);
    host = new LinuxHost(guest, portals());
    report.paths("discovery and login, Linux " + image.version(), host.follow(guide(cluster)));
    Multipath map = awaitWhole();
    report.paths("before everything", host.multipathList());
    host.makeFileSystem(map);
    host.writeWitness();
  }

  private static String guide(TestCluster cluster) throws Exception {
    Path log = cluster.logs().resolve("host-config.log");
    return LauncherRun.succeed(
        List.of(
            "host-config",
            "linux",
            "--json",
            "--target",
            lun.target(),
            "--api",
            "http://%s:8080".formatted(first().host()),
            "--insecure-http",
            "--token-file",
            DemoAccess.in(cluster.directory()).tokenFile().toString()),
        log,
        Duration.ofMinutes(2));
  }

  private static Map<String, String> portals() {
    Map<String, String> portals = new TreeMap<>();
    for (TestGateway gateway : networked.cluster().gateways()) {
      portals.put(gateway.portal().getHostString(), gateway.name());
    }
    return portals;
  }

  @BeforeEach
  void heal() {
    networked.heal();
    host.endLoads();
  }

  @AfterAll
  static void end() throws IOException {
    try {
      if (host != null) {
        Files.writeString(networked.cluster().logs().resolve("guest.log"), host.logs());
        Multipath map = awaitWhole();
        host.verifyWitness();
        report.paths("at the end", host.multipathList() + host.checkFileSystem(map));
      }
    } finally {
      if (guest != null) {
        guest.close();
      }
      if (networked != null) {
        networked.close();
      }
    }
  }

  static Stream<Blow> blows() {
    return Stream.of(Blow.values()).filter(blow -> Stalls.isWanted(blow.name()));
  }

  @ParameterizedTest
  @MethodSource("blows")
  void hostsGetOnAfter(Blow blow) {
    Multipath map = awaitWhole();
    report.paths("before: " + blow.words, host.multipathList());
    FioLoad during = host.load(blow.name().toLowerCase() + "-during");
    host.awaitWrites(map, SOME_WRITES);
    blow.strike(first());
    host.awaitWrites(map, SOME_WRITES);
    awaitWithout(blow);
    report.paths("after: " + blow.words, host.multipathList());
    FioLoad.Seen stalled = during.stop();

    FioLoad after = host.load(blow.name().toLowerCase() + "-after");
    host.awaitWrites(map, SOME_WRITES);
    blow.end(first());
    awaitWhole();
    host.awaitWrites(map, SOME_WRITES);
    report.paths("whole again after: " + blow.words, host.multipathList());
    report.row(blow.words, List.of(stalled, after.stop()));
    host.verifyWitness();
  }

  /** Another path is optimized and used, and the one through the gateway in question is as told. */
  private static void awaitWithout(Blow blow) {
    String lost = first().name();
    host.await(
        "an optimized path in use, not through " + lost,
        unit,
        map ->
            map.usable(Multipath.OPTIMIZED).size() == 1
                && !map.usable(Multipath.OPTIMIZED).contains(lost)
                && map.used().equals(map.usable(Multipath.OPTIMIZED))
                && map.usable().contains(lost) != blow.losesThePath());
  }

  /** Three usable paths; that through the preferred owner alone is optimized, and is in use. */
  private static Multipath awaitWhole() {
    networked.cluster().awaitReady();
    String owner = first().name();
    Set<String> others = new TreeSet<>();
    networked.cluster().servingWithout(first()).forEach(gateway -> others.add(gateway.name()));
    Predicate<Multipath> whole =
        map ->
            map.usable(Multipath.OPTIMIZED).equals(Set.of(owner))
                && map.usable(Multipath.NON_OPTIMIZED).equals(others)
                && map.paths().count() == others.size() + 1;
    Multipath map = host.await("three paths, that of %s optimized".formatted(owner), unit, whole);
    host.touch(map);
    return host.await(
        "the path of %s in use".formatted(owner),
        unit,
        whole.and(now -> now.used().equals(Set.of(owner))));
  }

  @Test
  void theLastOfThreeGatewaysIsLostAndOneComesBack() {
    Multipath map = awaitWhole();
    FioLoad load = host.load("all-lost");
    host.awaitWrites(map, SOME_WRITES);
    List<TestGateway> killed = new ArrayList<>();
    while (killed.size() < networked.cluster().gateways().size()) {
      TestGateway owner = networked.cluster().owner(lun);
      owner.kill();
      killed.add(owner);
      if (networked.cluster().serving().isEmpty()) {
        host.await("no path left", unit, state -> state.usable().isEmpty());
      } else {
        host.awaitWrites(map, SOME_WRITES);
      }
      report.paths("SIGKILL of " + killed, host.multipathList());
    }
    load.requireAlive();
    networked.heal();
    awaitWhole();
    host.awaitWrites(map, SOME_WRITES);
    report.paths("whole again after SIGKILL of all three", host.multipathList());
    report.row("SIGKILL of all three, one after another", List.of(load.stop()));
    host.verifyWitness();
  }

  @Test
  void theDiskGrowsUnderLoad() {
    Multipath map = awaitWhole();
    long before = host.fileSystemSize();
    FioLoad load = host.load("resize");
    host.awaitWrites(map, SOME_WRITES);
    long size = networked.cluster().describe(lun).size() + GROWTH;
    networked.cluster().done("the disk to grow", () -> api().resizeLun(lun.id(), size));
    host.grow(map, size);
    host.awaitWrites(map, SOME_WRITES);
    long after = host.fileSystemSize();
    assertTrue(after > before + GROWTH / 2, () -> "%d, then %d".formatted(before, after));
    report.paths("grown to %d MiB".formatted(size >> 20), host.multipathList());
    report.row("growth by %d MiB".formatted(GROWTH >> 20), List.of(load.stop()));
    host.verifyWitness();
  }

  /** The other host is this JVM, logged in through every gateway, too. */
  @Test
  void aHostIsFencedByAnotherAndFencesIt() throws IOException {
    TestCluster cluster = networked.cluster();
    awaitWhole();
    TestLun shared = cluster.createLun(TARGET, 1, SHARED);
    LogicalUnit described = cluster.describe(shared);
    host.rescan();
    Multipath map =
        host.await(
            "three paths to the shared disk", described, state -> state.usable().size() == 3);
    PersistentHost linux = new PersistentHost(guest, map.name(), "abc1");
    linux.configure();
    linux.register();
    linux.reserve();
    assertEquals(Written.GOOD, linux.write());
    map.paths()
        .forEach(path -> report.paths("reserved, " + path.gateway(), linux.status(path.device())));
    try (TestHost other = TestHost.open(cluster.gateways(), shared, "other")) {
      requireWrites(other, Nexus.CONFLICT);
      TestGateway next = cluster.servingWithout(cluster.owner(shared)).get(0);
      cluster.move(shared, next);
      other.settle();
      requireWrites(other, Nexus.CONFLICT);
      assertEquals(Written.GOOD, linux.write(), "after a move");

      other.register(OTHERS_KEY);
      requireWrites(other, Nexus.GOOD_ENDING);
      assertEquals(
          Nexus.GOOD_ENDING,
          PersistentReservations.out(
              other.nexuses().get(0),
              Action.PREEMPT_AND_ABORT,
              Type.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
              OTHERS_KEY,
              Long.parseLong(linux.key(), 16)));
      assertEquals(Written.REFUSED, linux.write(), "fenced");
      requireWrites(other, Nexus.GOOD_ENDING);
      report.paths("fenced by the other host", linux.status(device(map)));

      linux.register();
      assertEquals(Written.GOOD, linux.write(), "let in again");
      linux.fence(Long.toHexString(OTHERS_KEY));
      requireWrites(other, Nexus.CONFLICT);
      report.paths("the other host fenced", linux.status(device(map)));
      linux.clear();
      requireWrites(other, Nexus.GOOD_ENDING);
    }
  }

  private static String device(Multipath map) {
    return map.paths().findFirst().orElseThrow().device();
  }

  /** A write through each path ends so, once the path has been told what there was to tell. */
  private static void requireWrites(TestHost other, String ending) throws IOException {
    for (Nexus nexus : other.nexuses()) {
      nexus.settle();
      assertEquals(
          ending,
          nexus.atLast(Cdb.write16(0, 1), new byte[512], 0),
          () -> "through " + nexus.gateway());
    }
  }

  private static TestGateway first() {
    return networked.cluster().gateways().get(0);
  }

  private static ApiClient api() {
    return networked.cluster().serving().get(0).api();
  }
}
