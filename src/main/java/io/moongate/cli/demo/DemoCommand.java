package io.moongate.cli.demo;

import io.moongate.cli.demo.GatewayApi.ApiException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code moongate demo}: a whole cluster on this host until Ctrl-C, or a check of one. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Run a Cassandra node and a cluster of gateways on this host, with one target"
          + " (iqn.2026-11.io.moongate:demo) and LUNs of 1 GiB, until Ctrl-C or SIGTERM.",
      "Gateway gw1 is on 127.0.0.1, gw2 on 127.0.0.2, and so on: iSCSI on port 3260, HTTP API on 8080,"
          + " Pekko Management on 8558. Everything created is there at the next start in the same"
          + " directory.",
      "With --check: instead of waiting, do what a host does, with real initiator tools, kill the gateway"
          + " that owns LUN 0 with SIGKILL, see that I/O goes on and nothing is lost; report; exit 0 or 1."
    })
public final class DemoCommand implements Callable<Integer> {

  private static final Duration WATCH = Duration.ofMillis(500);

  /** Longer than Ceph takes a client that died for a living one, 30 s. */
  private static final Duration DELETION = Duration.ofSeconds(90);

  private static final int MAX_LUNS = 256;

  @Spec private CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "Where all state is kept: configuration, Cassandra's data, volumes, logs. Default:"
              + " $$XDG_STATE_HOME/moongate-demo, which is ~/.local/state/moongate-demo when that is not"
              + " set; for --check a temporary directory, removed at the end when all passed. A --check"
              + " refuses a directory with LUNs that no check made.")
  private Optional<Path> dir = Optional.empty();

  @Option(
      names = "--gateways",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many gateways, 1 to 9 (default: ${DEFAULT-VALUE}).")
  private int gateways;

  @Option(
      names = "--luns",
      paramLabel = "K",
      defaultValue = "1",
      description = "How many LUNs: LUN 0 to K-1, 1 to 256 (default: ${DEFAULT-VALUE}).")
  private int luns;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "180",
      description = "Give up when it is not ready by then (default: ${DEFAULT-VALUE}).")
  private long timeoutSeconds;

  @Option(names = "--check", description = "Check the cluster and exit, as told above.")
  private boolean check;

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "With --check: how often to kill the owner, restarting the killed one in between (default:"
              + " ${DEFAULT-VALUE}).")
  private int kills;

  @Mixin private StoreOptions storeOptions;
  private DemoStore store;

  @Override
  public Integer call() {
    requireRange("--gateways", gateways, 1, GatewayAddress.MAX);
    requireRange("--luns", luns, 1, MAX_LUNS);
    requireRange("--kills", kills, 1, 1000);
    requireRange("--timeout", timeoutSeconds, 1, 3600);
    store = storeOptions.store();
    if (check && gateways < 2) {
      throw new ParameterException(
          spec.commandLine(), "--check kills a gateway: it needs --gateways 2 at least");
    }
    PrintWriter out = spec.commandLine().getOut();
    try {
      return check ? check(out) : run(out);
    } catch (DemoException e) {
      // When a signal stops us, everything else ends in an error, and none of them is news.
      if (StopOnce.signalled()) {
        return 1;
      }
      spec.commandLine().getErr().println("moongate demo: " + e.getMessage());
      return 1;
    }
  }

  private int run(PrintWriter out) {
    Path path =
        dir.orElseGet(
            () ->
                DemoDirectory.standard(System.getenv(), Path.of(System.getProperty("user.home"))));
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      directory.claimFor(store);
      out.println("state in " + directory.root());
      DemoCluster cluster = new DemoCluster(settings(), directory, out);
      StopOnce stop = StopOnce.install(cluster, out);
      try {
        cluster.start();
        printReady(cluster, out);
        watch(cluster, out);
        throw new DemoException("no gateway is left");
      } finally {
        stop.now();
      }
    }
  }

  /**
   * Says which process ended, and goes on while a gateway is left: killing one and looking on is
   * what a demo is for.
   */
  private static void watch(DemoCluster cluster, PrintWriter out) {
    Set<Child> told = new HashSet<>();
    while (cluster.gateways().stream().anyMatch(gateway -> gateway.child().alive())) {
      Deadline.pause(WATCH);
      cluster.restartExpelled();
      for (Child child : cluster.processes()) {
        if (!child.alive() && !cluster.stopping() && told.add(child)) {
          out.printf(
              "%s (pid %d) ended with status %d%s%n",
              child.name(), child.pid(), child.exitStatus(), cluster.adviceAbout(child));
          out.flush();
        }
      }
    }
  }

  private int check(PrintWriter out) {
    InitiatorTools tools = InitiatorTools.find();
    Path path = dir.orElseGet(() -> DemoDirectory.temporary("moongate-check-"));
    boolean passed = false;
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      directory.claimForCheck();
      directory.claimFor(store);
      DemoCluster cluster = new DemoCluster(settings(), directory, out);
      CheckReport report = new CheckReport(out);
      DemoImages images = new DemoImages(store, cluster::alive);
      StopOnce stop = StopOnce.install(cluster, out);
      try {
        cluster.start();
        printReady(cluster, out);
        new FailoverCheck(cluster, tools, report, luns).run(kills);
        if (dir.isEmpty() && report.passed()) {
          images.delete(Deadline.after(DELETION));
        }
      } finally {
        try {
          if (dir.isEmpty() && cluster.mayHaveDisks()) {
            images.left().ifPresent(report::note);
          }
        } finally {
          stop.now();
        }
        List<Child> left = cluster.children().running();
        report.step(
            "nothing is left running", left.isEmpty(), left.isEmpty() ? "" : left.toString());
      }
      passed = report.conclude();
    } finally {
      if (dir.isEmpty()) {
        if (passed) {
          DemoDirectory.remove(path);
        } else {
          out.println("logs and state are kept in " + path);
        }
      }
    }
    return passed ? 0 : 1;
  }

  private DemoCluster.Settings settings() {
    String home = System.getProperty("moongate.home", "");
    if (home.isBlank()) {
      throw new DemoException("start it by the launcher: ./moongate demo");
    }
    return new DemoCluster.Settings(
        Path.of(home),
        gateways,
        luns,
        Duration.ofSeconds(timeoutSeconds),
        store,
        DemoCluster.SMALL_GATEWAYS);
  }

  private static void printReady(DemoCluster cluster, PrintWriter out) {
    double seconds = DemoCluster.sinceStart() / 1000.0;
    try {
      out.println();
      out.print(PathsTable.of(cluster.api(cluster.addresses().get(0)).paths()));
      out.println();
    } catch (ApiException e) {
      throw new DemoException("the paths can't be read: " + e.getMessage(), e);
    }
    out.println(
        ConnectGuide.of(DemoCluster.TARGET, cluster.addresses(), cluster.access().tokenFile()));
    out.println(String.format(Locale.ROOT, "ready in %.1f s", seconds));
    out.flush();
  }

  private void requireRange(String option, long value, long low, long high) {
    if (value < low || value > high) {
      throw new ParameterException(
          spec.commandLine(), "%s %d is not of %d to %d".formatted(option, value, low, high));
    }
  }
}
