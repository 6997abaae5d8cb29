package io.moongate.cli.demo;

import io.moongate.cli.demo.GatewayApi.ApiException;
import io.moongate.management.api.Gateway;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * What a host does, with real initiator tools: find the disk through each gateway, write and read
 * through each path, lose the gateway that owns it, go on. LUN 0 is written over.
 */
final class FailoverCheck {

  private static final int LUN = 0;
  private static final int EXTENT_LENGTH = 64 * 1024;
  private static final long STRIDE = 1L << 20;
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration VIEW_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration RESTART_TIMEOUT = Duration.ofSeconds(120);

  private final DemoCluster cluster;
  private final InitiatorTools tools;
  private final CheckReport report;
  private final int luns;
  private final Map<String, QemuIo> sessions = new LinkedHashMap<>();

  /** What the disk must hold, by offset: the last acknowledged write of each extent. */
  private final Map<Long, Extent> written = new TreeMap<>();

  private int writes;

  FailoverCheck(DemoCluster cluster, InitiatorTools tools, CheckReport report, int luns) {
    this.cluster = cluster;
    this.tools = tools;
    this.report = report;
    this.luns = luns;
  }

  /** Runs the whole scenario; the steps are in the report. A step that fails ends it. */
  void run(int kills) {
    try {
      if (identities() && states() && everyPair()) {
        List<Duration> stalls = new ArrayList<>();
        for (int kill = 1; kill <= kills; kill++) {
          Optional<Duration> stall =
              killOwner("kill %d of %d".formatted(kill, kills), kill < kills);
          if (stall.isEmpty()) {
            return;
          }
          stalls.add(stall.get());
        }
        report.note("SIGKILL to the next acknowledged write: " + new Latencies(stalls));
      }
    } finally {
      sessions.values().forEach(QemuIo::close);
    }
  }

  private boolean identities() {
    boolean listed =
        all(
            cluster.gateways(),
            gateway ->
                report.step(
                    "iscsi-ls finds every portal and LUN through " + gateway.name(),
                    () -> list(gateway)));
    if (!listed) {
      return false;
    }
    Map<String, String> seen = new LinkedHashMap<>();
    boolean asked =
        all(
            cluster.gateways(),
            gateway ->
                report.step(
                    "iscsi-inq reads VPD page 83h through " + gateway.name(),
                    () -> {
                      String naa = naa(gateway);
                      seen.put(gateway.name(), naa);
                      return "NAA " + naa;
                    }));
    if (asked) {
      boolean same = seen.values().stream().distinct().count() == 1;
      report.step("the disk has one identity through every gateway", same, seen.toString());
      return same;
    }
    return false;
  }

  private String list(GatewayProcess gateway) {
    Children.Run run = tools.list(cluster.children(), gateway.address());
    List<String> missing = new ArrayList<>();
    for (GatewayAddress address : cluster.addresses()) {
      if (!run.output().contains("Target:" + DemoCluster.TARGET + " Portal:" + address.portal())) {
        missing.add("portal " + address.portal());
      }
    }
    for (int lun = 0; lun < luns; lun++) {
      String line = "Lun:%-4d Type:DIRECT_ACCESS".formatted(lun);
      long count = run.output().lines().filter(seen -> seen.startsWith(line)).count();
      if (count < cluster.addresses().size()) {
        missing.add("LUN %d through every portal (seen %d times)".formatted(lun, count));
      }
    }
    if (!run.succeeded() || !missing.isEmpty()) {
      throw new DemoException(
          "iscsi-ls ended with status %d, missing %s:%n%s"
              .formatted(run.status(), missing, run.output()));
    }
    return "%d portals, %d LUNs".formatted(cluster.addresses().size(), luns);
  }

  /**
   * The identity by iscsi-inq, which must be the one that our own probe reads (iscsi-inq may cut it
   * at a zero byte).
   */
  private String naa(GatewayProcess gateway) {
    Children.Run run =
        tools.deviceIdentification(cluster.children(), gateway.address(), DemoCluster.TARGET, LUN);
    Optional<String> byTool = InitiatorTools.naa(run.output());
    if (!run.succeeded() || byTool.isEmpty()) {
      throw new DemoException(
          "iscsi-inq ended with status %d and no NAA:%n%s".formatted(run.status(), run.output()));
    }
    try {
      String whole = cluster.probe(gateway, LUN).naa();
      if (!whole.startsWith(byTool.get())) {
        throw new DemoException(
            "iscsi-inq read NAA %s, another login read %s".formatted(byTool.get(), whole));
      }
      return whole;
    } catch (IOException e) {
      throw new DemoException("the LUN does not answer through " + gateway.name() + ": " + e, e);
    }
  }

  private boolean states() {
    return report.step(
        "every gateway reports the same paths, one of them optimized",
        () -> {
          List<String> said = new ArrayList<>();
          for (GatewayProcess gateway : cluster.gateways()) {
            PathStates states = paths(gateway);
            if (!states.serving(cluster.names())) {
              throw new DemoException(gateway.name() + " reports " + states);
            }
            said.add(states.toString());
          }
          if (said.stream().distinct().count() != 1) {
            throw new DemoException("they differ: " + said);
          }
          return said.get(0);
        });
  }

  private boolean everyPair() {
    return report.step(
        "what is written through each path reads back through every other",
        () -> {
          cluster.gateways().forEach(this::open);
          int pairs = 0;
          for (QemuIo writer : sessions.values()) {
            Extent extent = write(writer);
            for (QemuIo reader : sessions.values()) {
              if (reader != writer) {
                reader.verify(extent);
                pairs++;
              }
            }
          }
          return pairs + " pairs of paths";
        });
  }

  /**
   * One death of the owner; the time from SIGKILL to the next acknowledged write, or empty when a
   * step failed.
   */
  private Optional<Duration> killOwner(String name, boolean restart) {
    AtomicReference<Duration> stall = new AtomicReference<>();
    AtomicReference<GatewayProcess> dead = new AtomicReference<>();
    boolean passed =
        report.step(
                name + ": I/O goes on through a survivor",
                () -> {
                  GatewayProcess owner = owner();
                  QemuIo survivor = survivors(owner).get(0);
                  write(survivor);
                  dead.set(owner);
                  long killed = System.nanoTime();
                  owner.child().kill();
                  write(survivor);
                  stall.set(Duration.ofNanos(System.nanoTime() - killed));
                  sessions.remove(owner.name()).close();
                  return String.format(
                      Locale.ROOT,
                      "%s (pid %d) killed, a write through %s acknowledged after %.3f s",
                      owner.name(),
                      owner.child().pid(),
                      survivor.through(),
                      Latencies.seconds(stall.get()));
                })
            && report.step(
                name + ": every survivor reports the new states", () -> newStates(dead.get()))
            && report.step(
                name + ": nothing is lost through any survivor",
                () -> verifyEverything(dead.get()));
    if (passed && restart) {
      passed = report.step(name + ": the killed gateway comes back", () -> restart(dead.get()));
    }
    return passed ? Optional.of(stall.get()) : Optional.empty();
  }

  /**
   * The gateway whose path is optimized, after every gateway agrees, and its process is the one
   * that we started.
   */
  private GatewayProcess owner() {
    PathStates states = paths(cluster.gateways().get(0));
    GatewayProcess owner = cluster.gateway(states.optimized());
    try {
      long pid =
          cluster.api(cluster.gateways().get(0).address()).gateways().stream()
              .filter(row -> row.name().equals(owner.name()))
              .mapToLong(Gateway::pid)
              .findFirst()
              .orElse(0);
      if (pid != owner.child().pid()) {
        throw new DemoException(
            "%s is reported with pid %d, but we started it as %d: nothing is killed"
                .formatted(owner.name(), pid, owner.child().pid()));
      }
      return owner;
    } catch (ApiException e) {
      throw new DemoException(e.getMessage(), e);
    }
  }

  private List<QemuIo> survivors(GatewayProcess dead) {
    return sessions.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(dead.name()))
        .map(Map.Entry::getValue)
        .toList();
  }

  private String newStates(GatewayProcess dead) {
    List<String> alive = sessions.keySet().stream().toList();
    Deadline deadline = Deadline.after(VIEW_TIMEOUT);
    List<String> said = new ArrayList<>();
    for (String name : alive) {
      AtomicReference<String> last = new AtomicReference<>("no answer");
      PathStates states =
          deadline.poll(
              POLL,
              name + " to report the new states",
              () -> {
                PathStates now = paths(cluster.gateway(name));
                last.set(now.toString());
                return now.serving(alive) && now.dead(dead.name())
                    ? Optional.of(now)
                    : Optional.empty();
              },
              last::get);
      said.add(name + " says " + states);
    }
    return String.join("; ", said);
  }

  private String verifyEverything(GatewayProcess dead) {
    List<QemuIo> alive = survivors(dead);
    for (QemuIo session : alive) {
      write(session);
    }
    for (QemuIo session : alive) {
      written.values().forEach(session::verify);
      // And as a host that comes anew: discovery, login, the same bytes.
      GatewayProcess gateway = cluster.gateway(session.through());
      Children.Run discovery = tools.discover(cluster.children(), gateway.address());
      if (!discovery.succeeded()
          || !discovery.output().contains("Portal:" + gateway.address().portal())) {
        throw new DemoException(
            "discovery through %s: %s".formatted(gateway.name(), discovery.output()));
      }
      try (QemuIo fresh =
          tools.open(cluster.children(), gateway.address(), DemoCluster.TARGET, LUN)) {
        written.values().forEach(fresh::verify);
      }
    }
    return "%d extents through %d survivors, in old and in new sessions"
        .formatted(written.size(), alive.size());
  }

  private String restart(GatewayProcess dead) {
    long start = System.nanoTime();
    cluster.restart(dead, Deadline.after(RESTART_TIMEOUT));
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    cluster.awaitServing(cluster.names(), cluster.names(), Deadline.after(VIEW_TIMEOUT));
    open(dead);
    QemuIo session = sessions.get(dead.name());
    written.values().forEach(session::verify);
    return String.format(
        Locale.ROOT,
        "%s serves again after %.1f s: %s",
        dead.name(),
        Latencies.seconds(took),
        paths(dead));
  }

  private void open(GatewayProcess gateway) {
    sessions.put(
        gateway.name(), tools.open(cluster.children(), gateway.address(), DemoCluster.TARGET, LUN));
  }

  private Extent write(QemuIo session) {
    int number = writes++;
    long extents = DemoCluster.LUN_SIZE / STRIDE;
    Extent extent = new Extent(number % extents * STRIDE, EXTENT_LENGTH, 1 + number % 255);
    session.write(extent);
    written.put(extent.offset(), extent);
    return extent;
  }

  private PathStates paths(GatewayProcess asked) {
    try {
      return cluster.paths(asked, LUN);
    } catch (ApiException e) {
      throw new DemoException("%s: %s".formatted(asked.name(), e.getMessage()), e);
    }
  }

  private static <T> boolean all(List<T> elements, Predicate<T> step) {
    return elements.stream().allMatch(step);
  }
}
