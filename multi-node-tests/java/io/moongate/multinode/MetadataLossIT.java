package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Cassandra loses the keyspace beneath gateways that run: hosts go on, changes are refused, and
 * after docs/backup.md was followed hosts find the same disk with all that was acknowledged
 * meanwhile.
 */
@Tag("long")
class MetadataLossIT {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final Duration WITHOUT = Duration.ofSeconds(30);
  private static final long SIZE = 64L << 20;

  private TestCluster cluster;

  @Test
  void hostsGoOnWithoutTheKeyspaceAndFindTheirDiskWhenAllIsRestored() throws Exception {
    Installation installation = Installation.find();
    try (TestCluster started =
        TestCluster.start(installation, installation.output().resolve("metadata-loss"), 3)) {
      cluster = started;
      TestLun lun = cluster.createLun("metadata-loss", 0, SIZE);
      Path exported = cluster.directory().resolve("exported.json");
      command("export", exported.toString());
      History history = new History();
      try (Workload workload = Workload.start(cluster, lun, 6, Workload.seed(), history)) {
        workload.awaitProgress(200);
        dropKeyspace();
        long began = System.nanoTime();
        goesOn(workload);
        refusesChanges(lun);
        Await.until(
            "the time without to have passed",
            WITHOUT.plusSeconds(5),
            () -> System.nanoTime() - began >= WITHOUT.toNanos(),
            () -> "");
        goesOn(workload);
        workload.stop();
        System.out.printf(
            "%.0f s without a keyspace: longest operation %d ms, sessions lost %d times%n",
            (System.nanoTime() - began) / 1e9, workload.longest().toMillis(), workload.losses());
      }

      long stopped = System.nanoTime();
      cluster.restartWithTables();
      TestGateway first = cluster.gateways().get(0);
      assertEquals(List.of(), cluster.done("LUNs", () -> first.api().luns()));
      command("import", "configuration", exported.toString());
      TestLun restored = restored(lun);
      System.out.printf(
          "restored %.1f s after the gateways were told to stop%n",
          (System.nanoTime() - stopped) / 1e9);
      try (Workload workload = Workload.start(cluster, restored, 6, Workload.seed(), history)) {
        for (TestGateway gateway : cluster.gateways()) {
          workload.awaitWritesThrough(gateway, System.nanoTime(), 20);
        }
        workload.awaitProgress(500);
        workload.stop();
      }
      Histories.requireLinearizable("metadata-loss", history);
    }
  }

  private void dropKeyspace() {
    SchemaConnection connection = SchemaConnection.of(cluster.directory().resolve("gw1.conf"));
    try (CqlSession session = connection.open(Duration.ZERO)) {
      session.execute(
          SimpleStatement.newInstance("DROP KEYSPACE " + connection.keyspace()).setTimeout(BOUND));
    }
  }

  private void goesOn(Workload workload) {
    for (TestGateway gateway : cluster.gateways()) {
      workload.awaitWritesThrough(gateway, System.nanoTime(), 20);
    }
  }

  private void refusesChanges(TestLun lun) {
    for (TestGateway gateway : cluster.gateways()) {
      ApiException refused =
          assertThrows(
              ApiException.class,
              () -> gateway.api().createTarget(lun.target() + "-" + gateway.name()));
      assertEquals(503, refused.status(), refused::getMessage);
      assertFalse(refused.problem().orElseThrow().detail().isBlank());
      System.out.println(gateway + " refuses a change: " + refused.getMessage());
    }
  }

  private TestLun restored(TestLun lun) {
    TestGateway first = cluster.gateways().get(0);
    LogicalUnit unit =
        cluster.done("LUNs", () -> first.api().luns()).stream()
            .filter(each -> lun.target().equals(each.target()) && each.lun() == lun.number())
            .findFirst()
            .orElseThrow();
    assertEquals(lun.id(), unit.volume());
    TestLun now = new TestLun(unit.target(), unit.lun(), unit.id(), unit.size());
    new PathAgreement(cluster, now).await();
    return now;
  }

  private void command(String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--token-file", DemoAccess.in(cluster.directory()).tokenFile().toString()));
    LauncherRun.succeed(line, cluster.logs().resolve("command.log"), BOUND);
  }
}
