package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.Evidence;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.Signal;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Ceph in trouble: what hosts are answered, and what their operator is told. */
@ClusterAlone
class RbdTroubleIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int BLOCK = 4096;
  private static final int BLOCKS = BLOCK / 512;
  private static final long SIZE = 64L << 20;

  /** For so long it is taken for granted that an image that is in use is there. */
  private static final Duration BELIEVED = Duration.ofSeconds(3);

  private static final String GOOD = "GOOD";
  private static final String BUSY = "BUSY";
  private static final String STATES_CHANGED = "06/2A06";
  private static final String SPACE_ALLOCATION_FAILED = "07/2707";

  @Test
  void aServerOfObjectsThatIsStartedAgainIsWaitedFor(TestCluster cluster, CephCluster.Pool pool) {
    TestLun lun = cluster.createLun("trouble-osd", 0, SIZE, 512, "rbd");
    String id = pool.cluster().imageId(pool.name(), cluster.describe(lun).volume());
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      workload.awaitProgress(200);
      int osd = pool.cluster().stopOsdOf(pool.name(), data(id, 0));
      pool.cluster().startOsd(osd);
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
    }
    assertEquals(1, cluster.describe(lun).epoch(), "nobody could have done better");
    Histories.requireLinearizable("trouble-osd", history);
    cluster.delete(lun.target());
  }

  private static String data(String imageId, int object) {
    return "rbd_data.%s.%016x".formatted(imageId, object);
  }

  /** Also through a gateway that opens the unit just then. */
  @Test
  void aFullPoolRefusesWhatNeedsSpaceAndNothingElse(TestCluster cluster, CephCluster.Pool pool)
      throws IOException {
    TestLun lun = cluster.createLun("trouble-full", 0, SIZE, 512, "rbd");
    TestGateway owner = cluster.owner(lun);
    try (Nexus nexus = Nexus.open(cluster.servingWithout(owner).get(0), lun)) {
      nexus.settle();
      assertEquals(GOOD, write(nexus, 0));
      pool.cluster().setFullRatio("0.000001");
      long unwritten = untilFull(nexus);
      assertEquals(GOOD, read(nexus, 0));
      assertEquals(GOOD, nexus.once(SYNCHRONIZE_CACHE));
      assertEquals(GOOD, nexus.once(Cdb.testUnitReady()));
      cluster.move(lun, cluster.servingWithout(owner).get(1));
      assertEquals(GOOD, nexus.atLast(Cdb.read16(0, BLOCKS), new byte[0], BLOCK));
      assertEquals(SPACE_ALLOCATION_FAILED, write(nexus, unwritten));
      pool.cluster().setFullRatio("0.95");
      Await.until("space", BOUND, () -> GOOD.equals(writeOrFail(nexus, unwritten)), () -> "");
    } finally {
      pool.cluster().setFullRatio("0.95");
    }
    cluster.delete(lun.target());
  }

  /** Servers learn of it one after the other; each has objects that are there already. */
  private static long untilFull(Nexus nexus) {
    long[] block = {1};
    Await.until(
        "the pool to be full",
        BOUND,
        () -> SPACE_ALLOCATION_FAILED.equals(writeOrFail(nexus, block[0]++ * BLOCKS)),
        () -> "");
    return block[0] * BLOCKS;
  }

  private static final byte[] SYNCHRONIZE_CACHE = {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0};

  @Test
  @Tag("long")
  void aPoolThatIsNearlyFullIsNothingToHosts(TestCluster cluster, CephCluster.Pool pool) {
    TestLun lun = cluster.createLun("trouble-nearfull", 0, SIZE, 512, "rbd");
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      workload.awaitProgress(200);
      pool.cluster().ceph("osd", "set-nearfull-ratio", "0.000001");
      Await.until(
          "the warning of Ceph",
          BOUND,
          () -> pool.cluster().ceph("health", "detail").contains("OSD_NEARFULL"),
          () -> pool.cluster().ceph("health", "detail"));
      workload.awaitProgress(1000);
      workload.stop();
    } finally {
      pool.cluster().ceph("osd", "set-nearfull-ratio", "0.85");
    }
    Histories.requireLinearizable("trouble-nearfull", history);
    cluster.delete(lun.target());
  }

  /**
   * What is open goes on; what loses its owner waits, is not refused, and everybody is told what it
   * waits for; a gateway that starts meanwhile is there.
   */
  @Test
  void withoutMonitorsWhatIsOpenGoesOnAndNothingElseIsOpened(
      TestCluster cluster, CephCluster.Pool pool) throws IOException {
    TestLun lost = cluster.createLun("trouble-monitor", 0, SIZE, 512, "rbd");
    TestLun kept = cluster.createLun("trouble-monitor", 1, SIZE, 512, "rbd");
    TestGateway owner = cluster.gateways().get(0);
    cluster.move(lost, owner);
    cluster.move(kept, cluster.gateways().get(1));
    History ofLost = new History();
    History ofKept = new History();
    worked(cluster, lost, ofLost);
    long back;
    try (Workload workload = Workload.start(cluster, kept, 4, Workload.seed(), ofKept)) {
      workload.awaitProgress(200);
      Signal.STOP.send(pool.cluster().monitor().pid());
      try {
        owner.kill();
        awaitRefused(cluster, lost, "no answer in time");
        try (Nexus nexus = Nexus.open(cluster.servingWithout(owner).get(0), lost)) {
          nexus.once(Cdb.testUnitReady()); // It is told of its login.
          assertNotFinal(read(nexus, 0));
          assertNotFinal(write(nexus, 0));
          // Local knowledge, as ever: hosts look at it while they wait.
          assertTrue(nexus.reportTargetPortGroups(128, true).states().size() > 1);
        }
        owner.start();
        cluster.awaitReady();
        awaitUnreachable(owner, "no monitor has let it in within 4 s");
        workload.awaitProgress(200);
        // What is open is nobody's loss.
        assertEquals(cluster.gateways().get(1), cluster.owner(kept));
      } finally {
        Signal.CONT.send(pool.cluster().monitor().pid());
      }
      back = System.nanoTime();
      new PathAgreement(cluster, lost).await();
      System.out.printf("served %d ms after that%n", (System.nanoTime() - back) / 1_000_000);
      awaitReached(cluster);
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf("longest operation beside it %d ms%n", workload.longest().toMillis());
    }
    cluster.move(lost, owner);
    worked(cluster, lost, ofLost);
    Histories.requireLinearizable("trouble-monitor-lost", ofLost);
    Histories.requireLinearizable("trouble-monitor-kept", ofKept);
    cluster.delete(lost.target());
  }

  private static void worked(TestCluster cluster, TestLun lun, History history) {
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      workload.awaitProgress(200);
      workload.stop();
    }
  }

  private static void assertNotFinal(String ending) {
    assertTrue(Set.of(BUSY, STATES_CHANGED).contains(ending), ending);
  }

  /** Every gateway that serves says that a unit waits, and why. */
  private static void awaitRefused(TestCluster cluster, TestLun lun, String why) {
    for (TestGateway gateway : cluster.serving()) {
      Operation waits =
          Await.value(
              "%s to say why %s waits".formatted(gateway, lun),
              BOUND,
              () ->
                  TestCluster.ask(gateway.api()::operations).stream()
                      .filter(each -> lun.id().equals(each.unit()) && each.cause().contains(why))
                      .findFirst()
                      .orElseThrow(() -> new Await.Unready("nothing of " + why)));
      System.out.printf("%s says: %s%n", gateway, waits.cause());
    }
  }

  /** A gateway says of itself that it does not reach the store. */
  private static void awaitUnreachable(TestGateway gateway, String why) {
    String said =
        Await.value(
            gateway + " to say that it does not reach the store",
            BOUND,
            () ->
                ofStore(gateway).stream()
                    .filter(seen -> seen.subject().equals(gateway.name()))
                    .map(Evidence::detail)
                    .filter(detail -> detail.contains(why))
                    .findFirst()
                    .orElseThrow(() -> new Await.Unready("nothing of " + why)));
    System.out.printf("%s says: %s%n", gateway, said);
  }

  private static void awaitReached(TestCluster cluster) {
    for (TestGateway gateway : cluster.gateways()) {
      Await.value(
          gateway + " to know that all reach the store",
          BOUND,
          () -> {
            List<Evidence> seen = ofStore(gateway);
            if (!seen.isEmpty()) {
              throw new Await.Unready(seen.toString());
            }
            return Boolean.TRUE;
          });
    }
  }

  private static List<Evidence> ofStore(TestGateway asked) throws Await.Unready {
    return TestCluster.ask(asked.api()::gateways).stream()
        .flatMap(gateway -> gateway.observations().stream())
        .filter(seen -> "rbd".equals(seen.part()))
        .toList();
  }

  /** It is of no use for the store and says so, gets no units, and needs no restart to be well. */
  @Test
  void aGatewayWhoseKeyIsWrongGetsNoUnits(TestCluster cluster, CephCluster.Pool pool)
      throws IOException, ApiException {
    TestLun lun = cluster.createLun("trouble-key", 0, SIZE, 512, "rbd");
    TestLun wanted = cluster.createLun("trouble-key", 1, SIZE, 512, "rbd");
    TestGateway owner = cluster.gateways().get(0);
    TestGateway wrong = cluster.gateways().get(2);
    cluster.move(lun, owner);
    cluster.move(wanted, owner);
    Path keyring = pool.keyring().resolveSibling("another.keyring");
    String right = Files.readString(pool.keyring());
    Files.writeString(keyring, right.replaceAll("(key = .{20}).{4}", "$1AAAA"));
    wrong.environment(Map.of("MOONGATE_VOLUME_RBD_KEYRING", keyring.toString()));
    try {
      wrong.kill();
      wrong.start();
      cluster.awaitReady();
      awaitUnreachable(wrong, "client.%s, keyring %s".formatted(pool.user(), keyring));
      cluster.done("preference", () -> owner.api().prefer(wanted.id(), List.of(wrong.name())));
      cluster.done("a drain", () -> owner.api().drain(owner.name()));
      for (TestLun each : List.of(lun, wanted)) {
        Await.until(
            each + " to be gw2's",
            BOUND,
            () -> new PathAgreement(cluster, each).await().owner().equals("gw2"),
            () -> cluster.describe(each).toString());
        assertFalse(
            cluster.describe(each).cause().contains("could not open"),
            () -> cluster.describe(each).toString());
      }
      cluster.done("the drain to end", () -> owner.api().undrain(owner.name()));
      ApiException refused =
          assertThrows(
              ApiException.class,
              () -> wrong.api().createLun(lun.target(), 7, SIZE, 512, "rbd", List.of()));
      assertEquals(503, refused.status());
      assertTrue(refused.getMessage().contains(keyring.toString()), refused::getMessage);
      System.out.println(refused.getMessage());
      Files.writeString(keyring, right);
      awaitReached(cluster);
      cluster.move(lun, wrong);
      worked(cluster, lun, new History());
    } finally {
      Files.writeString(keyring, right);
      wrong.environment(Map.of());
    }
    cluster.delete(lun.target());
  }

  /** It is not served as zeros, hosts are told nothing final, and the unit can be deleted. */
  @Test
  void anImageThatIsGone(TestCluster cluster, CephCluster.Pool pool) throws IOException {
    TestLun lun = cluster.createLun("trouble-gone", 0, SIZE, 512, "rbd");
    TestGateway owner = cluster.owner(lun);
    String image = cluster.describe(lun).volume();
    try (Nexus nexus = Nexus.open(cluster.servingWithout(owner).get(0), lun)) {
      nexus.settle();
      assertEquals(GOOD, write(nexus, 0));
      String id = pool.cluster().imageId(pool.name(), image);
      pool.cluster().rados("-p", pool.name(), "rm", "rbd_header." + id);
      pool.cluster().rados("-p", pool.name(), "rm", data(id, 0));
      long gone = System.nanoTime();
      String ending = GOOD;
      while (GOOD.equals(ending) || System.nanoTime() - gone < BELIEVED.toNanos()) {
        byte[] found = new byte[BLOCK];
        long asked = System.nanoTime();
        ending = readInto(nexus, lun, found);
        boolean late = asked - gone > BELIEVED.toNanos();
        assertTrue(!GOOD.equals(ending) || !late, "the image was gone for long");
        pause(Duration.ofMillis(20));
      }
      assertNotFinal(ending);
      awaitRefused(cluster, lun, "image %s is not in the pool".formatted(image));
      LogicalUnit unit = cluster.describe(lun);
      assertNotFinal(read(nexus, 0));
      assertNotFinal(write(nexus, 0));
      assertTrue(unit.epoch() < 10, () -> "tried again and again at once: " + unit);
    }
    cluster.delete(lun.target());
  }

  /** All gateways see the same: to move units would help nobody. */
  @Test
  @Tag("long")
  void slowServersMoveNoUnitsInCircles(TestCluster cluster, CephCluster.Pool pool) {
    List<TestLun> luns =
        List.of(
            cluster.createLun("trouble-slow", 0, SIZE, 512, "rbd"),
            cluster.createLun("trouble-slow", 1, SIZE, 512, "rbd"),
            cluster.createLun("trouble-slow", 2, SIZE, 512, "rbd"));
    for (int i = 0; i < luns.size(); i++) {
      cluster.move(luns.get(i), cluster.gateways().get(i));
    }
    long before = luns.stream().mapToLong(lun -> cluster.describe(lun).epoch()).sum();
    List<History> histories = luns.stream().map(lun -> new History()).toList();
    List<Workload> workloads =
        luns.stream()
            .map(
                lun ->
                    Workload.start(
                        cluster, lun, 4, Workload.seed(), histories.get(luns.indexOf(lun))))
            .toList();
    Set<String> said = new TreeSet<>();
    pool.cluster().ceph("osd", "set", "nodown");
    try {
      workloads.forEach(workload -> workload.awaitProgress(20));
      delay(pool, "0.9");
      for (int time = 0; time < 60; time++) {
        pause(Duration.ofMillis(500));
        said.addAll(observed(cluster.gateways().get(0)));
      }
      delay(pool, "0");
      workloads.forEach(workload -> workload.awaitProgress(20));
      workloads.forEach(Workload::stop);
    } finally {
      delay(pool, "0");
      workloads.forEach(Workload::close);
      pool.cluster().ceph("osd", "unset", "nodown");
    }
    long moves = luns.stream().mapToLong(lun -> cluster.describe(lun).epoch()).sum() - before;
    System.out.printf("%d moves; said: %s%n", moves, said);
    assertTrue(moves <= 2L * luns.size(), moves + " moves");
    // Where fewer than three operations end in two seconds it is none of them for five.
    assertTrue(said.contains("store-slow") || said.contains("store-stuck"), said::toString);
    histories.forEach(history -> Histories.requireLinearizable("trouble-slow", history));
    cluster.delete(luns.get(0).target());
  }

  /** How long servers of objects wait before they do anything, in seconds. */
  private static void delay(CephCluster.Pool pool, String seconds) {
    String option = "osd_debug_inject_dispatch_delay_";
    for (int osd = 0; osd < pool.cluster().osds().size(); osd++) {
      String server = "osd." + osd;
      pool.cluster().ceph("tell", server, "config", "set", option + "duration", seconds);
      pool.cluster()
          .ceph(
              "tell",
              server,
              "config",
              "set",
              option + "probability",
              seconds.equals("0") ? "0" : "1");
    }
  }

  private static Set<String> observed(TestGateway asked) {
    Set<String> kinds = new TreeSet<>();
    try {
      asked
          .api()
          .gateways()
          .forEach(each -> each.observations().forEach(seen -> kinds.add(seen.kind())));
    } catch (ApiException e) {
      throw new AssertionError(e);
    }
    return kinds;
  }

  private static byte[] pattern() {
    byte[] pattern = new byte[BLOCK];
    Arrays.fill(pattern, (byte) 7);
    return pattern;
  }

  private static String write(Nexus nexus, long lba) throws IOException {
    return nexus.once(Cdb.write16(lba, BLOCKS), pattern(), 0);
  }

  private static String writeOrFail(Nexus nexus, long lba) {
    try {
      return write(nexus, lba);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String read(Nexus nexus, long lba) throws IOException {
    return nexus.once(Cdb.read16(lba, BLOCKS), new byte[0], BLOCK);
  }

  private static String readInto(Nexus nexus, TestLun lun, byte[] found) throws IOException {
    var result =
        nexus.session().command(lun.field(), Cdb.read16(0, BLOCKS), new byte[0], found.length);
    System.arraycopy(result.dataIn(), 0, found, 0, result.dataIn().length);
    return Nexus.ending(result);
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
