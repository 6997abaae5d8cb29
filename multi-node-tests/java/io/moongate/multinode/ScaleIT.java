package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.AtOnce;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.Measured;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.Scrape;
import io.moongate.multinode.harness.Site;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How memory, a change of the view, and a start grow with the number of LUNs and sessions. Prints
 * tables, and asserts that everything is served; no figure is asserted.
 *
 * <p>{@code -Dmoongate.luns=A,B,C} sets the numbers of LUNs at which is measured (100,1000,10000),
 * {@code -Dmoongate.sessions=A,B} those of sessions (16,256), {@code -Dmoongate.heap=SIZE} the heap
 * of a gateway (2g).
 */
@Tag("long")
class ScaleIT {
  private static final Duration BOUND = Duration.ofMinutes(30);
  private static final Duration CHANGE = Duration.ofSeconds(60);
  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final String HEAP = System.getProperty("moongate.heap", "2g");
  private static final List<Integer> LUNS = numbers("moongate.luns", "100,1000,10000");
  private static final List<Integer> SESSIONS = numbers("moongate.sessions", "16,256");

  private static final long SIZE = 1L << 20;
  private static final int PER_TARGET = 1000;
  private static final int CHANGES = 20;
  private static final int ARTERY = 2551;

  private static List<Integer> numbers(String property, String otherwise) {
    return Stream.of(System.getProperty(property, otherwise).split(",", -1))
        .map(Integer::valueOf)
        .sorted()
        .toList();
  }

  private static TestCluster start(String name, int gateways) {
    Installation installation = Installation.find();
    return TestCluster.start(
        installation, installation.output().resolve(name), Site.roomy(gateways, HEAP));
  }

  @Test
  void memoryOfLunsAndSessionsOfOneGateway() throws IOException {
    int most = Math.min(1000, LUNS.get(LUNS.size() - 1));
    try (TestCluster cluster = start("scale-memory", 1)) {
      TestGateway gateway = cluster.gateways().get(0);
      List<TestLun> luns = new ArrayList<>();
      row("LUNs", "sessions", "live KiB", "KiB each");
      row("---", "---", "---", "---");
      long empty = Measured.liveBytes(gateway);
      row(0, 0, empty >> 10, "");
      for (int count : LUNS.stream().filter(count -> count <= most).toList()) {
        create(cluster, luns, count);
        long live = Measured.liveBytes(gateway);
        row(count, 0, live >> 10, tenths((live - empty) / 1024.0 / count));
      }
      sessions(gateway, luns);
    }
  }

  private static void sessions(TestGateway gateway, List<TestLun> luns) throws IOException {
    long before = Measured.liveBytes(gateway);
    List<Nexus> nexuses = new ArrayList<>();
    try {
      for (int count : SESSIONS) {
        while (nexuses.size() < count) {
          Nexus nexus = Nexus.open(gateway, luns.get(nexuses.size() % luns.size()));
          nexuses.add(nexus);
          nexus.settle();
        }
        long live = Measured.liveBytes(gateway);
        row(luns.size(), count, live >> 10, tenths((live - before) / 1024.0 / count));
      }
      for (Nexus nexus : nexuses) {
        // Each is still served.
        assertEquals(Nexus.GOOD_ENDING, nexus.atLast(new byte[16], new byte[0], 0));
      }
    } finally {
      for (Nexus nexus : nexuses) {
        nexus.close();
      }
    }
  }

  @Test
  void aChangeOfTheViewAndAStart() {
    try (TestCluster cluster = start("scale-view", 3)) {
      List<TestLun> luns = new ArrayList<>();
      List<String[]> rows = new ArrayList<>();
      for (int count : LUNS) {
        create(cluster, luns, count);
        rows.add(measure(cluster, luns));
      }
      row(
          "LUNs",
          "change known everywhere, ms: median, most",
          "bytes of cluster traffic for a change",
          "bytes a second at rest",
          "one gateway again ready, s",
          "all ready after a stop of all, s",
          "all LUNs served, s");
      row("---", "---", "---", "---", "---", "---", "---");
      rows.forEach(values -> row((Object[]) values));
    }
  }

  private static String[] measure(TestCluster cluster, List<TestLun> luns) {
    long idle = atRest();
    List<Double> times = new ArrayList<>();
    long sent = Measured.bytesSent(ARTERY);
    long began = System.nanoTime();
    for (int i = 0; i < CHANGES; i++) {
      times.add(change(cluster, luns.get((i * 37 + 1) % luns.size())));
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    double bytes = (Measured.bytesSent(ARTERY) - sent - idle * seconds) / CHANGES;
    TestGateway restarted = cluster.gateways().get(2);
    restarted.terminate();
    restarted.awaitExit(CHANGE);
    double one = ready(cluster, restarted::start);
    awaitServed(cluster, luns.size());
    cluster.terminate();
    long start = System.nanoTime();
    double all = ready(cluster, () -> cluster.heal(BOUND));
    awaitServed(cluster, luns.size());
    double served = (System.nanoTime() - start) / 1e9;
    return new String[] {
      "" + luns.size(),
      tenths(Measured.median(times)) + ", " + tenths(Collections.max(times)),
      "%.0f".formatted(bytes),
      "" + idle,
      tenths(one),
      tenths(all),
      tenths(served)
    };
  }

  /** Bytes a second that gateways send one another while nothing happens. */
  private static long atRest() {
    long before = Measured.bytesSent(ARTERY);
    long began = System.nanoTime();
    try {
      Thread.sleep(IDLE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    return Math.round((Measured.bytesSent(ARTERY) - before) * 1e9 / (System.nanoTime() - began));
  }

  /** Milliseconds until every gateway says what one was asked to change. */
  private static double change(TestCluster cluster, TestLun lun) {
    boolean wanted = !cluster.describe(lun).readOnly();
    long began = System.nanoTime();
    cluster.done(
        "a change of " + lun, () -> cluster.gateways().get(0).api().setReadOnly(lun.id(), wanted));
    for (TestGateway gateway : cluster.gateways()) {
      boolean known = false;
      while (!known) {
        if (System.nanoTime() - began > CHANGE.toNanos()) {
          throw new AssertionError(gateway + " does not learn of a change of " + lun);
        }
        try {
          known = gateway.api().lun(lun.id()).readOnly() == wanted;
        } catch (ApiException e) {
          known = false;
        }
      }
    }
    return (System.nanoTime() - began) / 1e6;
  }

  private static double ready(TestCluster cluster, Runnable start) {
    long began = System.nanoTime();
    start.run();
    cluster.awaitReady(BOUND);
    return (System.nanoTime() - began) / 1e9;
  }

  /** Makes LUNs until there are so many, and waits until all are served. */
  private static void create(TestCluster cluster, List<TestLun> luns, int count) {
    long began = System.nanoTime();
    int before = luns.size();
    for (int target = before / PER_TARGET; target * PER_TARGET < count; target++) {
      cluster.createTarget("scale-" + target);
    }
    luns.addAll(
        AtOnce.each(
            IntStream.range(before, count).boxed().toList(),
            index ->
                cluster.requestLun(
                    "iqn.2026-11.io.moongate:scale-" + index / PER_TARGET,
                    index % PER_TARGET,
                    SIZE,
                    512,
                    "file")));
    awaitServed(cluster, count);
    System.out.printf(
        Locale.ROOT, "%d LUNs made in %.1f s%n", count - before, (System.nanoTime() - began) / 1e9);
    assertTrue(luns.stream().map(TestLun::id).distinct().count() == count, "ids are unique");
  }

  private static void awaitServed(TestCluster cluster, int count) {
    for (TestGateway gateway : cluster.gateways()) {
      Await.value(
          gateway + " to know all LUNs as served",
          BOUND,
          () -> {
            long served = served(gateway);
            if (served != count) {
              throw new Unready(served + " of " + count);
            }
            return served;
          });
    }
  }

  /** Asked by its metrics: a list of ten thousand takes its time. */
  private static long served(TestGateway gateway) throws Unready {
    try {
      return Math.round(Scrape.of(gateway).sum("moongate_units", Map.of("phase", "serving")));
    } catch (AssertionError e) {
      throw new Unready(e.getMessage());
    }
  }

  private static void row(Object... values) {
    System.out.println(
        "| " + String.join(" | ", Stream.of(values).map(String::valueOf).toList()) + " |");
  }

  private static String tenths(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
