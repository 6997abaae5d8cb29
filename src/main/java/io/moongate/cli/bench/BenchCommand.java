package io.moongate.cli.bench;

import io.moongate.cli.bench.load.EchoCommand;
import io.moongate.cli.bench.load.LoadCommand;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoStore;
import io.moongate.cli.demo.StopOnce;
import io.moongate.cli.demo.StoreOptions;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code moongate bench}: how fast a gateway is beside others who do the same. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = {LatencyCommand.class, LoadCommand.class, EchoCommand.class},
    description = {
      "Run a gateway and others side by side on this host, each with a disk of 1 GiB of its own in the"
          + " same store, all written; have the same client ask the same of each in turns; print the"
          + " rates, and how many times as fast as each of the others the gateway was.",
      "The client is qemu-img bench, and where that can't do what is asked (several sessions, random,"
          + " mixed, digests, the floor) the load generator of `moongate bench load`, for everyone.",
      "With --store rbd also beside librbd itself (rbd bench), in whose process there is no gateway;"
          + " with --store memory tgt, which has no such store, has a file in the page cache.",
      "The caches of Ceph's clients are off for everyone. Needs root for tgt, and the addresses"
          + " and ports of a demo with one gateway, or with two for the path ano."
    })
public final class BenchCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--against",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "tgt",
      description = {
        "The others: tgt; floor, a server that only answers with as many bytes, so that the ratio is the"
            + " share of what the transport can do; or none (default: ${DEFAULT-VALUE})."
      })
  private List<Field.Other> against;

  @Mixin private StoreOptions storeOptions;

  @Mixin private GridOptions gridOptions;

  @Option(
      names = "--client",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "Who makes the load: auto, as told above; qemu; or own, the load generator (default:"
              + " ${DEFAULT-VALUE}).")
  private Clients.Choice client;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each has its turn, 1 to 100 (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "3",
      description = "How long a turn takes, about, 0.1 to 3600 (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      defaultValue = "10",
      description =
          "For how long each does some of everything before anything counts, about, 0 to 3600: a JVM"
              + " compiles what is used (default: ${DEFAULT-VALUE}).")
  private double warmUp;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write every figure of every round there, too.")
  private Optional<Path> json = Optional.empty();

  @Option(names = "--plot", paramLabel = "FILE", description = "Draw the ratios there, as SVG.")
  private Optional<Path> plot = Optional.empty();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "A new directory for all state; with --store file the disks are there. Default: a temporary"
              + " one. It is removed at the end.")
  private Optional<Path> dir = Optional.empty();

  @Override
  public Integer call() {
    if (rounds < 1 || rounds > 100) {
      throw usage("--rounds %d is not of 1 to 100".formatted(rounds));
    }
    if (!(seconds >= 0.1 && seconds <= 3600)) {
      throw usage("--seconds %s is not of 0.1 to 3600".formatted(seconds));
    }
    if (!(warmUp >= 0 && warmUp <= 3600)) {
      throw usage("--warm-up %s is not of 0 to 3600".formatted(warmUp));
    }
    List<Cell> grid = gridOptions.cells();
    Set<Field.Other> others = others();
    requireClient(grid, others);
    if (plot.isPresent() && others.isEmpty() && storeOptions.storeOrMemory().ceph().isEmpty()) {
      throw usage("--plot draws ratios, and --against none leaves nobody to compare with");
    }
    DemoStore store = storeOptions.storeOrMemory();
    if (dir.filter(Files::exists).isPresent()) {
      throw usage("%s is there already: name a new directory".formatted(dir.get()));
    }
    try {
      Arena.requireTools(tools(store, others));
      race(grid, store, others);
      return 0;
    } catch (DemoException e) {
      if (!StopOnce.signalled()) {
        spec.commandLine().getErr().println("moongate bench: " + e.getMessage());
      }
      return 1;
    }
  }

  private Set<Field.Other> others() {
    Set<Field.Other> others = EnumSet.copyOf(against);
    if (others.remove(Field.Other.NONE) && !others.isEmpty()) {
      throw usage("--against none goes with nobody else");
    }
    return others;
  }

  private void requireClient(List<Cell> grid, Set<Field.Other> others) {
    if (others.contains(Field.Other.FLOOR)) {
      if (client == Clients.Choice.QEMU) {
        throw usage("--client qemu can't ask the floor, which speaks no iSCSI");
      }
      client = Clients.Choice.OWN;
    }
    Optional<Cell> beyond = grid.stream().filter(cell -> !cell.plain()).findFirst();
    if (client == Clients.Choice.QEMU && beyond.isPresent()) {
      throw usage("--client qemu can't do this: %s".formatted(beyond.get()));
    }
  }

  private void race(List<Cell> grid, DemoStore store, Set<Field.Other> others) {
    PrintWriter out = spec.commandLine().getOut();
    boolean generator = grid.stream().anyMatch(client::own);
    int gateways = grid.stream().anyMatch(cell -> cell.path() == Cell.Path.ANO) ? 2 : 1;
    new Arena(store, gateways, directory -> List.of(), dir)
        .run(
            out,
            (cluster, directory) -> {
              try (Field field = new Field(cluster, directory, store, others, client, generator)) {
                run(grid, field, out);
              }
            });
  }

  private void run(List<Cell> grid, Field field, PrintWriter out) {
    List<Contestant> contestants = field.contestants();
    for (Contestant contestant : contestants) {
      out.println("filling the disk of " + contestant.name());
      out.flush();
      contestant.fill();
    }
    Race race = new Race(contestants, rounds, millis(seconds));
    long minutes = Math.round(grid.size() * contestants.size() * rounds * seconds / 60);
    out.printf("%d cells: about %d minutes%n", grid.size(), minutes);
    out.flush();
    race.warmUp(grid, millis(warmUp));
    Map<Cell, List<Score>> scores = new LinkedHashMap<>();
    for (Cell cell : grid) {
      List<Score> result = race.run(cell);
      field.requireUnmoved();
      scores.put(cell, result);
      out.printf(Locale.ROOT, "%s: %s%n", cell, inWords(result));
      out.flush();
      // After each, so that hours are not lost to an interruption.
      json.ifPresent(file -> Arena.writeJson(file, Report.json(scores, client)));
      plot.ifPresent(file -> Arena.writeText(file, Plot.svg(scores)));
    }
    out.println();
    Report.print(scores, out);
  }

  private static Duration millis(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  private static String inWords(List<Score> scores) {
    List<String> words = new ArrayList<>();
    scores.forEach(
        score ->
            words.add(String.format(Locale.ROOT, "%s %.0f/s", score.contestant(), score.rate())));
    return String.join(", ", words);
  }

  private Map<String, String> tools(DemoStore store, Set<Field.Other> others) {
    Map<String, String> tools = new LinkedHashMap<>();
    if (client != Clients.Choice.OWN) {
      tools.put("qemu-img", "qemu-utils and qemu-block-extra");
    }
    if (others.contains(Field.Other.TGT)) {
      tools.put("tgtd", store.ceph().isPresent() ? "tgt and tgt-rbd" : "tgt");
    }
    if (store.ceph().isPresent()) {
      tools.put("rbd", "ceph-common");
    }
    return tools;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
