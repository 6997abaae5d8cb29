package io.moongate.multinode;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.AtOnce;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Probers;
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
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures how long hosts wait after a fault of the owner of units, so many times, and keeps it as
 * a row of {@code target/multi-node/stall-table.md}.
 */
record Stalls(NetworkedCluster networked) {
  /** Of each fault; the gateways take turns to be the owner. */
  static final int RUNS = Integer.getInteger("moongate.runs", 3);

  private static final String FAULTS = System.getProperty("moongate.faults", ".*");

  /** Kind of the store of the units. */
  static final String STORE = System.getProperty("moongate.store", "file");

  /** So many units are "many". */
  static final int MANY = Integer.getInteger("moongate.units", 100);

  /** So many of the units are asked. */
  static final int PROBED = 6;

  /** For so long after a move hosts are watched still. */
  private static final Duration AFTER = Duration.ofMillis(500);

  private static final long SIZE = 16L << 20;
  private static final String HEADER =
      "| fault | units | runs | samples | least | median | 90 % | most (ms) |";

  /** Whether a fault is to happen. */
  static boolean isWanted(String fault) {
    return fault.matches(FAULTS);
  }

  private TestCluster cluster() {
    return networked.cluster();
  }

  /**
   * From a fault of the owner to the next acknowledged write on the same unit, by hosts that have
   * paths through the other gateways. Fails on a violation, and on an error that reached a host.
   *
   * @param fault for people
   * @param name of the target
   * @param count of units
   * @param blow begins the fault of an owner
   * @param after is done while the fault of an owner lasts and hosts get on, with the first unit
   */
  void untilTheNextWrite(
      String fault,
      String name,
      int count,
      Consumer<TestGateway> blow,
      BiConsumer<TestGateway, TestLun> after) {
    networked.heal();
    List<TestLun> units = units(name, count);
    Random random = new Random(Workload.seed());
    List<Duration> samples = new ArrayList<>();
    Map<TestLun, History> histories = new LinkedHashMap<>();
    for (int run = 1; run <= RUNS; run++) {
      TestGateway victim = victim(run);
      gather(units, victim);
      try (Probers probers = new Probers(random)) {
        probe(probers, units, histories, cluster().servingWithout(victim));
        probers.awaitWritesAfter(System.nanoTime());
        long struck = System.nanoTime();
        blow.accept(victim);
        // A signal and a cut take a moment to be there; what is sent in it still finds the owner.
        long landed = System.nanoTime();
        Duration striking = Duration.ofNanos(landed - struck);
        List<Duration> stalls =
            probers.awaitWritesAfter(landed).stream().map(stall -> stall.plus(striking)).toList();
        System.out.printf("run %d, %s: %s ms%n", run, victim, millis(stalls));
        samples.addAll(stalls);
        after.accept(victim, units.get(0));
      } finally {
        networked.heal();
      }
    }
    print(fault, units.size(), samples);
    histories.values().forEach(history -> Histories.requireLinearizable("stall", history));
    forget(units);
  }

  /**
   * The longest operation while a unit is moved, again and again, by as many hosts with paths
   * through all gateways. Fails on a violation, and on an error that reached a host.
   *
   * @param count of units that one gateway has when the first of them is moved
   */
  void whileMoved(String name, int hosts, int count) {
    networked.heal();
    List<TestLun> units = units(name + "-by-" + hosts, count);
    TestLun unit = units.get(0);
    Random random = new Random(Workload.seed());
    History history = new History();
    List<Duration> samples = new ArrayList<>();
    gather(units, victim(1));
    try (Probers probers = new Probers(random)) {
      for (int host = 0; host < hosts; host++) {
        probers.begin(cluster().gateways(), unit, history);
      }
      for (int run = 1; run <= RUNS; run++) {
        TestGateway to = victim(run + 1);
        List<Duration> longest = probers.longestWhile(() -> cluster().move(unit, to), AFTER);
        System.out.printf("run %d, to %s: %s ms%n", run, to, millis(longest));
        samples.addAll(longest);
      }
    }
    Histories.requireLinearizable("moves", history);
    print("planned move, the longest operation, %d hosts".formatted(hosts), count, samples);
    forget(units);
  }

  /**
   * The longest operation while the owner of all units is drained, by a host of each unit that is
   * asked, with paths through all gateways. Fails on a violation, and on an error that reached a
   * host.
   */
  void whileDrained(String name, int count) {
    networked.heal();
    List<TestLun> units = List.of();
    Random random = new Random(Workload.seed());
    Map<TestLun, History> histories = new LinkedHashMap<>();
    List<Duration> samples = new ArrayList<>();
    for (int run = 1; run <= RUNS; run++) {
      TestGateway drained = victim(run);
      if (drained == victim(1)) {
        // A unit that a gateway gives away again and again is kept back ever longer.
        forget(units);
        units = units(name + "-" + run, count);
      }
      ApiClient api = cluster().servingWithout(drained).get(0).api();
      gather(units, drained);
      try (Probers probers = new Probers(random)) {
        probe(probers, units, histories, cluster().gateways());
        List<Duration> longest = probers.longestWhile(() -> drain(drained, api), AFTER);
        System.out.printf("run %d, %s: %s ms%n", run, drained, millis(longest));
        samples.addAll(longest);
      } finally {
        cluster().done("the drain to end", () -> api.undrain(drained.name()));
      }
    }
    print("drain, the longest operation", units.size(), samples);
    histories.values().forEach(history -> Histories.requireLinearizable("drain", history));
    forget(units);
  }

  private void drain(TestGateway drained, ApiClient api) {
    cluster().done("the drain to begin", () -> api.drain(drained.name()));
    Await.value(
        drained + " to be drained",
        TestCluster.START_BOUND,
        () -> {
          try {
            return api.gateways().stream()
                .filter(row -> row.name().equals(drained.name()))
                .filter(row -> row.service().equals("drained"))
                .findFirst()
                .orElseThrow(() -> new Await.Unready("not yet"));
          } catch (ApiException e) {
            throw new Await.Unready(e.getMessage());
          }
        });
  }

  private TestGateway victim(int run) {
    return cluster().gateways().get((run - 1) % cluster().gateways().size());
  }

  /** Makes units of a target of their own. */
  List<TestLun> units(String name, int count) {
    String target = cluster().createTarget("stall-" + name + "-" + count);
    return AtOnce.each(
        IntStream.range(0, count).boxed().toList(),
        number -> cluster().requestLun(target, number, SIZE, 512, STORE));
  }

  /** So that the next owner that fails has no more units than is said of it. */
  private void forget(List<TestLun> units) {
    if (!units.isEmpty()) {
      cluster().delete(units.get(0).target());
    }
  }

  /** Makes a gateway the owner of all. */
  private void gather(List<TestLun> units, TestGateway owner) {
    long began = System.nanoTime();
    AtOnce.each(units, unit -> move(unit, owner, TestCluster.START_BOUND));
    for (TestLun unit : List.of(units.get(0), units.get(units.size() - 1))) {
      new PathAgreement(cluster(), unit).await();
    }
    System.out.printf(
        "  %d gathered at %s in %d ms%n",
        units.size(), owner, (System.nanoTime() - began) / 1_000_000);
  }

  /** Asks a gateway to be the owner, until it is. */
  static LogicalUnit move(TestLun unit, TestGateway to, Duration bound) {
    return Await.value(
        "%s to be of %s".formatted(unit, to),
        bound,
        () -> {
          try {
            return to.api().moveLun(unit.id(), to.name());
          } catch (ApiException e) {
            // Also one that was just made, and is on its way to its first owner.
            throw new Await.Unready(e.getMessage());
          }
        });
  }

  private static void probe(
      Probers probers,
      List<TestLun> units,
      Map<TestLun, History> histories,
      List<TestGateway> paths) {
    int probed = Math.min(PROBED, units.size());
    for (int at = 0; at < probed; at++) {
      TestLun unit = units.get(at * units.size() / probed);
      probers.begin(paths, unit, histories.computeIfAbsent(unit, fresh -> new History()));
    }
  }

  static List<Long> millis(List<Duration> durations) {
    return durations.stream().map(Duration::toMillis).sorted().toList();
  }

  /** Prints the distribution and keeps it. */
  void print(String fault, int units, List<Duration> samples) {
    List<Long> sorted = millis(samples);
    String row =
        "| %s | %d | %d | %d | %d | %d | %d | %d |"
            .formatted(
                STORE.equals("file") ? fault : fault + ", " + STORE,
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
