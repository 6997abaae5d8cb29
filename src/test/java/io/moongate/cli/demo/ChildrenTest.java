package io.moongate.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes of the shell, started and stopped. */
@Timeout(60)
class ChildrenTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path dir;

  private final Children children = new Children();

  @AfterEach
  void killLeftovers() {
    children.close();
    children.running().forEach(Child::kill);
  }

  private Child shell(String script) {
    return children.start("test", List.of("/bin/sh", "-c", script), Map.of(), dir.resolve("log"));
  }

  @Test
  void aChildThatEndedIsReportedWithTheEndOfItsOwnLog() throws Exception {
    Files.writeString(dir.resolve("log"), "of an earlier demo\n");
    Child first = shell("echo first; exit 3");
    assertTrue(first.awaitExit(LONG));
    Child second = shell("echo second; exit 4");
    assertTrue(second.awaitExit(LONG));
    DemoException told = assertThrows(DemoException.class, second::requireAlive);
    assertTrue(told.getMessage().contains("status 4"), told.getMessage());
    assertTrue(told.getMessage().contains("| second"), told.getMessage());
    assertFalse(told.getMessage().contains("first"), told.getMessage());
    assertEquals("first\nsecond\n", Files.readString(dir.resolve("log")));
    assertEquals("of an earlier demo\n", Files.readString(dir.resolve("log.1")));
  }

  @Test
  void whatIgnoresSigtermIsKilledAndNamed() throws Exception {
    Child stubborn = shell("trap '' TERM; echo deaf; while :; do sleep 1; done");
    Deadline.after(LONG)
        .poll(
            Duration.ofMillis(10),
            "the trap",
            () ->
                stubborn.logTail().contains("deaf")
                    ? java.util.Optional.of(true)
                    : java.util.Optional.empty(),
            stubborn::logTail);
    assertEquals(List.of("test"), children.stop(List.of(stubborn), Duration.ofMillis(200)));
    assertFalse(stubborn.alive());
    assertEquals(128 + 9, stubborn.exitStatus());
  }

  @Test
  void sigtermIsEnoughForMost() {
    Child child = shell("exec sleep 600");
    assertEquals(List.of(), children.stop(List.of(child), LONG));
    assertEquals(128 + 15, child.exitStatus());
    assertEquals(List.of(), children.running());
  }

  @Test
  void nothingIsStartedOnceStopping() {
    children.close();
    assertThrows(DemoException.class, () -> shell("exit 0"));
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    DemoException told =
        assertThrows(
            DemoException.class,
            () -> {
              Child child =
                  children.start(
                      "missing", List.of("/nowhere/program"), Map.of(), dir.resolve("log"));
              assertTrue(child.awaitExit(LONG));
              child.requireAlive();
            });
    assertTrue(told.getMessage().contains("missing"), told.getMessage());
  }
}
