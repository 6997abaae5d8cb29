package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The gateway of a former version: the commit that {@code multi-node-tests/previous-build} names,
 * taken from the repository of this source tree and built as its own launcher builds it. It is kept
 * in the tests' output until it is cleaned.
 */
public final class PreviousBuild {
  private static final Duration BUILD_BOUND = Duration.ofMinutes(15);
  private static final Duration GIT_BOUND = Duration.ofMinutes(2);
  private static final String NAMED = "previous-build";
  private static final String MAVEN_OPTIONS = "MOONGATE_MAVEN_OPTS";

  private PreviousBuild() {}

  /**
   * Builds it, unless that was done before.
   *
   * @param today the build of this source tree, whose Cassandra it runs on
   * @throws IllegalStateException that says what to do, when this is no repository or lacks it
   */
  public static Installation of(Installation today) {
    String commit = commit(today.testFile(NAMED));
    requireAncestor(today.home(), commit);
    Path home = today.output().resolve(NAMED).resolve(commit);
    Path stamp = home.resolve("target").resolve(".complete");
    try {
      if (!Files.exists(stamp)) {
        long began = System.nanoTime();
        export(today.home(), commit, home);
        // What it would fetch: it is the same.
        Files.createDirectories(home.resolve("target"));
        Files.createSymbolicLink(
            home.resolve("target").resolve("cassandra"),
            today.home().resolve("target").resolve("cassandra"));
        build(home);
        Files.createFile(stamp);
        System.out.printf(
            "%s was built within %.0f s%n", commit, (System.nanoTime() - began) / 1e9);
      }
      return Installation.in(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The commit that a file names on its only line that is no comment. */
  static String commit(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      List<String> named =
          lines
              .map(String::strip)
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .toList();
      if (named.size() != 1 || !named.get(0).matches("[0-9a-f]{40}")) {
        throw new IllegalStateException(
            "%s: expected one commit in full, 40 hexadecimal digits, and not %s"
                .formatted(file, named));
      }
      return named.get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails when it is not in the history of what is checked out there. */
  static void requireAncestor(Path home, String commit) {
    Path log = log(home, "git.log");
    List<String> git = List.of("git", "-C", home.toString());
    if (run(git, List.of("rev-parse", "--git-dir"), Map.of(), home, log, GIT_BOUND) != 0) {
      throw new IllegalStateException(
          "%s is not in a git repository, from which the former version is built: run this test in a clone; %s"
              .formatted(home, read(log)));
    }
    if (run(git, List.of("cat-file", "-e", commit + "^{commit}"), Map.of(), home, log, GIT_BOUND)
        != 0) {
      throw new IllegalStateException(
          "the repository of %s lacks %s, which multi-node-tests/%s names: if the clone is shallow, `git fetch --unshallow`; %s"
              .formatted(home, commit, NAMED, read(log)));
    }
    List<String> ancestor = List.of("merge-base", "--is-ancestor", commit, "HEAD");
    if (run(git, ancestor, Map.of(), home, log, GIT_BOUND) != 0) {
      throw new IllegalStateException(
          "%s, which multi-node-tests/%s names, is no ancestor of what is checked out in %s; %s"
              .formatted(commit, NAMED, home, read(log)));
    }
  }

  private static void export(Path home, String commit, Path to) throws IOException {
    if (Files.exists(to)) {
      try (Stream<Path> tree = Files.walk(to)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(to);
    Path archive = to.resolveSibling(commit + ".tar");
    Path log = log(home, "git.log");
    List<String> git = List.of("git", "-C", home.toString());
    List<String> arguments = List.of("archive", "--output", archive.toString(), commit);
    require(run(git, arguments, Map.of(), home, log, GIT_BOUND), "git archive " + commit, log);
    List<String> unpack = List.of("-xf", archive.toString(), "-C", to.toString());
    require(run(List.of("tar"), unpack, Map.of(), to, log, GIT_BOUND), "tar -xf " + archive, log);
    Files.delete(archive);
  }

  private static void build(Path home) {
    Path log = home.resolveSibling(home.getFileName() + ".log");
    // Without a network, as tests may be; what it needs is what today's build needs.
    Map<String, String> environment =
        Map.of(MAVEN_OPTIONS, System.getenv().getOrDefault(MAVEN_OPTIONS, "-o"));
    int status =
        run(
            List.of(home.resolve("moongate").toString()),
            List.of("build"),
            environment,
            home,
            log,
            BUILD_BOUND);
    require(
        status,
        "the build of the former version in %s; where a plugin or a library of it was never fetched, once with a network and %s=-U"
            .formatted(home, MAVEN_OPTIONS),
        log);
  }

  private static void require(int status, String what, Path log) {
    if (status != 0) {
      throw new IllegalStateException(
          "%s ended with status %d; %s".formatted(what, status, read(log)));
    }
  }

  private static int run(
      List<String> command,
      List<String> arguments,
      Map<String, String> environment,
      Path directory,
      Path log,
      Duration bound) {
    List<String> line = new ArrayList<>(command);
    line.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(line).directory(directory.toFile());
    builder.environment().putAll(environment);
    builder.environment().remove("MOONGATE_NO_BUILD");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    try {
      Process running = builder.start();
      try {
        if (!running.waitFor(bound.toSeconds(), TimeUnit.SECONDS)) {
          throw new IllegalStateException(
              "%s has not ended after %d s; %s".formatted(line, bound.toSeconds(), read(log)));
        }
        return running.exitValue();
      } finally {
        running.descendants().forEach(ProcessHandle::destroyForcibly);
        running.destroyForcibly();
      }
    } catch (IOException e) {
      throw new IllegalStateException("%s can't be run: %s".formatted(line.get(0), e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static Path log(Path home, String name) {
    try {
      Path directory = home.resolve("target").resolve("multi-node").resolve(NAMED);
      return Files.createDirectories(directory).resolve(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log).strip();
    } catch (IOException e) {
      return e.toString();
    }
  }
}
