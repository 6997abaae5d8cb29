package io.moongate.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.Children;
import io.moongate.cli.demo.Deadline;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoDirectory;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoImages;
import io.moongate.cli.demo.DemoStore;
import io.moongate.cli.demo.StopOnce;
import io.moongate.management.api.ApiJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A cluster with one LUN that is there for one measurement, and nothing of it afterwards.
 *
 * @param gateways 1 or 2
 * @param jvm options of the gateways' JVMs, beside those of {@code conf}
 * @param dir a new directory; empty: a temporary one
 */
record Arena(
    DemoStore store, int gateways, Function<DemoDirectory, List<String>> jvm, Optional<Path> dir) {
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration DELETION = Duration.ofSeconds(90);

  /** Room for a LUN in it, and for what else a gateway needs. */
  private static final List<String> WITH_MEMORY = List.of("-Xmx3g");

  /** What is measured. */
  interface Measurement {
    void in(DemoCluster cluster, DemoDirectory directory);
  }

  /**
   * Starts it, measures, ends it.
   *
   * @throws DemoException when anything of that fails
   */
  void run(PrintWriter out, Measurement measurement) {
    String home = System.getProperty("moongate.home", "");
    if (home.isBlank()) {
      throw new DemoException("start it by the launcher: ./moongate bench");
    }
    Path path = dir.orElseGet(() -> DemoDirectory.temporary("moongate-bench-"));
    try (DemoDirectory directory = DemoDirectory.open(path)) {
      directory.claimFor(store);
      List<String> options = new ArrayList<>(jvm.apply(directory));
      if (store.equals(DemoStore.MEMORY)) {
        options.addAll(WITH_MEMORY);
      }
      DemoCluster cluster =
          new DemoCluster(
              new DemoCluster.Settings(Path.of(home), gateways, 1, START, store, options),
              directory,
              out);
      DemoImages units = new DemoImages(store, cluster::alive);
      StopOnce stop = StopOnce.install(cluster, out);
      try {
        cluster.start();
        measurement.in(cluster, directory);
        units.delete(Deadline.after(DELETION));
      } finally {
        units.left().ifPresent(out::println);
        stop.now();
      }
    } finally {
      DemoDirectory.remove(path);
    }
  }

  /**
   * Insists that tools of other people are installed.
   *
   * @param tools each with its Debian package
   */
  static void requireTools(Map<String, String> tools) {
    tools.forEach(
        (tool, source) -> {
          if (Children.onPath(tool).isEmpty()) {
            throw new DemoException(
                "%s is missing: install %s (Debian's names)".formatted(tool, source));
          }
        });
  }

  /** Writes a file for programs. */
  static void writeJson(Path file, Object content) {
    ObjectMapper mapper = ApiJson.mapper();
    try {
      mapper.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), content);
    } catch (IOException e) {
      throw new DemoException("can't write %s: %s".formatted(file, e), e);
    }
  }

  /** Writes a file for people. */
  static void writeText(Path file, String content) {
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new DemoException("can't write %s: %s".formatted(file, e), e);
    }
  }
}
