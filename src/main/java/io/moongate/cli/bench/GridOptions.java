package io.moongate.cli.bench;

import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Options that say what is asked: every combination of what they list. */
final class GridOptions {

  /** A named grid; an option of its own replaces what it says of that. */
  enum Named {
    SHORT(
        List.of(Operation.READ, Operation.WRITE),
        List.of(4 << 10, 128 << 10),
        List.of(1, 32),
        List.of(1),
        List.of(AccessPattern.SEQUENTIAL),
        List.of(Switch.OFF),
        List.of(Cell.Path.AO)),
    FULL(
        List.of(Operation.READ, Operation.WRITE, Operation.MIXED),
        List.of(4 << 10, 16 << 10, 128 << 10, 1 << 20),
        List.of(1, 32, 128),
        List.of(1, 4, 16),
        List.of(AccessPattern.SEQUENTIAL, AccessPattern.RANDOM),
        List.of(Switch.OFF, Switch.ON),
        List.of(Cell.Path.AO, Cell.Path.ANO));

    private final List<Operation> operations;
    private final List<Integer> sizes;
    private final List<Integer> depths;
    private final List<Integer> sessions;
    private final List<AccessPattern> patterns;
    private final List<Switch> digests;
    private final List<Cell.Path> paths;

    Named(
        List<Operation> operations,
        List<Integer> sizes,
        List<Integer> depths,
        List<Integer> sessions,
        List<AccessPattern> patterns,
        List<Switch> digests,
        List<Cell.Path> paths) {
      this.operations = operations;
      this.sizes = sizes;
      this.depths = depths;
      this.sessions = sessions;
      this.patterns = patterns;
      this.digests = digests;
      this.paths = paths;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  enum Switch {
    OFF,
    ON;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--grid",
      paramLabel = "NAME",
      defaultValue = "short",
      description = {
        "What is measured where nothing else is said: short, or full, which takes hours: read, write"
            + " and mixed, of 4, 16, 128 KiB and 1 MiB, 1, 32 and 128 at a time, in 1, 4 and 16"
            + " sessions, sequential and random, digests off and on, by both paths (default:"
            + " ${DEFAULT-VALUE})."
      })
  private Named grid;

  @Option(
      names = "--operations",
      paramLabel = "LIST",
      split = ",",
      description = "Of read, write, and mixed: 70 reads of 100 (short: read,write).")
  private List<Operation> operations = List.of();

  @Option(
      names = "--sizes",
      paramLabel = "LIST",
      split = ",",
      description = "Bytes of one operation, 512 to 1048576 (short: 4096,131072).")
  private List<Integer> sizes = List.of();

  @Option(
      names = "--depths",
      paramLabel = "LIST",
      split = ",",
      description = "Operations of a session at a time, 1 to 256 (short: 1,32).")
  private List<Integer> depths = List.of();

  @Option(
      names = "--sessions",
      paramLabel = "LIST",
      split = ",",
      description = "1 to 256 (short: 1).")
  private List<Integer> sessions = List.of();

  @Option(
      names = "--patterns",
      paramLabel = "LIST",
      split = ",",
      description = "Of sequential and random (short: sequential).")
  private List<AccessPattern> patterns = List.of();

  @Option(
      names = "--digests",
      paramLabel = "LIST",
      split = ",",
      description = "Of off and on: CRC32C of headers and data (short: off).")
  private List<Switch> digests = List.of();

  @Option(
      names = "--paths",
      paramLabel = "LIST",
      split = ",",
      description =
          "Of ao, through the gateway that owns the LUN, and ano, through another one, which relays"
              + " (short: ao).")
  private List<Cell.Path> paths = List.of();

  /**
   * All that is to be measured.
   *
   * @throws ParameterException when something can't be
   */
  List<Cell> cells() {
    List<Integer> bytes = or(sizes, grid.sizes);
    requireAll("--sizes", bytes, 512, 1 << 20);
    requireAll("--depths", depths, 1, 256);
    requireAll("--sessions", sessions, 1, 256);
    if (bytes.stream().anyMatch(size -> size % 512 != 0)) {
      throw usage("--sizes are multiples of 512");
    }
    List<Cell> cells = new ArrayList<>();
    for (Cell.Path path : or(paths, grid.paths)) {
      for (Switch digest : or(digests, grid.digests)) {
        for (AccessPattern pattern : or(patterns, grid.patterns)) {
          for (int number : or(sessions, grid.sessions)) {
            add(cells, bytes, number, pattern, digest == Switch.ON, path);
          }
        }
      }
    }
    return cells;
  }

  private void add(
      List<Cell> cells,
      List<Integer> bytes,
      int number,
      AccessPattern pattern,
      boolean digest,
      Cell.Path path) {
    for (int size : bytes) {
      for (int depth : or(depths, grid.depths)) {
        for (Operation operation : or(operations, grid.operations)) {
          cells.add(new Cell(operation, size, depth, number, pattern, digest, path));
        }
      }
    }
  }

  private static <T> List<T> or(List<T> said, List<T> otherwise) {
    return said.isEmpty() ? otherwise : said;
  }

  private void requireAll(String option, List<Integer> values, int low, int high) {
    for (int value : values) {
      if (value < low || value > high) {
        throw usage("%s %d is not of %d to %d".formatted(option, value, low, high));
      }
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
