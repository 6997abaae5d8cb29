package io.moongate.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Whatever happens to a whole cluster: the promise holds after every step, and in the end
 * everything is served again. A run that fails names its seed and leaves its trace in {@code
 * target/simulation}; {@code -Dmoongate.simulation.seed=N -Dmoongate.simulation.seeds=1} runs it
 * again, the same to the last step.
 */
@Execution(ExecutionMode.CONCURRENT)
@ExtendWith(Quiet.class)
class SimulationTest {
  /** Seeds that another process runs as well. */
  private static final long REPLAYED = Long.getLong("moongate.simulation.replayed", 100);

  private static final long MANY = Long.getLong("moongate.simulation.seeds", 3_000);
  private static final long LONG = Long.getLong("moongate.simulation.long", 20_000);

  /** The same seeds each time, so that a red run is about what was changed. */
  @Test
  void thePromiseHoldsWhateverHappens() {
    run(MANY, 1);
  }

  @Test
  @Tag("long")
  void andInMoreWorlds() {
    run(LONG, new Random().nextInt(1 << 30));
  }

  private static void run(long seeds, long otherwise) {
    long first = Long.getLong("moongate.simulation.seed", otherwise);
    System.out.println("SimulationTest: " + seeds + " seeds from " + first);
    long steps = 0;
    long operations = 0;
    long repeated = 0;
    long ownerships = 0;
    long claimed = 0;
    long handedOver = 0;
    long worldNanos = 0;
    long start = System.nanoTime();
    for (long seed = first; seed < first + seeds; seed++) {
      World.Result result = Seed.run(seed, ofSeed(seed));
      steps += result.steps();
      operations += result.operations();
      repeated += result.repeated();
      ownerships += result.ownerships();
      claimed += result.claimed();
      handedOver += result.handedOver();
      worldNanos += result.worldNanos();
    }
    System.out.printf(
        "SimulationTest: %d steps (%d a second), %d s of the worlds' time, %d operations of which"
            + " %d were sent again, %d ownerships of which %d were claimed and %d handed over%n",
        steps,
        (long) (steps / ((System.nanoTime() - start) / 1e9)),
        worldNanos / Scheduler.SECOND,
        operations,
        repeated,
        ownerships,
        claimed,
        handedOver);
    // The runs were worth something.
    assertTrue(operations > 10 * seeds, "few operations from seed " + first);
    assertTrue(seeds < 10 || repeated > seeds, "little went wrong from seed " + first);
    assertTrue(seeds < 10 || ownerships > 2 * seeds, "few ownerships from seed " + first);
    assertTrue(seeds < 10 || 2 * claimed > seeds, "few claims from seed " + first);
    assertTrue(seeds < 10 || 3 * handedOver > seeds, "few hand-overs from seed " + first);
  }

  /** Every third world has a plain file, on a machine whose file system does not hang. */
  private static World.Settings ofSeed(long seed) {
    return World.Settings.PRODUCT.on(seed % 3 == 0 ? Disk.Kind.PLAIN_FILE : Disk.Kind.FENCES);
  }

  @Test
  void theSameSeedIsTheSameRun() {
    for (long seed = 1; seed <= 3; seed++) {
      Trace.Kept one = new Trace.Kept();
      Trace.Kept other = new Trace.Kept();
      World.Result result = new World(seed, World.Settings.PRODUCT, one).run();
      assertEquals(result, new World(seed, World.Settings.PRODUCT, other).run());
      assertEquals(one.lines(), other.lines());
      assertTrue(one.lines().size() > 50);
    }
  }

  /** Sets iterate in another order in each process: nothing may depend on that. */
  @Test
  void andInEveryProcess() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Replay.class.getName(),
                "1",
                String.valueOf(REPLAYED))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> there;
    try (BufferedReader lines = other.inputReader()) {
      there = lines.lines().filter(line -> line.startsWith("seed ")).collect(Collectors.toList());
    }
    assertEquals(0, other.waitFor());
    assertEquals(Replay.of(1, REPLAYED), there);
  }

  @Test
  void aFailureLeavesItsTrace() {
    long seed = Seed.find(World.Settings.PRODUCT.without(Mutation.LEASE_NOT_ASKED), 1, 300);
    Path file = Seed.traceFile(seed);
    Violation failure = null;
    try {
      Seed.run(seed, World.Settings.PRODUCT.without(Mutation.LEASE_NOT_ASKED));
    } catch (Violation expected) {
      failure = expected;
    }
    assertTrue(failure != null, "seed " + seed + " does not fail again");
    List<String> lines = Seed.lines(file);
    assertTrue(lines.get(lines.size() - 1).contains("VIOLATION"), () -> file + " ends otherwise");
  }
}
