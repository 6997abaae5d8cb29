package io.moongate.cli.bench;

import io.moongate.cli.demo.DemoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much of the memory a process has (VmRSS). */
final class ResidentMemory {
  private static final String LINE = "VmRSS:";

  private ResidentMemory() {}

  /** MiB of a process that runs. */
  static double mebibytes(long pid) {
    Path status = Path.of("/proc", Long.toString(pid), "status");
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith(LINE)) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
      }
    } catch (IOException e) {
      throw new DemoException("can't read %s: %s".formatted(status, e), e);
    }
    throw new DemoException("%s has no %s".formatted(status, LINE));
  }
}
