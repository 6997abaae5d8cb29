package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.Signal;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import io.moongate.multinode.workload.Workload.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two gateways, and a member beside them that alone hosts the entities. */
@Tag("long")
class MetadataRoleIT {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final String OTHER = "iqn.2026-11.io.moongate:metadata-role-other";

  private static TestCluster cluster;

  @BeforeAll
  static void start() {
    Installation installation = Installation.find();
    cluster =
        TestCluster.startWithMetadata(
            installation, installation.output().resolve("metadata-role"), 2);
  }

  @AfterAll
  static void end() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static String log(TestGateway member) {
    try {
      return Files.readString(cluster.logs().resolve(member + ".log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void hostsGoOnWhateverEndsAndWhatHasToBeDecidedIsDecidedThere() {
    TestLun lun = cluster.createLun("metadata-role", 0, 16L << 20);
    TestGateway first = cluster.gateway("gw1");
    TestGateway second = cluster.gateway("gw2");
    cluster.move(lun, first);
    assertTrue(log(cluster.metadata()).contains("event=gateway-changed"));
    cluster.gateways().forEach(each -> assertFalse(log(each).contains("event=gateway-changed")));
    Signal.HUP.send(cluster.metadata().pid());
    Await.until(
        "it to say that nothing is reloaded",
        BOUND,
        () -> log(cluster.metadata()).contains("event=reload-refused"),
        () -> "its log does not");

    History history = new History();
    try (Workload workload =
        Workload.start(
            cluster.gateways(), lun, 4, Workload.seed(), history, Workload.BLOCKS, Errors.COUNT)) {
      workload.awaitProgress(100);

      cluster.metadata().kill();
      workload.awaitProgress(100);
      assertThrows(
          ApiException.class,
          () -> first.api().createTarget(OTHER),
          "there is nobody to decide it");
      workload.awaitProgress(100);
      cluster.heal();
      // Fine also where what was refused has been done since.
      cluster.done("another target", () -> first.api().createTarget(OTHER));
      cluster.move(lun, second);
      workload.awaitProgress(100);

      second.kill();
      workload.awaitProgress(100);
      awaitOwner(first, lun);
      cluster.heal();
      workload.awaitProgress(100);
      workload.stop();
      assertEquals(List.of(), workload.errors());
    }
    Histories.requireLinearizable("metadata-role", history);
  }

  /** It is on record, not only served. */
  private static void awaitOwner(TestGateway owner, TestLun lun) {
    Await.value(
        owner + " to own " + lun,
        BOUND,
        () -> {
          String now = TestCluster.ask(() -> owner.api().lun(lun.id())).owner();
          if (!now.equals(owner.name())) {
            throw new Unready("owned by " + now);
          }
          return now;
        });
  }
}
