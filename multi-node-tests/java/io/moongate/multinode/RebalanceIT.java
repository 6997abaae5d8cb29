package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Units are spread by themselves, by number and by load, and no host sees more than a pause. */
@Tag("long")
class RebalanceIT {
  private static final Duration BOUND = Duration.ofSeconds(150);

  /** In which a move for balance would begin, were there any reason for one. */
  private static final Duration QUIET = Duration.ofSeconds(8);

  /** In which the loads are known as they are, after they have changed. */
  private static final Duration SETTLED = Duration.ofSeconds(6);

  private static final String REBALANCE =
      """
      moongate.ownership.failback { automatic = off, stable-for = 1 s }
      moongate.ownership.rebalance { automatic = on, load-window = 3 s, least-load = 40 }
      """;

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked = NetworkedCluster.start("rebalance", 3, REBALANCE, Optional.empty());
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  private final TestCluster cluster = networked.cluster();

  @BeforeEach
  void heal() {
    networked.heal();
  }

  @Test
  void aGatewayThatJoinsGetsItsPart() {
    TestGateway late = cluster.gateways().get(2);
    late.terminate();
    late.awaitExit(BOUND);
    List<TestLun> luns = luns("joins", 9);
    History history = new History();
    try (Workload workload =
        Workload.start(
            cluster.serving(),
            luns.get(0),
            4,
            Workload.seed(),
            history,
            Workload.BLOCKS,
            Workload.Errors.FAIL)) {
      workload.awaitProgress(200);
      cluster.heal();
      awaitSpread(luns, Map.of("gw1", 3, "gw2", 3, "gw3", 3));
      requireQuiet(luns);
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
      assertEquals(0, workload.losses(), "a move must not cost a session");
    }
    Histories.requireLinearizable("rebalance-joins", history);
    cluster.delete(luns.get(0).target());
  }

  /** Three busy LUNs, of which one gateway has two and another one: all have one in the end. */
  @Test
  void unitsOfWhichMuchIsAskedAreParted() {
    List<TestLun> luns = luns("load", 6);
    awaitSpread(luns, Map.of("gw1", 2, "gw2", 2, "gw3", 2));
    Map<String, List<TestLun>> byOwner =
        luns.stream().collect(Collectors.groupingBy(lun -> cluster.describe(lun).owner()));
    List<TestLun> busy = new ArrayList<>(byOwner.get("gw2"));
    busy.add(byOwner.get("gw1").get(0));
    List<History> histories = new ArrayList<>();
    List<Workload> workloads = new ArrayList<>();
    try {
      for (TestLun lun : busy) {
        histories.add(new History());
        workloads.add(
            Workload.start(cluster, lun, 3, Workload.seed(), histories.get(histories.size() - 1)));
      }
      List<String> causes = new ArrayList<>();
      Await.until(
          "the busy LUNs to have different owners, and each gateway two LUNs",
          BOUND,
          () -> {
            busy.forEach(lun -> causes.add(cluster.describe(lun).cause()));
            return busy.stream().map(lun -> cluster.describe(lun).owner()).distinct().count() == 3
                && spread(luns).equals(Map.of("gw1", 2, "gw2", 2, "gw3", 2));
          },
          () -> described(luns));
      assertTrue(
          causes.stream().anyMatch(cause -> cause.matches("rebalance: gw. has .* operations/s.*")),
          () -> described(luns));
      for (TestGateway gateway : cluster.gateways()) {
        for (TestLun lun : busy) {
          Await.until(
              gateway + " to know what is asked of " + lun,
              BOUND,
              () -> cluster.done("" + lun, () -> gateway.api().lun(lun.id())).load() > 1,
              () -> described(luns));
        }
      }
      requireQuiet(luns);
      for (Workload each : workloads) {
        each.awaitProgress(100);
        each.stop();
        System.out.printf("longest operation %d ms%n", each.longest().toMillis());
        assertEquals(0, each.losses(), "a move must not cost a session");
      }
    } finally {
      workloads.forEach(Workload::close);
    }
    for (int i = 0; i < histories.size(); i++) {
      Histories.requireLinearizable("rebalance-load-" + i, histories.get(i));
    }
    cluster.delete(luns.get(0).target());
  }

  private List<TestLun> luns(String name, int count) {
    String target = cluster.createTarget(name);
    List<TestLun> luns = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      luns.add(cluster.requestLun(target, number, 16L << 20, 512, "file"));
    }
    luns.forEach(lun -> new PathAgreement(cluster, lun).await());
    return luns;
  }

  private void awaitSpread(List<TestLun> luns, Map<String, Integer> expected) {
    Await.until(
        "LUNs to be spread as " + expected,
        BOUND,
        () -> spread(luns).equals(expected),
        () -> described(luns));
  }

  private Map<String, Integer> spread(List<TestLun> luns) {
    Map<String, Integer> spread = new TreeMap<>();
    for (TestLun lun : luns) {
      LogicalUnit unit = cluster.describe(lun);
      if (!unit.phase().equals("serving")) {
        return Map.of();
      }
      spread.merge(unit.owner(), 1, Integer::sum);
    }
    return spread;
  }

  /** What is even stays where it is, while the load goes on. */
  private void requireQuiet(List<TestLun> luns) {
    rest(SETTLED);
    List<LogicalUnit> before = luns.stream().map(cluster::describe).toList();
    rest(QUIET);
    for (LogicalUnit was : before) {
      LogicalUnit is =
          luns.stream()
              .map(cluster::describe)
              .filter(u -> u.id().equals(was.id()))
              .findFirst()
              .get();
      assertTrue(
          is.epoch() == was.epoch() || !is.cause().startsWith("rebalance"),
          () -> "it goes on moving: " + was + described(luns));
    }
  }

  private static void rest(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String described(List<TestLun> luns) {
    StringBuilder text = new StringBuilder();
    for (TestLun lun : luns) {
      LogicalUnit unit = cluster.describe(lun);
      text.append(
          "%n%s: %s %s epoch %d, %.0f operations/s, %s"
              .formatted(lun, unit.owner(), unit.phase(), unit.epoch(), unit.load(), unit.cause()));
    }
    return text.toString();
  }
}
