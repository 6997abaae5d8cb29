package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.workload.PathsRecorder;
import io.moongate.multinode.workload.PathsRecorder.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A day in the life of a cluster, by its API and its command line: it comes up, gets a hundred
 * LUNs, which are mapped, grown and moved; a gateway is drained and started anew as after an
 * upgrade, one is lost and removed for good, another one joins. Then the audit is asked what was.
 */
@Tag("long")
class DayIT {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final Duration RECORDED = Duration.ofSeconds(4);
  private static final int LUNS = 100;
  private static final int BY_COMMAND = 10;
  private static final int INSTANTS = 10;
  private static final long SIZE = 1L << 20;

  @Test
  void aDay() throws Exception {
    Installation installation = Installation.find();
    try (TestCluster cluster =
        TestCluster.startWithSpare(installation, installation.output().resolve("day"), 3)) {
      day(cluster);
    }
  }

  private static void day(TestCluster cluster) throws Exception {
    TestGateway first = cluster.gateways().get(0);
    TestGateway upgraded = cluster.gateways().get(1);
    TestGateway lost = cluster.gateways().get(2);
    List<Sample> settled;
    try (PathsRecorder recorder = new PathsRecorder(first)) {
      List<LogicalUnit> luns = create(cluster, first);
      rest();
      mapGrowAndMove(cluster, first, luns);
      rest();

      command(cluster, "gateway", "drain", upgraded.name(), "--cause", "upgrade", "--wait", "120");
      upgraded.terminate();
      upgraded.awaitExit(BOUND);
      upgraded.start();
      cluster.awaitReady();
      command(cluster, "gateway", "undrain", upgraded.name());
      rest();

      lost.kill();
      Await.value(
          "everything to be served without " + lost,
          BOUND,
          () -> {
            for (LogicalUnit unit : TestCluster.ask(first.api()::luns)) {
              if (!unit.phase().equals("serving") || lost.name().equals(unit.owner())) {
                throw new Unready(unit.toString());
              }
            }
            return Boolean.TRUE;
          });
      rest();
      Await.value(
          lost + " to be removed",
          BOUND,
          () -> {
            LauncherRun.Ended ended = run(cluster, "gateway", "remove", lost.name(), "-y");
            if (ended.status() != 0) {
              throw new Unready(ended.output());
            }
            return Boolean.TRUE;
          });
      cluster.leave(lost);
      rest();

      TestGateway joined = cluster.join();
      for (LogicalUnit unit : luns.subList(0, 10)) {
        cluster.done("a move", () -> first.api().moveLun(unit.id(), joined.name()));
      }
      rest();
      for (Gateway row : TestCluster.ask(first.api()::gateways)) {
        assertFalse(row.name().equals(lost.name()), row::toString);
      }
      settled = recorder.settled(RECORDED);
    }
    asItWas(first, settled);
    String verified =
        command(
            cluster,
            "audit",
            "verify",
            "--config",
            cluster.directory().resolve(first.name() + ".conf").toString());
    assertEquals(true, verified.contains("; 0 faults;"), verified);
  }

  private static List<LogicalUnit> create(TestCluster cluster, TestGateway first) throws Exception {
    String target = cluster.createTarget("day");
    List<LogicalUnit> luns = new ArrayList<>();
    for (int number = 0; number < LUNS; number++) {
      int lun = number;
      if (number < BY_COMMAND) {
        luns.add(
            JSON.readValue(
                command(
                    cluster,
                    "lun",
                    "create",
                    "--json",
                    "--target",
                    target,
                    "--lun",
                    Integer.toString(lun),
                    "--size",
                    "1MiB"),
                LogicalUnit.class));
      } else {
        luns.add(
            cluster.done(
                "LUN " + lun,
                () -> first.api().createLun(target, lun, SIZE, 512, "file", List.of())));
      }
    }
    return luns;
  }

  private static void mapGrowAndMove(TestCluster cluster, TestGateway first, List<LogicalUnit> luns)
      throws Exception {
    String second = cluster.createTarget("day-too");
    for (int number = 0; number < 5; number++) {
      command(
          cluster,
          "lun",
          "map",
          luns.get(number).id(),
          "--to",
          second,
          "--as",
          Integer.toString(number));
      command(cluster, "lun", "resize", luns.get(number).id(), "--size", "2MiB");
    }
    for (int number = 0; number < 10; number++) {
      String id = luns.get(number).id();
      String to = cluster.gateways().get(number % 3).name();
      cluster.done("a move", () -> first.api().moveLun(id, to));
    }
  }

  private static void asItWas(TestGateway asked, List<Sample> settled) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int differences = 0;
    for (int instant = 0; instant < INSTANTS; instant++) {
      Sample sample = settled.get(random.nextInt(settled.size()));
      JsonNode then =
          Await.value(
              "the view at " + sample.at(),
              BOUND,
              () -> {
                try {
                  return JSON.readTree(
                      TestCluster.ask(() -> asked.api().text("/api/v1/view?at=" + sample.at())));
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      if (!then.get("paths").equals(sample.paths())) {
        differences++;
        System.out.printf(
            "at %s%n  seen     %s%n  replayed %s%n",
            sample.at(), sample.paths(), then.get("paths"));
      }
    }
    System.out.printf(
        "a day: %d instants of %d samples, seed %d: %d differences%n",
        INSTANTS, settled.size(), seed, differences);
    assertEquals(0, differences);
  }

  /** So long that there are moments in which nothing is on its way to the record. */
  private static void rest() throws InterruptedException {
    Thread.sleep(RECORDED.plusSeconds(2).toMillis());
  }

  private static String command(TestCluster cluster, String... words) throws Exception {
    LauncherRun.Ended ended = run(cluster, words);
    assertEquals(0, ended.status(), ended.output());
    return ended.output();
  }

  private static LauncherRun.Ended run(TestCluster cluster, String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    if (!line.contains("verify")) {
      line.addAll(
          List.of("--token-file", DemoAccess.in(cluster.directory()).tokenFile().toString()));
    }
    try {
      return LauncherRun.run(line, cluster.logs().resolve("command.log"), BOUND);
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
