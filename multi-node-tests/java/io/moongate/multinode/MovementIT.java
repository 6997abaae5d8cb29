package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.ApiClient.ApiException;
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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What moves because of an order of preference, because a gateway leaves, and what is taken back,
 * under load. No host sees an error.
 */
@Tag("long")
class MovementIT {
  private static final Duration BOUND = Duration.ofSeconds(150);
  private static final Duration STABLE = Duration.ofSeconds(4);
  private static final int FAILURES = 3;
  private static final int UNITS = 9;
  private static final int MOVES = 30;

  /** Less than what anybody takes for a failure. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  private static final Duration LOOK = Duration.ofMillis(5);
  private static final int NO_CONTENT = 204;

  /** From there on a change may have been made or not. */
  private static final int UNKNOWN = 500;

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked =
        NetworkedCluster.start(
            "movement",
            3,
            "moongate.ownership.failback { automatic = on, stable-for = %d s }\n"
                .formatted(STABLE.toSeconds()),
            Optional.empty());
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  private final TestCluster cluster = networked.cluster();
  private final TestGateway first = cluster.gateways().get(0);
  private final TestGateway second = cluster.gateways().get(1);
  private final TestGateway third = cluster.gateways().get(2);

  @BeforeEach
  void heal() {
    networked.heal();
  }

  /** And each failure of that gateway doubles what is waited for. */
  @Test
  void aUnitGoesBackToWhoItPrefersOnceThatHasBeenUpForLongEnough() {
    TestLun lun = cluster.createLun("failback", 0, 16L << 20);
    cluster.done("the preference", () -> first.api().prefer(lun.id(), List.of(third.name())));
    awaitOwner(lun, third);
    History history = new History();
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      for (int failures = 1; failures <= FAILURES; failures++) {
        workload.awaitProgress(100);
        third.kill();
        Await.until(
            "another owner",
            BOUND,
            () -> !third.name().equals(cluster.describe(lun).owner()),
            () -> "" + cluster.describe(lun));
        cluster.heal();
        LogicalUnit back = awaitOwner(lun, third);
        Duration up = Duration.between(described(third).since(), back.since());
        System.out.printf("failure %d: back after %d ms, %s%n", failures, up.toMillis(), back);
        Duration least = STABLE.multipliedBy(1L << (failures - 1));
        assertTrue(up.compareTo(least) >= 0, () -> up + " is less than " + least);
        assertTrue(back.cause().startsWith("failback"), back::cause);
      }
      workload.awaitProgress(100);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
    }
    Histories.requireLinearizable("failback", history);
    cluster.delete(lun.target());
  }

  @Test
  void whoLeavesLeavesItsPartToAllOthers() {
    String target = cluster.createTarget("leaves");
    List<TestLun> luns = new ArrayList<>();
    for (int number = 0; number < UNITS; number++) {
      luns.add(cluster.requestLun(target, number, 16L << 20, 512, "file"));
    }
    luns.forEach(lun -> new PathAgreement(cluster, lun).await());
    luns.forEach(lun -> cluster.move(lun, second));
    History history = new History();
    try (Workload workload = Workload.start(cluster, luns.get(0), 4, Workload.seed(), history)) {
      workload.awaitProgress(100);
      cluster.done("the drain", () -> first.api().drain(second.name()));
      Await.until(
          second + " to be drained",
          BOUND,
          () -> described(second).service().equals("drained"),
          second::logTail);
      // The entries of units and of the gateway are told by different entities.
      awaitParts(luns);
      assertEquals(0, workload.losses(), "a drain must not cost a session");
      second.terminate();
      second.awaitExit(BOUND);
      workload.awaitProgress(100);
      workload.stop();
      System.out.printf("longest operation %d ms%n", workload.longest().toMillis());
    }
    awaitParts(luns);
    Histories.requireLinearizable("leaves", history);
    cluster.heal();
    cluster.done("the drain to end", () -> first.api().undrain(second.name()));
    cluster.delete(target);
  }

  /**
   * Taken back at any moment of the move, and through another gateway: the unit is served, and its
   * owner is the same to all; whoever was told that it was moved is right, and where nobody took it
   * back it is where it was to be. (Taken back as the owner hands it over it moves all the same:
   * decision 18.) In every second run the owner is paused for a moment, so that it has not released
   * yet.
   */
  @Test
  void aMoveCanBeTakenBackUntilTheOwnerHasReleased() {
    TestLun lun = cluster.createLun("taken-back", 0, 16L << 20);
    History history = new History();
    int takenBack = 0;
    int tooLate = 0;
    try (Workload workload = Workload.start(cluster, lun, 4, Workload.seed(), history)) {
      for (int move = 0; move < MOVES; move++) {
        workload.awaitProgress(20);
        TestGateway owner = cluster.owner(lun);
        TestGateway to = cluster.servingWithout(owner).get(move % 2);
        TestGateway asked = cluster.servingWithout(owner).get(1 - move % 2);
        boolean pause = move % 2 == 0;
        if (pause) {
          owner.pause();
        }
        CompletableFuture<Boolean> moved = CompletableFuture.supplyAsync(() -> isMoved(lun, to));
        CompletableFuture<Boolean> back =
            CompletableFuture.supplyAsync(() -> isTakenBack(asked.api(), lun, moved));
        if (pause) {
          Await.pause(PAUSE);
          owner.resume();
        }
        boolean done = moved.join();
        boolean accepted = back.join();
        PathAgreement.Agreed agreed = new PathAgreement(cluster, lun).await();
        boolean stayed = agreed.owner().equals(owner.name());
        assertTrue(!stayed || !done, "the mover was told that it is done");
        assertTrue(accepted || agreed.owner().equals(to.name()), "nobody took it back: " + agreed);
        takenBack += stayed ? 1 : 0;
        tooLate += accepted && !stayed ? 1 : 0;
      }
      workload.stop();
      System.out.printf(
          "%d of %d taken back, %d too late; longest operation %d ms%n",
          takenBack, MOVES, tooLate, workload.longest().toMillis());
      assertEquals(0, workload.losses(), "a move must not cost a session");
    }
    assertTrue(takenBack > 0, "no move was met under way");
    Await.until(
        "nothing to be under way",
        BOUND,
        () -> cluster.done("operations", first.api()::operations).isEmpty(),
        () -> "" + cluster.done("operations", first.api()::operations));
    Histories.requireLinearizable("taken-back", history);
    cluster.delete(lun.target());
  }

  /** Whether whoever asked for the move was told that it is done. */
  private static boolean isMoved(TestLun lun, TestGateway to) {
    try {
      return to.api().moveLun(lun.id(), to.name()).owner().equals(to.name());
    } catch (ApiException e) {
      System.out.println("  not moved: " + e.getMessage());
      return false;
    }
  }

  /**
   * Takes the move back as soon as a gateway knows of it, unless it is over by then.
   *
   * @return whether it may have been taken back
   */
  private static boolean isTakenBack(
      ApiClient api, TestLun lun, CompletableFuture<Boolean> underWay) {
    boolean asked = false;
    while (!underWay.isDone()) {
      try {
        for (Operation operation : api.operations()) {
          if (lun.id().equals(operation.unit()) && operation.cancellable()) {
            asked = true;
            int status = api.answer("DELETE", "/operations/" + operation.id(), null).statusCode();
            return status == NO_CONTENT || status >= UNKNOWN;
          }
        }
      } catch (ApiException e) {
        if (!e.transientFailure()) {
          throw new AssertionError(e.getMessage(), e);
        }
      }
      Await.pause(LOOK);
    }
    return asked;
  }

  private LogicalUnit awaitOwner(TestLun lun, TestGateway owner) {
    Await.until(
        "%s to be served by %s".formatted(lun, owner),
        BOUND,
        () -> {
          LogicalUnit unit = cluster.describe(lun);
          return owner.name().equals(unit.owner()) && unit.phase().equals("serving");
        },
        () -> "" + cluster.describe(lun));
    return cluster.describe(lun);
  }

  private Gateway described(TestGateway gateway) {
    return cluster.done("gateways", first.api()::gateways).stream()
        .filter(row -> row.name().equals(gateway.name()))
        .findFirst()
        .orElseThrow();
  }

  private int owned(List<TestLun> luns, TestGateway gateway) {
    return (int)
        luns.stream().filter(lun -> gateway.name().equals(cluster.describe(lun).owner())).count();
  }

  /** All have owners, and each of two has half of them. */
  private void awaitParts(List<TestLun> luns) {
    Await.until(
        "two to have half of the units each",
        BOUND,
        () -> {
          int one = owned(luns, first);
          int other = owned(luns, third);
          return one + other == UNITS && Math.abs(one - other) <= 1;
        },
        () -> "%d and %d".formatted(owned(luns, first), owned(luns, third)));
  }
}
