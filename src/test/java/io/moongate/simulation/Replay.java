package io.moongate.simulation;

import java.util.ArrayList;
import java.util.List;

/** Runs seeds and says what each came to, to be compared with another process. */
final class Replay {
  private Replay() {}

  /** Of each seed from the first one: how long its trace was, and a hash of it. */
  static List<String> of(long first, long seeds) {
    List<String> runs = new ArrayList<>();
    for (long seed = first; seed < first + seeds; seed++) {
      Trace.Kept trace = new Trace.Kept();
      new World(seed, World.Settings.PRODUCT, trace).run();
      runs.add(
          "seed %d: %d lines, %08x"
              .formatted(seed, trace.lines().size(), trace.lines().hashCode()));
    }
    return runs;
  }

  public static void main(String[] arguments) {
    of(Long.parseLong(arguments[0]), Long.parseLong(arguments[1])).forEach(System.out::println);
  }
}
