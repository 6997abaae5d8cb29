package io.moongate.model;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs TLC on a module of docs/model, in a process of its own and in a directory of its own under
 * {@code target}: it leaves files beside what it checks.
 */
final class Tlc {
  /** What TLC says of any temporal property that is violated: it does not name it. */
  static final String TEMPORAL = "temporal-property";

  private static final Path MODEL = Path.of("docs", "model");
  private static final Path RUNS = Path.of("target", "model");

  /** The archive of TLC's classes, made by the first run. */
  private static final Path CLASSES = RUNS.resolve("tlc.jsa").toAbsolutePath();

  private static final AtomicInteger RUN = new AtomicInteger();

  /** Only a bound for a TLC that hangs. */
  private static final long BOUND_MINUTES = 60;

  private static final Pattern STATES = Pattern.compile("([0-9]+) distinct states found, 0 states");
  private static final Pattern INVARIANT =
      Pattern.compile("Error: (?:Invariant|Action property) (\\w+) is violated");
  private static final Pattern RULE = Pattern.compile("Has\\(\"([a-z-]+)\"\\)");

  private Tlc() {}

  /**
   * What to check.
   *
   * @param without the rule that is left out; "nothing" for none
   * @param constants that differ from those of the module's configuration
   */
  record Check(
      String module,
      String name,
      String without,
      boolean fair,
      Map<String, String> constants,
      List<String> invariants,
      List<String> properties) {

    static Check of(String module, String name) {
      return new Check(module, name, "nothing", false, Map.of(), List.of(), List.of());
    }

    Check with(String constant, String value) {
      Map<String, String> more = new TreeMap<>(constants);
      more.put(constant, value);
      return new Check(module, name, without, fair, more, invariants, properties);
    }

    Check without(String rule) {
      return new Check(module, name, rule, fair, constants, invariants, properties);
    }

    /** With the assumptions of fairness that liveness needs. */
    Check live() {
      return new Check(module, name, without, true, constants, invariants, properties);
    }

    /** Separated by blanks. */
    Check invariants(String names) {
      return new Check(
          module, name, without, fair, constants, List.of(names.split(" ")), properties);
    }

    Check property(String property) {
      List<String> more = new ArrayList<>(properties);
      more.add(property);
      return new Check(module, name, without, fair, constants, invariants, more);
    }

    @Override
    public String toString() {
      return module + (without.equals("nothing") ? " " + name : " without " + without);
    }

    private String configuration() throws IOException {
      StringBuilder text = new StringBuilder();
      text.append("SPECIFICATION ").append(fair ? "Spec" : "Safety").append('\n');
      text.append("CHECK_DEADLOCK FALSE\nCONSTANTS\n");
      Map<String, String> all = new TreeMap<>(constantsOf(module));
      constants.forEach(
          (constant, value) -> {
            if (all.put(constant, value) == null) {
              throw new IllegalArgumentException("there is no constant " + constant);
            }
          });
      all.put("Without", "\"" + without + "\"");
      all.forEach((constant, value) -> text.append("  %s = %s%n".formatted(constant, value)));
      invariants.forEach(invariant -> text.append("INVARIANT ").append(invariant).append('\n'));
      properties.forEach(property -> text.append("PROPERTY ").append(property).append('\n'));
      return text.toString();
    }
  }

  /**
   * What came of it.
   *
   * @param violated the invariant or property; "nothing" when TLC found no error
   * @param states distinct ones, when all were visited
   * @param text all that TLC said
   */
  record Outcome(String violated, long states, String text) {}

  /**
   * The constants of a module's own configuration, which is also the one to run it by hand with.
   */
  private static Map<String, String> constantsOf(String module) throws IOException {
    Map<String, String> constants = new TreeMap<>();
    for (String line : Files.readAllLines(MODEL.resolve(module + ".cfg"))) {
      if (line.startsWith("  ")) {
        String[] parts = line.split(" = ", 2);
        constants.put(parts[0].strip(), parts[1].strip());
      }
    }
    return constants;
  }

  /** The rules that a module can leave out. */
  static List<String> rules(String module) throws IOException {
    Matcher rules = RULE.matcher(Files.readString(MODEL.resolve(module + ".tla")));
    return rules.results().map(found -> found.group(1)).distinct().sorted().toList();
  }

  static Outcome run(Check check) throws IOException, InterruptedException {
    Path directory =
        RUNS.resolve(
            "%02d-%s".formatted(RUN.incrementAndGet(), check.toString().replace(' ', '-')));
    deleteAll(directory.toFile());
    Files.createDirectories(directory);
    String module = check.module() + ".tla";
    Files.copy(
        MODEL.resolve(module), directory.resolve(module), StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(directory.resolve("check.cfg"), check.configuration());
    Path log = directory.resolve("tlc.log").toAbsolutePath();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    // Most runs are over before a better compiler would pay, and a third of them is loading
    // classes.
    command.add("-XX:TieredStopAtLevel=1");
    Path archive = directory.resolve("tlc.jsa").toAbsolutePath();
    command.add(
        Files.exists(CLASSES)
            ? "-XX:SharedArchiveFile=" + CLASSES
            : "-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(List.of("-Xshare:auto", "-Xlog:disable"));
    command.addAll(List.of("-Xmx1g", "-Djava.io.tmpdir=" + directory.toAbsolutePath()));
    command.addAll(List.of("-cp", jar(), "tlc2.TLC", "-workers", "1"));
    command.addAll(List.of("-metadir", "states", "-config", "check.cfg", module));
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(BOUND_MINUTES, TimeUnit.MINUTES)) {
        throw new IllegalStateException("TLC did not end: " + log);
      }
      if (Files.exists(archive)) {
        // At once: another check that runs beside may look for it.
        Files.move(archive, CLASSES, StandardCopyOption.ATOMIC_MOVE);
      }
    } finally {
      process.destroyForcibly().waitFor();
      deleteAll(directory.resolve("states").toFile());
    }
    Outcome outcome =
        outcome("%s\nexit status %d".formatted(Files.readString(log), process.exitValue()));
    System.out.printf("%s: %s%n", check, summary(outcome));
    return outcome;
  }

  private static Outcome outcome(String text) {
    Matcher visited = STATES.matcher(text);
    long states = 0;
    while (visited.find()) {
      states = Long.parseLong(visited.group(1));
    }
    Matcher invariant = INVARIANT.matcher(text);
    String violated;
    if (invariant.find()) {
      violated = invariant.group(1);
    } else if (text.contains("Error: Temporal properties were violated")) {
      violated = TEMPORAL;
    } else if (text.contains("Model checking completed. No error has been found.")
        && !text.contains("Error:")) {
      violated = "nothing";
    } else {
      throw new IllegalStateException("TLC could not check it:\n" + text);
    }
    return new Outcome(violated, states, text);
  }

  private static String summary(Outcome outcome) {
    return outcome.violated().equals("nothing")
        ? "holds in all of its %d states".formatted(outcome.states())
        : outcome.violated() + " is violated";
  }

  private static String jar() {
    try {
      return Path.of(tlc2.TLC.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void deleteAll(File file) throws IOException {
    File[] inside = file.listFiles();
    if (inside != null) {
      for (File one : inside) {
        deleteAll(one);
      }
    }
    Files.deleteIfExists(file.toPath());
  }
}
