package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.management.api.Cluster;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import io.moongate.multinode.workload.Workload.Errors;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two of three gateways lose power at the same moment, for good: the third serves nothing, until
 * docs/operations.md ("A majority is gone for good") has been followed. Then it owns everything,
 * and others can be installed in place of those that are gone.
 */
@Tag("long")
class MajorityLossIT {
  private static final Duration BOUND = Duration.ofSeconds(120);

  /** Longer than whatever would let the third go on by itself. */
  private static final Duration ALONE = Duration.ofSeconds(30);

  private static final int NOT_READ = 404;
  private static final int NOT_YET = 503;

  @Test
  void theThirdServesOnTheOperatorsWordAndNotBefore() throws Exception {
    try (NetworkedCluster networked =
        NetworkedCluster.start("majority-loss", 3, "", Optional.empty())) {
      loseTwo(networked);
    }
  }

  private static void loseTwo(NetworkedCluster networked) throws IOException {
    TestCluster cluster = networked.cluster();
    TestLun lun = cluster.createLun("majority-loss", 0, 64L << 20, 512, networked.store());
    List<TestGateway> lost = List.of(cluster.gateway("gw1"), cluster.gateway("gw2"));
    TestGateway third = cluster.gateway("gw3");
    cluster.move(lun, lost.get(0));
    History history = new History();
    try (Workload workload =
        Workload.start(
            cluster.gateways(), lun, 4, Workload.seed(), history, Workload.BLOCKS, Errors.COUNT)) {
      workload.awaitProgress(200);
      lost.forEach(gateway -> networked.network().silence(gateway.name()));
      cluster.kill(lost);
      long silent = servesNothing(workload, third);

      Path file = cluster.directory().resolve(third.name() + ".conf");
      String before = Files.readString(file);
      Files.writeString(
          file, before + "%nmoongate.cluster.seed-nodes = [\"%s:8558\"]%n".formatted(third.host()));
      third.terminate();
      third.awaitExit(BOUND);
      third.start();
      long told = System.nanoTime();
      lost.forEach(gateway -> remove(third.api(), gateway));
      System.out.printf("its word was taken after %d ms%n", millisSince(told));
      long removed = System.nanoTime();
      workload.awaitWritesThrough(third, removed, 20);
      System.out.printf(
          "first write %d ms after that, %d ms after the loss%n",
          workload.firstWriteAfter(removed).orElseThrow().toMillis(), millisSince(silent));
      workload.awaitProgress(200);

      Files.writeString(file, before);
      networked.heal();
      for (TestGateway gateway : cluster.gateways()) {
        workload.awaitWritesThrough(gateway, System.nanoTime(), 20);
      }
      workload.stop();
      System.out.printf("errors that reached a client: %d%n", workload.errors().size());
    }
    Histories.requireLinearizable("majority-loss", history);
  }

  /** It says so, and for whom it waits. */
  private static long servesNothing(Workload workload, TestGateway third) {
    String waits =
        Await.value(
            third + " to have no lease",
            BOUND,
            () -> {
              Cluster.Lease lease = TestCluster.ask(third.api()::cluster).lease();
              if (lease.valid() || lease.waiting() == null) {
                throw new Unready(lease.toString());
              }
              return lease.waiting();
            });
    System.out.println(third + " waits: " + waits);
    long since = System.nanoTime();
    Await.pause(ALONE);
    assertEquals(Optional.empty(), workload.firstWriteAfter(since), "nobody may serve");
    return since;
  }

  /** As the guide says: again while it has not read the view, or can't be sure yet. */
  private static void remove(ApiClient api, TestGateway gone) {
    Await.value(
        gone + " to be removed",
        BOUND,
        () -> {
          HttpResponse<String> answer;
          try {
            answer = api.answer("DELETE", "/gateways/" + gone, null);
          } catch (ApiException e) {
            throw new Unready(e.getMessage());
          }
          if (answer.statusCode() == NOT_READ || answer.statusCode() == NOT_YET) {
            throw new Unready(answer.statusCode() + " " + answer.body());
          }
          assertEquals(204, answer.statusCode(), answer::body);
          return answer.statusCode();
        });
  }

  private static long millisSince(long moment) {
    return (System.nanoTime() - moment) / 1_000_000;
  }
}
