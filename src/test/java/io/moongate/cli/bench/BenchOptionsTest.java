package io.moongate.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Operation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/** What can be asked for, and what is refused before anything is started. */
class BenchOptionsTest {

  @Command
  private static final class Asked {
    @Mixin private GridOptions grid;
  }

  private static List<Cell> cells(String... arguments) {
    Asked asked = new Asked();
    new CommandLine(asked).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return asked.grid.cells();
  }

  @Test
  void theShortGridIsPlain() {
    List<Cell> cells = cells();
    assertEquals(8, cells.size());
    assertTrue(cells.stream().allMatch(Cell::plain));
    assertEquals(new Cell(Operation.READ, 4096, 1), cells.get(0));
    assertEquals(new Cell(Operation.WRITE, 131072, 32), cells.get(7));
  }

  @Test
  void theFullGridHasEveryCombinationOnce() {
    List<Cell> cells = cells("--grid", "full");
    assertEquals(3 * 4 * 3 * 3 * 2 * 2 * 2, cells.size());
    assertEquals(cells.size(), new HashSet<>(cells).size());
  }

  @Test
  void whatIsSaidReplacesWhatTheGridSays() {
    List<Cell> cells =
        cells(
            "--operations",
            "mixed",
            "--sizes",
            "16384",
            "--depths",
            "8",
            "--sessions",
            "4",
            "--patterns",
            "random",
            "--digests",
            "on",
            "--paths",
            "ano");
    assertEquals(
        List.of(new Cell(Operation.MIXED, 16384, 8, 4, AccessPattern.RANDOM, true, Cell.Path.ANO)),
        cells);
    assertFalse(cells.get(0).plain());
    assertEquals(
        "mixed of 16 KiB, 8 at a time, in each of 4 sessions, random, with digests, through ano",
        cells.get(0).toString());
  }

  @Test
  void whatCantBeIsRefused() {
    assertThrows(ParameterException.class, () -> cells("--sizes", "1000"));
    assertThrows(ParameterException.class, () -> cells("--sizes", "2097152"));
    assertThrows(ParameterException.class, () -> cells("--sessions", "0"));
    assertThrows(ParameterException.class, () -> cells("--depths", "257"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--against none,tgt",
        "--against floor --client qemu",
        "--client qemu --sessions 4",
        "--against none --plot x.svg",
        "--rounds 0",
        "latency --load 1",
        "latency --duration 1d",
        "latency --against floor",
        "latency --sessions 257",
        "load --portal 127.0.0.1 --target iqn.2026-11.io.moongate:x",
        "load --portal 127.0.0.1:3260 --target iqn.2026-11.io.moongate:x --operation write",
        "load --portal 127.0.0.1:3260 --target iqn.2026-11.io.moongate:x --size 100"
      })
  void nothingIsStartedFor(String arguments) {
    StringWriter err = new StringWriter();
    CommandLine command =
        new CommandLine(new BenchCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setErr(new PrintWriter(err));
    assertEquals(2, command.execute(arguments.split(" ", -1)), err::toString);
  }

  @Test
  void pausesAreThoseSinceTheLastLook(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("gc.log");
    Files.writeString(
        file,
        """
        [0.012s] Using G1
        [1.5s] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 23M->4M(256M) 4.250ms
        [1.6s] GC(1) Concurrent Mark Cycle
        """);
    GcLog log = new GcLog(file);
    assertEquals(new GcLog.Pauses(1, 4.25, 4.25), log.next());
    assertEquals(GcLog.Pauses.NONE, log.next());
    Files.writeString(
        file,
        Files.readString(file)
            + "[2s] GC(1) Pause Remark 5M->5M(256M) 1.500ms\n[2s] GC(1) Pause Cleanup 5M->5M(256M) 0.500ms\n");
    assertEquals(new GcLog.Pauses(2, 2.0, 1.5), log.next());
  }
}
