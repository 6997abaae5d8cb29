package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.management.api.Operation;
import io.moongate.management.api.Problem;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.TestCassandra;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Without Cassandra, I/O goes on and changes are refused; with it again, changes are made again.
 */
@ClusterAlone
class OutageIT {
  private static final Duration OUTAGE = Duration.ofSeconds(15);
  private static final Duration LONG_OUTAGE = Duration.ofSeconds(60);
  private static final Duration RECOVERY = Duration.ofSeconds(60);

  @Test
  void cassandraStops(TestCluster cluster) {
    TestCassandra cassandra = cluster.cassandra();
    outage(cluster, "outage-stop", cassandra::pause, cassandra::resume);
  }

  @Test
  @Tag("long")
  void cassandraIsKilled(TestCluster cluster) {
    TestCassandra cassandra = cluster.cassandra();
    outage(
        cluster,
        "outage-kill",
        cassandra::kill,
        () -> {
          cassandra.start();
          cassandra.awaitAnswer(TestCluster.START_BOUND);
        });
  }

  @Test
  void anOwnerThatIsKilledMeanwhileIsSucceededAfterIt(TestCluster cluster) {
    lostMeanwhile(cluster, "outage-killed", TestGateway::kill, "process-gone", OUTAGE);
  }

  @Test
  @Tag("long")
  void anOwnerThatIsKilledInALongOneIsSucceededAfterIt(TestCluster cluster) {
    lostMeanwhile(cluster, "outage-killed-long", TestGateway::kill, "process-gone", LONG_OUTAGE);
  }

  @Test
  @Tag("long")
  void anOwnerThatFallsSilentMeanwhileIsSucceededAfterIt(TestCluster cluster) {
    lostMeanwhile(
        cluster,
        "outage-silent",
        TestGateway::pause,
        "no charter without it is in force: charter",
        LONG_OUTAGE);
  }

  /**
   * One unit loses its owner while Cassandra is away: it waits, every gateway says so and why, and
   * it is served when Cassandra is back. Another one is served all the time.
   */
  private static void lostMeanwhile(
      TestCluster cluster, String name, Consumer<TestGateway> loss, String why, Duration outage) {
    TestLun lost = cluster.createLun(name, 0, 16L << 20);
    TestLun kept = cluster.createLun(name, 1, 16L << 20);
    TestGateway owner = cluster.gateways().get(0);
    cluster.move(lost, owner);
    cluster.move(kept, cluster.gateways().get(1));
    History ofLost = new History();
    History ofKept = new History();
    try (Workload before = Workload.start(cluster, lost, 4, Workload.seed(), ofLost)) {
      before.awaitProgress(200);
      before.stop();
    }
    long ended;
    try (Workload workload = Workload.start(cluster, kept, 4, Workload.seed(), ofKept)) {
      workload.awaitProgress(200);
      cluster.cassandra().pause();
      long began = System.nanoTime();
      loss.accept(owner);
      List<TestGateway> others = cluster.servingWithout(owner);
      Set<String> causes = new TreeSet<>();
      for (TestGateway other : others) {
        causes.add(awaitWaits(other, lost, owner, why).cause());
      }
      System.out.println("meanwhile: " + causes);
      Await.until(
          "the outage to have lasted",
          outage.plusSeconds(5),
          () -> System.nanoTime() - began >= outage.toNanos(),
          () -> "");
      for (TestGateway other : others) {
        workload.awaitWritesThrough(other, System.nanoTime(), 20);
        causes.add(awaitWaits(other, lost, owner, why).cause());
      }
      System.out.println("at its end: " + causes);
      cluster.cassandra().resume();
      ended = System.nanoTime();
      workload.stop();
    }
    try (Workload after =
        Workload.start(
            cluster.servingWithout(owner),
            lost,
            4,
            Workload.seed(),
            ofLost,
            Workload.BLOCKS,
            Workload.Errors.FAIL)) {
      after.awaitProgress(200);
      System.out.printf(
          "%s was served within %d ms after the outage%n",
          lost, after.firstWriteAfter(ended).orElseThrow().toMillis());
      after.stop();
    }
    for (TestGateway other : cluster.servingWithout(owner)) {
      Await.value(
          "nothing to wait at " + other,
          RECOVERY,
          () -> {
            Optional<Operation> waits = waits(other, lost);
            if (waits.isPresent()) {
              throw new Await.Unready(waits.toString());
            }
            return Boolean.TRUE;
          });
    }
    assertFalse(cluster.describe(lost).evidence().isEmpty());
    Histories.requireLinearizable(name, ofLost);
    Histories.requireLinearizable(name, ofKept);
  }

  private static Operation awaitWaits(
      TestGateway asked, TestLun lun, TestGateway owner, String why) {
    return Await.value(
        "%s to say why %s waits".formatted(asked, lun),
        RECOVERY,
        () -> {
          Operation waits =
              waits(asked, lun).orElseThrow(() -> new Await.Unready("it does not wait"));
          if (!owner.name().equals(waits.from()) || !waits.cause().contains(why)) {
            throw new Await.Unready(waits.toString());
          }
          return waits;
        });
  }

  private static Optional<Operation> waits(TestGateway asked, TestLun lun) throws Await.Unready {
    return TestCluster.ask(asked.api()::operations).stream()
        .filter(operation -> operation.kind().equals("wait") && lun.id().equals(operation.unit()))
        .findFirst();
  }

  private static void outage(TestCluster cluster, String name, Runnable begin, Runnable end) {
    TestLun lun = cluster.createLun(name, 0, 64L << 20);
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 6, Workload.seed(), history)) {
      workload.awaitProgress(200);
      begin.run();
      long began = System.nanoTime();

      TestGateway asked = cluster.gateways().get(0);
      String target = lun.target() + "-meanwhile";
      ApiException refused =
          assertThrows(ApiException.class, () -> asked.api().createTarget(target));
      System.out.printf(
          "a change was refused after %.1f s: %s%n", seconds(began), refused.getMessage());
      requireClear(refused);
      Await.until(
          "the outage to have lasted", OUTAGE.plusSeconds(5), () -> lasted(began), () -> "");
      for (TestGateway gateway : cluster.gateways()) {
        // What is sent only now: that it went well before proves nothing.
        workload.awaitWritesThrough(gateway, System.nanoTime(), 20);
      }

      end.run();
      long ended = System.nanoTime();
      cluster.done("changes to be made again", RECOVERY, () -> asked.api().createTarget(target));
      System.out.printf("a change was made %.1f s after the outage%n", seconds(ended));
      cluster.createLun(name, 1, 16L << 20);
      workload.awaitProgress(200);
      workload.stop();
      System.out.printf(
          "longest operation %d ms, sessions lost %d times%n",
          workload.longest().toMillis(), workload.losses());
    }
    Histories.requireLinearizable(name, history);
  }

  private static boolean lasted(long began) {
    return System.nanoTime() - began >= OUTAGE.toNanos();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static void requireClear(ApiException refused) {
    assertEquals(503, refused.status(), refused::getMessage);
    Problem problem =
        refused
            .problem()
            .orElseThrow(
                () -> new AssertionError("no problem document but " + refused.contentType()));
    assertEquals(503, problem.status());
    assertFalse(problem.title().isBlank());
    assertFalse(problem.detail().isBlank());
    assertEquals("/api/v1/targets", problem.instance());
  }
}
