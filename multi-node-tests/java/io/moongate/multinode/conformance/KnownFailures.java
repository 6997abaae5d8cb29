package io.moongate.multinode.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The tests that are known to fail, with the reason of each. The list may only shrink. */
public record KnownFailures(Map<String, String> reasons) {

  /**
   * Reads lines of {@code Suite.Test reason}; empty lines and those that begin with # are passed
   * over.
   */
  public static KnownFailures read(Path file) {
    Map<String, String> reasons = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        String[] parts = line.strip().split("\\s+", 2);
        if (parts.length < 2) {
          throw new AssertionError(file + ": no reason for " + line);
        }
        if (reasons.put(parts[0], parts[1]) != null) {
          throw new AssertionError(file + " names " + parts[0] + " twice");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new KnownFailures(reasons);
  }
}
