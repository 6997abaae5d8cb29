package io.moongate.multinode;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Prober;
import io.moongate.multinode.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How long hosts wait, as a distribution: from a fault of the owner to the next acknowledged write
 * on the same unit, with the settings that the product has by default. The hosts that ask have
 * paths through the other gateways; what a host's own time-outs add is not in it. Rows are kept in
 * {@code target/multi-node/stall-table.md}.
 *
 * <p>{@code -Dmoongate.runs=N} sets the runs of each (3), {@code -Dmoongate.units=N} how many
 * "many" units are (100).
 */
@Tag("long")
class StallIT {
  private static final Duration AFTER = Duration.ofMillis(500);

  private static NetworkedCluster networked;

  /** What happens to the owner. */
  enum Blow {
    KILL("SIGKILL") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        owner.kill();
      }
    },
    STOP("SIGSTOP") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        owner.pause();
      }
    },
    CUT("silent cut of all links") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        networked.network().isolate(owner.name());
      }
    };

    private final String words;

    Blow(String words) {
      this.words = words;
    }

    abstract void strike(NetworkedCluster networked, TestGateway owner);
  }

  @BeforeAll
  static void start() {
    networked =
        NetworkedCluster.start("stall", 3, NetworkedCluster.PRODUCT_DEFAULTS, Optional.empty());
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  private static TestCluster cluster() {
    return networked.cluster();
  }

  @ParameterizedTest
  @CsvSource({"KILL, false", "STOP, false", "CUT, false", "KILL, true", "STOP, true", "CUT, true"})
  void untilTheNextWriteAfter(Blow blow, boolean many) {
    Stalls stalls = new Stalls(networked);
    stalls.untilTheNextWrite(
        blow.words,
        blow.name().toLowerCase(),
        many ? Stalls.MANY : 1,
        owner -> blow.strike(networked, owner),
        (owner, unit) -> {});
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void whileAUnitIsMoved(boolean underLoad) {
    networked.heal();
    Stalls stalls = new Stalls(networked);
    TestLun unit = stalls.units("moved-" + underLoad, 1).get(0);
    Random random = new Random(Workload.seed());
    List<Duration> samples = new ArrayList<>();
    History history = new History();
    List<Prober> probers = new ArrayList<>();
    for (int host = 0; host < (underLoad ? Stalls.PROBED : 1); host++) {
      probers.add(
          new Prober(
              "mover-%d-%b".formatted(host, underLoad),
              cluster().gateways(),
              unit,
              history,
              new Random(random.nextLong())));
    }
    try {
      for (int run = 1; run <= Stalls.RUNS; run++) {
        long before = System.nanoTime();
        probers.forEach(prober -> prober.awaitWriteAfter(before));
        TestGateway to = cluster().gateways().get(run % cluster().gateways().size());
        long asked = System.nanoTime();
        cluster().move(unit, to);
        long moved = System.nanoTime();
        Await.until("a moment", Duration.ofSeconds(5), () -> over(moved), () -> "");
        probers.forEach(prober -> prober.awaitWriteAfter(moved));
        List<Duration> longest =
            probers.stream()
                .map(prober -> prober.longestBetween(asked, moved + AFTER.toNanos()))
                .toList();
        System.out.printf("run %d, to %s: %s ms%n", run, to, Stalls.millis(longest));
        samples.addAll(longest);
      }
    } finally {
      probers.forEach(Prober::close);
    }
    Histories.requireLinearizable("moves", history);
    stalls.print("planned move, the longest write, %d hosts".formatted(probers.size()), 1, samples);
  }

  private static boolean over(long moment) {
    return System.nanoTime() - moment >= AFTER.toNanos();
  }
}
