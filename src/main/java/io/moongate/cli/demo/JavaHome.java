package io.moongate.cli.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An installed Java.
 *
 * @param feature the version's first number: 17, 25, …
 */
record JavaHome(Path path, int feature) {

  /**
   * Cassandra 5.0 is made for 11 and 17, and does not start on what came later; 17 is what we test.
   */
  static final int CASSANDRA_FEATURE = 17;

  static final String CASSANDRA_VARIABLE = "MOONGATE_CASSANDRA_JAVA_HOME";

  private static final Pattern VERSION = Pattern.compile("(?m)^JAVA_VERSION=\"(?:1\\.)?(\\d+)");
  private static final List<String> USUAL_PLACES =
      List.of(
          "/usr/lib/jvm", "/usr/java", "/opt", "/opt/java", "/Library/Java/JavaVirtualMachines");

  Path executable() {
    return path.resolve("bin").resolve("java");
  }

  /** The Java that runs this. */
  static JavaHome running() {
    return new JavaHome(Path.of(System.getProperty("java.home")), Runtime.version().feature());
  }

  /** Reads a home's {@code release} file; empty when it is none or its version can't be told. */
  static Optional<JavaHome> at(Path path) {
    try {
      Path release = path.resolve("release");
      if (!Files.isExecutable(path.resolve("bin").resolve("java"))
          || !Files.isRegularFile(release)) {
        return Optional.empty();
      }
      OptionalInt feature = feature(Files.readString(release));
      return feature.isPresent()
          ? Optional.of(new JavaHome(path, feature.getAsInt()))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The feature version that a {@code release} file names. */
  static OptionalInt feature(String release) {
    Matcher matcher = VERSION.matcher(release);
    return matcher.find()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  /**
   * The Java for Cassandra: the one that {@value #CASSANDRA_VARIABLE} names, or the running one, or
   * one in the usual places.
   *
   * @throws DemoException when there is none of the version that Cassandra needs
   */
  static JavaHome forCassandra(Map<String, String> environment) {
    String named = environment.getOrDefault(CASSANDRA_VARIABLE, "");
    if (!named.isBlank()) {
      return at(Path.of(named))
          .filter(home -> home.feature() == CASSANDRA_FEATURE)
          .orElseThrow(
              () ->
                  new DemoException(
                      "%s=%s is not a JDK %d, which Cassandra 5.0 needs"
                          .formatted(CASSANDRA_VARIABLE, named, CASSANDRA_FEATURE)));
    }
    return candidates(environment)
        .filter(home -> home.feature() == CASSANDRA_FEATURE)
        .findFirst()
        .orElseThrow(
            () ->
                new DemoException(
                    ("Cassandra 5.0 needs a JDK %d (this is %d, and Cassandra does not run on it), and none was"
                            + " found. Install one (Debian: openjdk-17-jre-headless) or set %s to its home.")
                        .formatted(CASSANDRA_FEATURE, running().feature(), CASSANDRA_VARIABLE)));
  }

  private static Stream<JavaHome> candidates(Map<String, String> environment) {
    List<Path> homes = new ArrayList<>();
    String javaHome = environment.getOrDefault("JAVA_HOME", "");
    if (!javaHome.isBlank()) {
      homes.add(Path.of(javaHome));
    }
    List<Path> places = new ArrayList<>(USUAL_PLACES.stream().map(Path::of).toList());
    places.add(Path.of(System.getProperty("user.home"), ".sdkman", "candidates", "java"));
    places.add(Path.of(System.getProperty("user.home"), ".jdks"));
    for (Path place : places) {
      for (Path entry : entries(place)) {
        homes.add(entry);
        homes.add(entry.resolve("Contents").resolve("Home"));
      }
    }
    return Stream.concat(
        Stream.of(running()), homes.stream().map(JavaHome::at).flatMap(Optional::stream));
  }

  private static List<Path> entries(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (IOException | UncheckedIOException e) {
      // A directory that we may not read is a place where we find nothing.
      return List.of();
    }
  }
}
