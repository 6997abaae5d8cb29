package io.moongate.cli.bench;

import io.moongate.cli.demo.DemoDirectory;
import io.moongate.cli.demo.DemoException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a JVM writes of its collections: the pauses since the last look. */
final class GcLog {
  private static final Pattern PAUSE = Pattern.compile("Pause .* ([0-9.]+)ms$");

  private final Path file;
  private int seen;

  /**
   * Pauses of collections.
   *
   * @param total milliseconds of all
   * @param longest milliseconds
   */
  record Pauses(int count, double total, double longest) {
    static final Pauses NONE = new Pauses(0, 0, 0);

    Pauses and(Pauses other) {
      return new Pauses(count + other.count, total + other.total, Math.max(longest, other.longest));
    }
  }

  GcLog(Path file) {
    this.file = file;
  }

  /** The option that has every JVM of a cluster write one. */
  static List<String> option(DemoDirectory directory) {
    return List.of("-Xlog:gc:file=%s:uptime:filecount=0".formatted(path(directory, "%p")));
  }

  /** That of a process which was started with {@link #option}. */
  static GcLog of(DemoDirectory directory, long pid) {
    return new GcLog(path(directory, Long.toString(pid)));
  }

  private static Path path(DemoDirectory directory, String pid) {
    return directory.log("gc-" + pid);
  }

  /** Those that were not told before. */
  Pauses next() {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new DemoException("can't read %s: %s".formatted(file, e), e);
    }
    Pauses pauses = Pauses.NONE;
    for (String line : lines.subList(Math.min(seen, lines.size()), lines.size())) {
      Optional<Double> pause = pause(line);
      if (pause.isPresent()) {
        pauses = pauses.and(new Pauses(1, pause.get(), pause.get()));
      }
    }
    seen = lines.size();
    return pauses;
  }

  /** Milliseconds of the pause that a line tells of. */
  private static Optional<Double> pause(String line) {
    Matcher matcher = PAUSE.matcher(line);
    return matcher.find() ? Optional.of(Double.valueOf(matcher.group(1))) : Optional.empty();
  }
}
