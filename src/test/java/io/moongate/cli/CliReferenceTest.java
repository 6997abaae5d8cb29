package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The reference says what the commands say of themselves. */
class CliReferenceTest {
  private static final Path FILE = Path.of("docs", "cli.md");

  @Test
  void theReferenceIsNotStale() throws Exception {
    assertEquals(
        CliReference.text(),
        Files.readString(FILE),
        "docs/cli.md is stale: run io.moongate.cli.CliReference with its name, on the classpath of"
            + " tests");
  }
}
