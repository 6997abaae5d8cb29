package io.moongate.cli.bench;

import io.moongate.cli.Table;
import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Job;
import io.moongate.cli.bench.load.Operation;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoDirectory;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoStore;
import io.moongate.cli.demo.StopOnce;
import io.moongate.cli.demo.StoreOptions;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code moongate bench latency}: how long operations take under a steady load. */
@Command(
    name = "latency",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Run a gateway and tgt side by side, find the most that each can do, then put a part of that on"
          + " each in turns, at even distances; print percentiles of how long operations took from when"
          + " each was to begin, the gateway's pauses for collections, and the memory of the processes.",
      "For minutes, or for an hour to see whether memory stays what it is."
    })
public final class LatencyCommand implements Callable<Integer> {
  private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([smh]?)");

  @Spec private CommandSpec spec;

  @Option(
      names = "--against",
      paramLabel = "NAME",
      defaultValue = "tgt",
      description = "The other target: tgt, or none (default: ${DEFAULT-VALUE}).")
  private Field.Other against;

  @Mixin private StoreOptions storeOptions;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "Of each under load, as in 60s, 5m, 1h (default: ${DEFAULT-VALUE}).")
  private String duration;

  @Option(
      names = "--turn",
      paramLabel = "TIME",
      defaultValue = "20s",
      description = "How long one is under load before the other is (default: ${DEFAULT-VALUE}).")
  private String turn;

  @Option(
      names = "--load",
      paramLabel = "PART",
      defaultValue = "0.5",
      description =
          "The part of the most that each can do which is asked of it, 0.01 to 0.95 (default:"
              + " ${DEFAULT-VALUE}).")
  private double load;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Operations a second, of both the same, instead of a part of the most.")
  private Optional<Double> rate = Optional.empty();

  @Option(
      names = "--operation",
      paramLabel = "NAME",
      defaultValue = "mixed",
      description = "read, write, or mixed: 70 reads of 100 (default: ${DEFAULT-VALUE}).")
  private Operation operation;

  @Option(
      names = "--pattern",
      paramLabel = "NAME",
      defaultValue = "random",
      description = "sequential or random (default: ${DEFAULT-VALUE}).")
  private AccessPattern pattern;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "4096",
      description = "Of one operation, 512 to 1048576 (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--depth",
      paramLabel = "N",
      defaultValue = "32",
      description = "Operations of a session at a time, at most (default: ${DEFAULT-VALUE}).")
  private int depth;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "4",
      description = "1 to 256 (default: ${DEFAULT-VALUE}).")
  private int sessions;

  @Option(names = "--digests", description = "With header and data digests.")
  private boolean digests;

  @Option(
      names = "--path",
      paramLabel = "NAME",
      defaultValue = "ao",
      description =
          "ao, through the gateway that owns the LUN, or ano, through another one, which relays"
              + " (default: ${DEFAULT-VALUE}).")
  private Cell.Path path;

  @Option(
      names = "--warm-up",
      paramLabel = "TIME",
      defaultValue = "15s",
      description = "How long each is warmed up by all that it can do (default: ${DEFAULT-VALUE}).")
  private String warmUp;

  @Option(
      names = "--probe",
      paramLabel = "TIME",
      defaultValue = "5s",
      description =
          "How long it is looked for the most that each can do, three times in turns; the median"
              + " counts (default: ${DEFAULT-VALUE}).")
  private String probe;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every figure there, too.")
  private Optional<Path> json = Optional.empty();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "A new directory for all state. Default: a temporary one. It is removed at the end.")
  private Optional<Path> dir = Optional.empty();

  private record Times(double duration, double turn, double warmUp, double probe) {}

  @Override
  public Integer call() {
    Times times =
        new Times(
            seconds("--duration", duration, 1),
            seconds("--turn", turn, 1),
            seconds("--warm-up", warmUp, 0.1),
            seconds("--probe", probe, 0.1));
    if (!(load >= 0.01 && load <= 0.95)) {
      throw usage("--load %s is not of 0.01 to 0.95".formatted(load));
    }
    if (rate.isPresent() && !(rate.get() >= 1)) {
      throw usage("--rate %s is below 1".formatted(rate.get()));
    }
    if (against == Field.Other.FLOOR) {
      throw usage("--against is tgt or none here");
    }
    Job.Shape shape = shape();
    DemoStore store = storeOptions.storeOrMemory();
    if (dir.filter(Files::exists).isPresent()) {
      throw usage("%s is there already: name a new directory".formatted(dir.get()));
    }
    try {
      Arena.requireTools(tools(store));
      Arena arena = new Arena(store, path == Cell.Path.ANO ? 2 : 1, GcLog::option, dir);
      arena.run(
          spec.commandLine().getOut(),
          (cluster, directory) -> measure(cluster, directory, store, shape, times));
      return 0;
    } catch (DemoException e) {
      if (!StopOnce.signalled()) {
        spec.commandLine().getErr().println("moongate bench latency: " + e.getMessage());
      }
      return 1;
    }
  }

  private Job.Shape shape() {
    try {
      return new Job.Shape(operation, pattern, size, depth, sessions, digests, 0);
    } catch (IllegalArgumentException e) {
      throw usage("--" + e.getMessage());
    }
  }

  private Map<String, String> tools(DemoStore store) {
    if (against != Field.Other.TGT) {
      return Map.of();
    }
    return Map.of("tgtd", store.ceph().isPresent() ? "tgt and tgt-rbd" : "tgt");
  }

  private void measure(
      DemoCluster cluster, DemoDirectory directory, DemoStore store, Job.Shape shape, Times times) {
    Set<Field.Other> others = against == Field.Other.TGT ? Set.of(against) : Set.of();
    PrintWriter out = spec.commandLine().getOut();
    try (Field field = new Field(cluster, directory, store, others, Clients.Choice.OWN, true)) {
      List<SteadyLoad> loads = new ArrayList<>();
      for (IscsiDisk disk : field.disks()) {
        out.println("filling the disk of " + disk.name());
        out.flush();
        disk.fill();
        IscsiDisk.Way way = disk.way(path);
        Optional<GcLog> collections =
            disk.name().equals(Field.GATEWAY)
                ? Optional.of(GcLog.of(directory, way.pids().get(0)))
                : Optional.empty();
        loads.add(new SteadyLoad(disk.name(), way, shape, field.load().orElseThrow(), collections));
      }
      prepare(loads, times, out);
      double done = 0;
      while (done < times.duration()) {
        double now = Math.min(times.turn(), times.duration() - done);
        loads.forEach(each -> each.turn(now));
        field.requireUnmoved();
        done += now;
        report(loads);
      }
      print(loads, out);
    }
  }

  private void prepare(List<SteadyLoad> loads, Times times, PrintWriter out) {
    loads.forEach(each -> each.probe(times.warmUp()));
    Map<SteadyLoad, List<Double>> found = new LinkedHashMap<>();
    for (int round = 0; round < 3; round++) {
      for (SteadyLoad each : loads) {
        found.computeIfAbsent(each, first -> new ArrayList<>()).add(each.probe(times.probe()));
      }
    }
    found.forEach(
        (each, rates) -> {
          double most = Score.median(rates);
          each.steady(most, rate.orElse(most * load));
          out.printf(Locale.ROOT, "%s can do %.0f a second%n", each.name(), most);
          out.flush();
        });
  }

  private void report(List<SteadyLoad> loads) {
    List<SteadyLoad.Result> results = loads.stream().map(SteadyLoad::result).toList();
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("processors", Runtime.getRuntime().availableProcessors());
    all.put("shape", loads.get(0).shape());
    all.put("path", path.toString());
    all.put("results", results);
    json.ifPresent(file -> Arena.writeJson(file, all));
  }

  private void print(List<SteadyLoad> loads, PrintWriter out) {
    Table table =
        new Table(
            "",
            "most/s",
            "asked/s",
            "done/s",
            "p50 us",
            "p99 us",
            "p99.9 us",
            "most us",
            "GC pauses",
            "longest ms",
            "all ms",
            "RSS MiB");
    for (SteadyLoad each : loads) {
      SteadyLoad.Result result = each.result();
      SteadyLoad.Micros micros = result.micros();
      Optional<GcLog.Pauses> pauses = Optional.ofNullable(result.pauses());
      List<Double> memory = result.memory();
      table.row(
          result.name(),
          whole(result.most()),
          whole(result.rate()),
          whole(result.done()),
          whole(micros.p50()),
          whole(micros.p99()),
          whole(micros.p999()),
          whole(micros.most()),
          pauses.map(GcLog.Pauses::count).orElse(null),
          pauses.map(of -> tenths(of.longest())).orElse(null),
          pauses.map(of -> tenths(of.total())).orElse(null),
          whole(memory.get(0)) + " to " + whole(memory.get(memory.size() - 1)));
    }
    out.println();
    out.println(
        "Microseconds from when an operation was to begin to its end; the client sleeps for");
    out.println("some 60 of them at a time. Memory before the first turn and after the last.");
    table.print(out);
    out.flush();
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }

  private static String tenths(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private double seconds(String option, String text, double least) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw usage("%s %s is no time, as in 60s, 5m, 1h".formatted(option, text));
    }
    int unit =
        switch (matcher.group(2)) {
          case "m" -> 60;
          case "h" -> 3600;
          default -> 1;
        };
    double seconds = Double.parseDouble(matcher.group(1)) * unit;
    if (seconds < least || seconds > 86_400) {
      throw usage("%s %s is not of %s s to 24h".formatted(option, text, least));
    }
    return seconds;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
