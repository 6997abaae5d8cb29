package io.moongate.multinode.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a Linux host went through: a table of stalls, a row a fault, and what {@code multipath -ll}
 * printed around each.
 */
public final class HostReport {
  private static final String HEADER =
      """
      | fault | longest operation, ms | while all becomes whole again, ms | blocks of 4 KiB written | verified | errors |
      |---|---|---|---|---|---|
      """;

  private final Path table;
  private final Path paths;
  private final String settings;

  /**
   * @param directory for {@code linux-host.md} and {@code linux-host-paths.txt}, which are begun
   *     anew
   * @param settings what the rows say of how the gateways are set; may be empty
   */
  public HostReport(Path directory, String settings) {
    this.table = directory.resolve("linux-host.md");
    this.paths = directory.resolve("linux-host-paths.txt");
    this.settings = settings;
    try {
      Files.createDirectories(directory);
      Files.writeString(table, HEADER);
      Files.writeString(paths, "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keeps what was printed at a time. */
  public void paths(String when, String printed) {
    add(paths, "==== %s%n%s%n".formatted(when, printed));
  }

  /**
   * Keeps a row.
   *
   * @param seen by fio, during the fault and then, where there is such a time, until all was whole
   */
  public void row(String fault, List<FioLoad.Seen> seen) {
    List<String> cells = new ArrayList<>();
    cells.add(settings.isEmpty() ? fault : fault + ", " + settings);
    cells.add(millis(seen.get(0).longest()));
    cells.add(seen.size() == 1 ? "" : millis(seen.get(1).longest()));
    cells.add(Long.toString(seen.stream().mapToLong(FioLoad.Seen::written).sum()));
    cells.add(Long.toString(seen.stream().mapToLong(FioLoad.Seen::verified).sum()));
    cells.add(Long.toString(seen.stream().mapToLong(FioLoad.Seen::errors).sum()));
    add(table, "| %s |%n".formatted(String.join(" | ", cells)));
    seen.forEach(part -> part.slow().forEach(slow -> System.out.println("  " + slow)));
  }

  private static String millis(Duration time) {
    return Long.toString(time.toMillis());
  }

  private static void add(Path file, String text) {
    System.out.print(text);
    try {
      Files.writeString(file, text, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
