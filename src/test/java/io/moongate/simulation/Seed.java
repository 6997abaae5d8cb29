package io.moongate.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Runs of one seed. */
final class Seed {
  private Seed() {}

  static Path traceFile(long seed) {
    return Path.of("target", "simulation", "seed-" + seed + ".txt");
  }

  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a world; one that fails is run once more, for its trace. */
  static World.Result run(long seed, World.Settings settings) {
    try {
      return new World(seed, settings, Trace.OFF).run();
    } catch (RuntimeException | Violation failure) {
      Trace.Kept trace = new Trace.Kept();
      try {
        new World(seed, settings, trace).run();
      } catch (Violation again) {
        // Its last line says so.
      } catch (RuntimeException again) {
        trace.line(0, again::toString);
      }
      trace.save(traceFile(seed));
      System.out.println(
          "failed: seed %d, %s; its trace is %s".formatted(seed, settings, traceFile(seed)));
      throw failure;
    }
  }

  /**
   * Looks for a seed whose run fails.
   *
   * @throws AssertionError when none of them does
   */
  static long find(World.Settings settings, long first, long most) {
    for (long seed = first; seed < first + most; seed++) {
      try {
        new World(seed, settings, Trace.OFF).run();
      } catch (Violation found) {
        System.out.println(settings + ": " + found.getMessage());
        return seed;
      }
    }
    throw new AssertionError("%s: nothing was noticed in %d seeds".formatted(settings, most));
  }
}
