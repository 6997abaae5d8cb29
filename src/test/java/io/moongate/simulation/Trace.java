package io.moongate.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What happened in a run, for people. */
interface Trace {
  /** Keeps nothing, and costs nothing. */
  Trace OFF = (now, line) -> {};

  /** Notes what happened at an instant. */
  void line(long worldNanos, Supplier<String> line);

  /** Keeps every line. */
  final class Kept implements Trace {
    private final List<String> lines = new ArrayList<>();

    @Override
    public void line(long worldNanos, Supplier<String> line) {
      lines.add("%11.6f %s".formatted(worldNanos / 1e9, line.get()));
    }

    List<String> lines() {
      return lines;
    }

    void save(Path file) {
      try {
        Files.createDirectories(file.getParent());
        Files.write(file, lines);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
