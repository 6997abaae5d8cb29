package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Reloaded;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.Signal;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A running gateway takes another configuration, or refuses it as a whole. */
@ClusterAlone
@Tag("long")
class ReloadIT {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** How many more than any other gateway owns: more than is left uneven. */
  private static final int MORE = 4;

  @Test
  void unitsAreSpreadOnceTheFileSaysSoAndAMistakeChangesNothing(TestCluster cluster)
      throws Exception {
    TestGateway gateway = cluster.gateways().get(0);
    Path file = cluster.directory().resolve(gateway.name() + ".conf");
    String before = Files.readString(file);
    long pid = gateway.pid();
    List<TestLun> luns = new ArrayList<>();
    int number = 0;
    while (surplus(gateway) < MORE) {
      TestLun lun = cluster.createLun("reload", number++, 1L << 20);
      cluster.move(lun, gateway);
      luns.add(lun);
    }
    try {
      Files.writeString(file, before + "moongate.ownership.rebalance.automatic = on\n");
      Reloaded reloaded = reload(cluster, gateway);
      assertTrue(reloaded.applied());
      assertEquals(
          List.of("moongate.ownership.rebalance.automatic"),
          reloaded.changed().stream().map(Reloaded.Setting::key).toList());
      Await.value(
          "a LUN to have left " + gateway,
          BOUND,
          () -> {
            for (TestLun lun : luns) {
              if (!gateway.name().equals(cluster.describe(lun).owner())) {
                return Boolean.TRUE;
              }
            }
            throw new Unready("all are there");
          });

      Files.writeString(file, before + "moongate.lease.length = 4 s\n");
      LauncherRun.Ended refused = run(cluster, gateway);
      assertEquals(1, refused.status(), refused.output());
      assertTrue(refused.output().contains("moongate.lease.length"), refused.output());
      Files.writeString(file, before + "moongate.ownership.moves-at-once = 0\n");
      refused = run(cluster, gateway);
      assertEquals(1, refused.status(), refused.output());
      assertTrue(refused.output().contains("moongate.ownership.moves-at-once"), refused.output());
    } finally {
      Files.writeString(file, before);
      Signal.HUP.send(gateway.pid());
    }
    Await.value(
        gateway + " to have taken the file by a signal",
        BOUND,
        () -> {
          LauncherRun.Ended said = runUnchecked(cluster, gateway, "--dry-run");
          if (!said.output().contains("nothing has changed")) {
            throw new Unready(said.output());
          }
          return Boolean.TRUE;
        });
    assertEquals(pid, gateway.pid());
    assertTrue(gateway.alive());
    cluster.delete(luns.get(0).target());
  }

  /** How many units more it owns than any other gateway. */
  private static int surplus(TestGateway gateway) {
    Map<String, Integer> owned = new TreeMap<>();
    try {
      for (LogicalUnit unit : TestCluster.ask(() -> gateway.api().luns())) {
        owned.merge(String.valueOf(unit.owner()), 1, Integer::sum);
      }
    } catch (Unready e) {
      return 0;
    }
    int own = owned.getOrDefault(gateway.name(), 0);
    owned.remove(gateway.name());
    return own - owned.values().stream().max(Integer::compare).orElse(0);
  }

  private static Reloaded reload(TestCluster cluster, TestGateway gateway) throws Exception {
    LauncherRun.Ended ended = run(cluster, gateway, "--json");
    assertEquals(0, ended.status(), ended.output());
    return ApiJson.mapper().readValue(ended.output(), Reloaded.class);
  }

  private static LauncherRun.Ended run(TestCluster cluster, TestGateway gateway, String... more)
      throws Exception {
    List<String> line = new ArrayList<>(List.of("reload"));
    line.addAll(List.of(more));
    line.addAll(
        List.of(
            "--api",
            "http://" + gateway.host() + ":8080",
            "--token-file",
            DemoAccess.in(cluster.directory()).tokenFile().toString()));
    return LauncherRun.run(line, cluster.logs().resolve("command.log"), BOUND);
  }

  private static LauncherRun.Ended runUnchecked(
      TestCluster cluster, TestGateway gateway, String... more) {
    try {
      return run(cluster, gateway, more);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
