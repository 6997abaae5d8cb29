package io.moongate.multinode.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a test may leave out on a unit of one kind, because a unit can't be of two kinds at once:
 * thin and fully provisioned, for one. Each is tried on a unit of the other kind.
 *
 * @param reasons the tool's words when it leaves it out, and the kinds of unit that it is tried on
 *     instead, with commas between them; a kind is meant by two paths, too
 */
public record Exclusions(Map<String, String> reasons) {
  /** The end of a kind's name when there are two paths. */
  public static final String BY_TWO_PATHS = " by two paths";

  /** Reads lines of {@code the tool's words :: kinds of unit}; # begins a comment. */
  public static Exclusions read(Path file) {
    Map<String, String> reasons = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        String[] parts = line.split("::", 2);
        if (parts.length < 2 || parts[1].isBlank()) {
          throw new AssertionError(file + ": on which unit is it tried? " + line);
        }
        reasons.put(parts[0].strip(), parts[1].strip());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Exclusions(reasons);
  }

  /** What was left out without being excluded here for other kinds of unit than {@code kind}. */
  public List<String> inexcusable(TestCuReport.Case test, String kind) {
    return test.skips().stream().filter(skip -> isTried(skip, kind)).toList();
  }

  private boolean isTried(String skip, String kind) {
    for (String each : reasons.getOrDefault(skip, kind).split(",")) {
      String tried = each.strip();
      if (kind.equals(tried) || kind.equals(tried + BY_TWO_PATHS)) {
        return true;
      }
    }
    return false;
  }
}
