package io.moongate.cli.bench;

import io.moongate.cli.demo.Children;
import io.moongate.cli.demo.Deadline;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoDirectory;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoImages;
import io.moongate.cli.demo.DemoStore;
import io.moongate.cli.demo.StopOnce;
import io.moongate.cli.demo.StoreOptions;
import io.moongate.management.api.ApiJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    description = {
      "Run a gateway and others side by side on this host, each with a disk of 1 GiB of its own in the"
          + " same store, all written; have the same client (qemu-img bench) ask the same of each in"
          + " turns; print the rates, and how many times as fast as each of the others the gateway was.",
      "With --store rbd also beside librbd itself (rbd bench), in whose process there is no gateway.",
      "The caches of Ceph's clients are off for everyone. Needs root for tgt, and the addresses"
          + " and ports of a demo with one gateway."
    })
public final class BenchCommand implements Callable<Integer> {

  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration DELETION = Duration.ofSeconds(90);

  @Spec private CommandSpec spec;

  @Option(
      names = "--against",
      paramLabel = "NAME",
      defaultValue = "tgt",
      description = "The other target: tgt, or none (default: ${DEFAULT-VALUE}).")
  private String against;

  @Mixin private StoreOptions storeOptions;

  @Option(
      names = "--operations",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "read,write",
      description = "Default: ${DEFAULT-VALUE}.")
  private List<Cell.Operation> operations;

  @Option(
      names = "--sizes",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "4096,131072",
      description = "Bytes of one operation, 512 to 1048576 (default: ${DEFAULT-VALUE}).")
  private List<Integer> sizes;

  @Option(
      names = "--depths",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "1,32",
      description = "Operations at a time, 1 to 256 (default: ${DEFAULT-VALUE}).")
  private List<Integer> depths;

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

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "A new directory for all state; with --store file the disks are there. Default: a temporary"
              + " one. It is removed at the end.")
  private Optional<Path> dir = Optional.empty();

  @Override
  public Integer call() {
    requireAll("--sizes", sizes, 512, 1 << 20);
    requireAll("--depths", depths, 1, 256);
    requireAll("--rounds", List.of(rounds), 1, 100);
    if (!(seconds >= 0.1 && seconds <= 3600)) {
      throw usage("--seconds %s is not of 0.1 to 3600".formatted(seconds));
    }
    if (!(warmUp >= 0 && warmUp <= 3600)) {
      throw usage("--warm-up %s is not of 0 to 3600".formatted(warmUp));
    }
    if (sizes.stream().anyMatch(size -> size % 512 != 0)) {
      throw usage("--sizes are multiples of 512");
    }
    if (!against.equals("tgt") && !against.equals("none")) {
      throw usage("--against is tgt or none, not \"%s\"".formatted(against));
    }
    DemoStore store = storeOptions.store();
    if (dir.filter(Files::exists).isPresent()) {
      throw usage("%s is there already: name a new directory".formatted(dir.get()));
    }
    String home = System.getProperty("moongate.home", "");
    try {
      if (home.isBlank()) {
        throw new DemoException("start it by the launcher: ./moongate bench");
      }
      requireTools(store);
      race(Path.of(home), store);
      return 0;
    } catch (DemoException e) {
      if (!StopOnce.signalled()) {
        spec.commandLine().getErr().println("moongate bench: " + e.getMessage());
      }
      return 1;
    }
  }

  private void race(Path home, DemoStore store) {
    PrintWriter out = spec.commandLine().getOut();
    Path path = dir.orElseGet(() -> DemoDirectory.temporary("moongate-bench-"));
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      directory.claimFor(store);
      DemoCluster cluster =
          new DemoCluster(
              new DemoCluster.Settings(home, 1, 1, START, store, List.of()), directory, out);
      DemoImages units = new DemoImages(store, cluster::alive);
      StopOnce stop = StopOnce.install(cluster, out);
      try {
        cluster.start();
        try (Field field = new Field(cluster, directory, store, against.equals("tgt"))) {
          run(field.contestants(), out);
        }
        units.delete(Deadline.after(DELETION));
      } finally {
        units.left().ifPresent(out::println);
        stop.now();
      }
    } finally {
      DemoDirectory.remove(path);
    }
  }

  private void run(List<Contestant> contestants, PrintWriter out) {
    for (Contestant contestant : contestants) {
      out.println("filling the disk of " + contestant.name());
      out.flush();
      contestant.fill();
    }
    Race race = new Race(contestants, rounds, millis(seconds));
    List<Cell> grid = Cell.grid(operations, sizes, depths);
    race.warmUp(grid, millis(warmUp));
    Map<Cell, List<Score>> scores = new LinkedHashMap<>();
    for (Cell cell : grid) {
      List<Score> result = race.run(cell);
      scores.put(cell, result);
      out.printf(Locale.ROOT, "%s: %s%n", cell, inWords(result));
      out.flush();
    }
    out.println();
    Report.print(scores, out);
    json.ifPresent(file -> write(file, Report.json(scores)));
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

  private static void write(Path file, Object content) {
    try {
      ApiJson.mapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), content);
    } catch (IOException e) {
      throw new DemoException("can't write %s: %s".formatted(file, e), e);
    }
  }

  private void requireTools(DemoStore store) {
    Map<String, String> tools = new LinkedHashMap<>();
    tools.put("qemu-img", "qemu-utils and qemu-block-extra");
    if (against.equals("tgt")) {
      tools.put("tgtd", store.ceph().isPresent() ? "tgt and tgt-rbd" : "tgt");
    }
    if (store.ceph().isPresent()) {
      tools.put("rbd", "ceph-common");
    }
    tools.forEach(
        (tool, source) -> {
          if (Children.onPath(tool).isEmpty()) {
            throw new DemoException(
                "%s is missing: install %s (Debian's names)".formatted(tool, source));
          }
        });
  }

  private void requireAll(String option, List<Integer> values, int low, int high) {
    for (int value : values) {
      if (value < low || value > high) {
        throw usage("%s %d is not of %d to %d".formatted(option, value, low, high));
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
