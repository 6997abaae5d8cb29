package io.moongate.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.session.StackBenchmark;
import io.moongate.wire.CodecBenchmark;
import io.moongate.wire.DigestBenchmark;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Benchmarks of the parts of the data path, without sockets. By default only that each of them
 * runs; the figures, with what is allocated for an operation, by
 *
 * <pre>
 * mvn -o test -Dtest='BenchmarksTest#figures' -Dit.excludedGroups=none
 * </pre>
 */
class BenchmarksTest {
  private static final List<Class<?>> ALL =
      List.of(CodecBenchmark.class, DigestBenchmark.class, StackBenchmark.class);

  /** Two settings of each of three, three of one, three alone. */
  private static final int RESULTS = 2 * 3 + 3 + 3;

  private static final String IGNORE_LOCK = "jmh.ignoreLock";
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private static ChainedOptionsBuilder options() {
    ChainedOptionsBuilder options = new OptionsBuilder().shouldFailOnError(true);
    ALL.forEach(each -> options.include("\\b" + each.getSimpleName() + "\\b"));
    return options;
  }

  /** What it says is no measurement: others may run at the same time. */
  @Test
  void everyBenchmarkRuns() throws RunnerException {
    System.setProperty(IGNORE_LOCK, "true");
    try {
      runEach();
    } finally {
      System.clearProperty(IGNORE_LOCK);
    }
  }

  private static void runEach() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                options()
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50))
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    assertEquals(RESULTS, results.size());
    for (RunResult result : results) {
      assertTrue(result.getPrimaryResult().getScore() > 0, () -> name(result));
    }
    Set<String> names =
        results.stream()
            .map(result -> result.getPrimaryResult().getLabel())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(
        Set.of(
            "crc32c",
            "decodeRead",
            "decodeWriteOf4KiB",
            "encodeDataInOf4KiB",
            "readOf4KiB",
            "testUnitReady",
            "writeOf4KiB"),
        names);
  }

  @Test
  @Tag("long")
  void figures() throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                options()
                    .forks(3)
                    .warmupIterations(5)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(5)
                    .measurementTime(TimeValue.seconds(1))
                    .addProfiler(GCProfiler.class)
                    .jvmArgsAppend("-Xms512m", "-Xmx512m")
                    .build())
            .run();
    assertEquals(RESULTS, results.size());
    System.out.println("| benchmark | ns | ± (99.9 %) | bytes allocated |");
    System.out.println("|---|---|---|---|");
    for (RunResult result : results) {
      Result<?> time = result.getPrimaryResult();
      Result<?> allocated = allocated(result);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.0f | %.0f |%n",
          name(result),
          time.getScore(),
          time.getScoreError(),
          allocated.getScore());
    }
  }

  /** What every benchmark must have been measured with; its name has had a prefix. */
  private static Result<?> allocated(RunResult result) {
    return result.getSecondaryResults().entrySet().stream()
        .filter(each -> each.getKey().endsWith(ALLOCATED))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  private static String name(RunResult result) {
    String parameters =
        result.getParams().getParamsKeys().stream()
            .map(key -> " " + key + "=" + result.getParams().getParam(key))
            .collect(Collectors.joining());
    return result.getPrimaryResult().getLabel() + parameters;
  }
}
