package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.Gateway;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code moongate status} and {@code moongate doctor} beside a real cluster. */
@ClusterAlone
class CommandLineIT {
  private static final Duration BOUND = Duration.ofSeconds(90);

  @BeforeAll
  static void createLun(TestCluster cluster) {
    cluster.createLun("command-line", 3, 16L << 20);
  }

  private static LauncherRun.Ended run(TestCluster cluster, String log, List<String> arguments)
      throws Exception {
    List<String> known = new ArrayList<>(arguments);
    known.addAll(
        List.of("--token-file", DemoAccess.in(cluster.directory()).tokenFile().toString()));
    return LauncherRun.run(known, cluster.logs().resolve(log + ".log"), BOUND);
  }

  private static String apis(List<TestGateway> gateways) {
    return gateways.stream()
        .map(gateway -> "http://" + gateway.host() + ":8080")
        .collect(Collectors.joining(","));
  }

  @Test
  void theDoctorReadsBackWhatTheApiSays(TestCluster cluster) throws Exception {
    TestGateway gateway = cluster.gateways().get(0);
    LauncherRun.Ended ended =
        run(
            cluster,
            "doctor",
            List.of(
                "doctor",
                "--json",
                "--config",
                cluster.directory().resolve(gateway.name() + ".conf").toString()));
    JsonNode results = new ObjectMapper().readTree(ended.output());
    List<String> failed = new ArrayList<>();
    int readBack = 0;
    for (JsonNode result : results) {
      boolean ok = result.path("state").asText().equals("ok");
      if (result.path("check").asText().equals("read back")) {
        assertTrue(ok, result::toString);
        readBack++;
      } else if (result.path("state").asText().equals("fail")) {
        failed.add(result.path("check").asText());
      }
    }
    assertEquals(cluster.gateways().size(), readBack, ended.output());
    // The heap of a gateway under test is smaller than one should be.
    failed.removeIf(check -> check.equals("heap"));
    assertEquals(List.of(), failed, ended.output());
    assertTrue(ended.output().contains("held by a gateway, pid "), ended.output());
    assertTrue(ended.output().contains("a serial read takes"), ended.output());
  }

  @Test
  void statusNamesAGatewayThatIsKilledThoughThatOneIsAskedFirst(TestCluster cluster)
      throws Exception {
    TestGateway killed = cluster.gateways().get(1);
    List<TestGateway> order = new ArrayList<>(List.of(killed));
    order.addAll(cluster.servingWithout(killed));
    killed.kill();
    try {
      Await.value(
          "the failure of " + killed + " is known",
          BOUND,
          () -> {
            List<Gateway> rows = TestCluster.ask(order.get(1).api()::gateways);
            if (rows.stream()
                .noneMatch(
                    row -> row.name().equals(killed.name()) && row.state().equals("failed"))) {
              throw new Await.Unready(killed + " is not failed yet");
            }
            return rows;
          });
      LauncherRun.Ended ended =
          run(cluster, "status", List.of("status", "--all", "--api", apis(order)));
      assertEquals(1, ended.status(), ended.output());
      assertTrue(
          ended.output().contains("WRONG    gateway " + killed.name() + " is failed"),
          ended.output());
      assertTrue(ended.output().contains("asked in vain"), ended.output());
    } finally {
      cluster.heal();
    }
  }
}
