package io.moongate.multinode.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The tests that are known to fail, with the reason of each. The list may only shrink.
 *
 * @param failures by the test's name
 */
public record KnownFailures(Map<String, Failure> failures) {

  /**
   * A test that is known to fail.
   *
   * @param kinds of unit that it fails on, as ConformanceIT calls them; empty for every kind
   * @param reason the clause that it contradicts
   */
  public record Failure(Set<String> kinds, String reason) {}

  /**
   * Reads lines of {@code Suite.Test :: kinds, with commas between them, or every :: reason}; empty
   * lines and those that begin with # are passed over.
   */
  public static KnownFailures read(Path file) {
    Map<String, Failure> failures = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        String[] parts = line.split("::", 3);
        if (parts.length < 3 || parts[1].isBlank() || parts[2].isBlank()) {
          throw new AssertionError(file + ": not a test, kinds of unit and a reason: " + line);
        }
        Set<String> kinds =
            Arrays.stream(parts[1].split(","))
                .map(String::strip)
                .filter(kind -> !kind.equals("every"))
                .collect(Collectors.toUnmodifiableSet());
        if (failures.put(parts[0].strip(), new Failure(kinds, parts[2].strip())) != null) {
          throw new AssertionError(file + " names " + parts[0] + " twice");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new KnownFailures(failures);
  }

  /**
   * Whether a test is to fail.
   *
   * @param kind of the unit, also by two paths
   */
  public boolean expects(String test, String kind) {
    Failure failure = failures.get(test);
    String one =
        kind.endsWith(Exclusions.BY_TWO_PATHS)
            ? kind.substring(0, kind.length() - Exclusions.BY_TWO_PATHS.length())
            : kind;
    return failure != null && (failure.kinds().isEmpty() || failure.kinds().contains(one));
  }
}
