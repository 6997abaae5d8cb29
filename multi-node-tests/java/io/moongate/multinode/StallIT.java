package io.moongate.multinode;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.Network;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Prober;
import io.moongate.multinode.workload.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private static final int RUNS = Integer.getInteger("moongate.runs", 3);
  private static final int MANY = Integer.getInteger("moongate.units", 100);

  /** So many of the units are asked. */
  private static final int PROBED = 6;

  private static final long SIZE = 16L << 20;
  private static final Duration AFTER = Duration.ofMillis(500);
  private static final String HEADER =
      "| fault | units | runs | samples | least | median | 90 % | most (ms) |";

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
        Network network = networked.network();
        for (String node : network.nodes()) {
          if (!node.equals(owner.name())) {
            network.cut(node, owner.name());
            network.cut(owner.name(), node);
          }
        }
        network.cut(Network.HOSTS, owner.name());
        network.cut(owner.name(), Network.HOSTS);
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
    networked.heal();
    List<TestLun> units = units(blow.name().toLowerCase(), many ? MANY : 1);
    Random random = new Random(Workload.seed());
    List<Duration> samples = new ArrayList<>();
    Map<TestLun, History> histories = new LinkedHashMap<>();
    for (int run = 1; run <= RUNS; run++) {
      TestGateway victim = cluster().gateways().get((run - 1) % cluster().gateways().size());
      gather(units, victim);
      List<Prober> probers = probe(units, histories, victim, random);
      try {
        long before = System.nanoTime();
        probers.forEach(prober -> prober.awaitWriteAfter(before));
        long struck = System.nanoTime();
        blow.strike(networked, victim);
        // A signal and a cut take a moment to be there; what is sent in it still finds the owner.
        long landed = System.nanoTime();
        Duration striking = Duration.ofNanos(landed - struck);
        List<Duration> stalls =
            probers.stream().map(prober -> prober.awaitWriteAfter(landed).plus(striking)).toList();
        System.out.printf("run %d, %s: %s ms%n", run, victim, millis(stalls));
        samples.addAll(stalls);
      } finally {
        probers.forEach(Prober::close);
        networked.heal();
      }
    }
    print(blow.words, units.size(), samples);
    histories.values().forEach(history -> Histories.requireLinearizable("stall", history));
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void whileAUnitIsMoved(boolean underLoad) {
    networked.heal();
    List<TestLun> units = units("moved-" + underLoad, 1);
    TestLun unit = units.get(0);
    Random random = new Random(Workload.seed());
    List<Duration> samples = new ArrayList<>();
    History history = new History();
    List<Prober> probers = new ArrayList<>();
    for (int host = 0; host < (underLoad ? PROBED : 1); host++) {
      probers.add(
          new Prober(
              "mover-%d-%b".formatted(host, underLoad),
              cluster().gateways(),
              unit,
              history,
              new Random(random.nextLong())));
    }
    try {
      for (int run = 1; run <= RUNS; run++) {
        long before = System.nanoTime();
        probers.forEach(prober -> prober.awaitWriteAfter(before));
        TestGateway to = cluster().gateways().get(run % cluster().gateways().size());
        long asked = System.nanoTime();
        cluster().move(unit, to);
        long moved = System.nanoTime();
        Await.until("a moment", Duration.ofSeconds(5), () -> over(moved), () -> "");
        probers.forEach(prober -> prober.awaitWriteAfter(moved));
        probers.forEach(
            prober -> samples.add(prober.longestBetween(asked, moved + AFTER.toNanos())));
      }
    } finally {
      probers.forEach(Prober::close);
    }
    Histories.requireLinearizable("moves", history);
    print("planned move, the longest write, %d hosts".formatted(probers.size()), 1, samples);
  }

  private static boolean over(long moment) {
    return System.nanoTime() - moment >= AFTER.toNanos();
  }

  private static List<TestLun> units(String name, int count) {
    String target = cluster().createTarget("stall-" + name + "-" + count);
    List<TestLun> units = new ArrayList<>();
    for (int number = 0; number < count; number++) {
      units.add(cluster().requestLun(target, number, SIZE, 512, "file"));
    }
    return units;
  }

  /** Makes a gateway the owner of all. */
  private static void gather(List<TestLun> units, TestGateway owner) {
    for (TestLun unit : units) {
      Await.value(
          "%s to be of %s".formatted(unit, owner),
          TestCluster.START_BOUND,
          () -> {
            try {
              return owner.api().moveLun(unit.id(), owner.name());
            } catch (ApiException e) {
              // Also one that was just made, and is on its way to its first owner.
              throw new Await.Unready(e.getMessage());
            }
          });
    }
    for (TestLun unit : List.of(units.get(0), units.get(units.size() - 1))) {
      new PathAgreement(cluster(), unit).await();
    }
  }

  private static List<Prober> probe(
      List<TestLun> units, Map<TestLun, History> histories, TestGateway victim, Random random) {
    List<Prober> probers = new ArrayList<>();
    int probed = Math.min(PROBED, units.size());
    for (int at = 0; at < probed; at++) {
      TestLun unit = units.get(at * units.size() / probed);
      probers.add(
          new Prober(
              "prober-" + at,
              cluster().servingWithout(victim),
              unit,
              histories.computeIfAbsent(unit, fresh -> new History()),
              new Random(random.nextLong())));
    }
    return probers;
  }

  private static List<Long> millis(List<Duration> durations) {
    return durations.stream().map(Duration::toMillis).sorted().toList();
  }

  private static void print(String fault, int units, List<Duration> samples) {
    List<Long> sorted = millis(samples);
    String row =
        "| %s | %d | %d | %d | %d | %d | %d | %d |"
            .formatted(
                fault,
                units,
                RUNS,
                sorted.size(),
                sorted.get(0),
                sorted.get(sorted.size() / 2),
                sorted.get(Math.min(sorted.size() - 1, sorted.size() * 9 / 10)),
                sorted.get(sorted.size() - 1));
    System.out.println(HEADER);
    System.out.println(row);
    Path table = Installation.find().output().resolve("stall-table.md");
    try {
      Files.createDirectories(table.getParent());
      Files.writeString(table, row + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
