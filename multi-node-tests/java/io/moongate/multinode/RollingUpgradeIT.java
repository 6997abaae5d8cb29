package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Told;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.PreviousBuild;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three gateways of a former version are replaced by today's one after another, as docs/upgrade.md
 * says, and then put back, while hosts write and read through all of them: no error, nothing lost.
 * Between any two steps, what is changed through one version is seen and used through the other.
 */
@Tag("long")
class RollingUpgradeIT {
  private static final Duration BOUND = Duration.ofSeconds(180);
  private static final long SIZE = 16L << 20;
  private static final long GROWN = 32L << 20;
  private static final long KEY = 0xA111_2222_3333_4444L;
  private static final int CLIENTS = 6;

  /** Of all the time: what is read on the way back was written before. */
  private final History history = new History();

  private TestCluster cluster;
  private TestLun loaded;
  private TestLun reserved;
  private String target;
  private String registrations;
  private int next;

  @Test
  void gatewaysAreUpgradedAndPutBackOneByOneUnderLoad() throws Exception {
    Installation today = Installation.find();
    Installation former = PreviousBuild.of(today);
    try (TestCluster started =
        TestCluster.start(former, today.output().resolve("rolling-upgrade"), 3)) {
      cluster = started;
      cluster.gateways().forEach(gateway -> requireBuild(gateway, former));
      loaded = cluster.createLun("upgrade", 0, SIZE);
      reserved = cluster.createLun("upgrade", 1, SIZE);
      target = loaded.target();
      next = 2;
      try (TestHost host = TestHost.open(cluster.gateways(), reserved, "upgrade-holder")) {
        host.register(KEY);
        Nexus holder = host.nexuses().get(0);
        assertEquals(
            Nexus.GOOD_ENDING,
            PersistentReservations.out(
                holder, Action.RESERVE, Type.WRITE_EXCLUSIVE_ALL_REGISTRANTS, KEY, 0));
        registrations = told(holder);
      }
      replaceAll("upgrade", today);
      verify(today);
      // What the version that one goes back to says of it is whether one can.
      verify(former);
      replaceAll("downgrade", former);
      verify(former);
      verify(today);
    }
  }

  private void replaceAll(String name, Installation build) throws Exception {
    try (Workload workload = Workload.start(cluster, loaded, CLIENTS, Workload.seed(), history)) {
      workload.awaitProgress(200);
      for (TestGateway gateway : cluster.gateways()) {
        replace(gateway, build);
        for (TestGateway through : cluster.gateways()) {
          workload.awaitWritesThrough(through, System.nanoTime(), 5);
        }
        change(gateway);
        reservationsAreAsTheyWere();
        workload.awaitProgress(100);
      }
      workload.stop();
      // An error that reaches a client ends the workload, and stop() fails.
      System.out.printf(
          "%s of %d gateways: %d operations, longest %d ms, 0 errors, sessions lost %d times%n",
          name,
          cluster.gateways().size(),
          workload.operations(),
          workload.longest().toMillis(),
          workload.losses());
    }
    Histories.requireLinearizable(name, history);
  }

  /** As docs/upgrade.md says. */
  private void replace(TestGateway gateway, Installation build) throws Exception {
    TestGateway other = cluster.servingWithout(gateway).get(0);
    long began = System.nanoTime();
    command(other, "gateway", "drain", gateway.name(), "--cause", "upgrade", "--wait", "120");
    gateway.terminate();
    gateway.awaitExit(BOUND);
    cluster.build(gateway, build);
    gateway.start();
    cluster.awaitReady();
    requireBuild(gateway, build);
    command(gateway, "gateway", "undrain", gateway.name());
    command(other, "status");
    System.out.printf(
        "%s was replaced within %.1f s%n", gateway, (System.nanoTime() - began) / 1e9);
  }

  private static void requireBuild(TestGateway gateway, Installation build) {
    try {
      String line = Files.readString(Path.of("/proc", Long.toString(gateway.pid()), "cmdline"));
      assertTrue(line.contains(build.classPath()), () -> gateway + " is " + line);
    } catch (IOException e) {
      throw new AssertionError(gateway + " is gone", e);
    }
  }

  /** A LUN made through each gateway, grown through the next, moved to every one, and deleted. */
  private void change(TestGateway replaced) {
    List<TestGateway> gateways = new ArrayList<>(cluster.gateways());
    gateways.remove(replaced);
    gateways.add(0, replaced);
    for (int at = 0; at < gateways.size(); at++) {
      TestGateway maker = gateways.get(at);
      TestGateway after = gateways.get((at + 1) % gateways.size());
      int number = next++;
      LogicalUnit unit =
          cluster.done(
              "LUN %d by %s".formatted(number, maker),
              () -> maker.api().createLun(target, number, SIZE, 512, "file", List.of()));
      TestLun lun = new TestLun(unit.target(), unit.lun(), unit.id(), unit.size());
      cluster.done(lun + " to be grown by " + after, () -> after.api().resizeLun(lun.id(), GROWN));
      for (TestGateway to : gateways) {
        cluster.move(lun, to);
      }
      for (TestGateway asked : gateways) {
        Await.value(
            asked + " to know the size of " + lun,
            BOUND,
            () -> {
              long size = TestCluster.ask(() -> asked.api().lun(lun.id())).size();
              if (size != GROWN) {
                throw new Await.Unready("it is " + size);
              }
              return Boolean.TRUE;
            });
      }
    }
    cluster.move(loaded, replaced);
    cluster.move(reserved, replaced);
  }

  private void reservationsAreAsTheyWere() throws IOException {
    try (TestHost observer =
        TestHost.open(cluster.gateways(), reserved, "upgrade-observer-" + next)) {
      for (Nexus nexus : observer.nexuses()) {
        assertEquals(registrations, told(nexus), () -> "through " + nexus.gateway());
        assertEquals(
            Nexus.CONFLICT,
            nexus.atLast(Cdb.write16(0, 1), new byte[512], 0),
            () -> "a write by who is not registered, through " + nexus.gateway());
      }
    }
  }

  private static String told(Nexus nexus) throws IOException {
    return Told.through(nexus).withoutGeneration().toString();
  }

  private void verify(Installation build) throws Exception {
    LauncherRun.Ended ended =
        LauncherRun.run(
            build,
            List.of(
                "audit", "verify", "--config", cluster.directory().resolve("gw1.conf").toString()),
            cluster.logs().resolve("verify.log"),
            BOUND);
    assertEquals(0, ended.status(), ended.output());
    assertTrue(ended.output().contains("; 0 faults;"), ended.output());
  }

  private void command(TestGateway asked, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(
        List.of(
            "--api",
            "http://" + asked.host() + ":8080",
            "--token-file",
            DemoAccess.in(cluster.directory()).tokenFile().toString()));
    LauncherRun.Ended ended = LauncherRun.run(line, cluster.logs().resolve("command.log"), BOUND);
    assertEquals(0, ended.status(), ended.output());
  }
}
