package io.moongate.cli.demo;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One process that the demo started, and the part of its log that it wrote since. */
public final class Child {

  private static final int TAIL_LINES = 25;
  private static final int TAIL_BYTES = 64 * 1024;

  private final String name;
  private final Process process;
  private final Path log;
  private final long logStart;

  Child(String name, Process process, Path log, long logStart) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.logStart = logStart;
  }

  String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  /** The process itself, for its pipes. */
  public Process process() {
    return process;
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** SIGKILL. */
  public void kill() {
    process.destroyForcibly();
  }

  /** Whether it ended within the time. */
  public boolean awaitExit(Duration time) {
    try {
      return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while waiting for " + name + " to end", e);
    }
  }

  /**
   * The exit status as a shell gives it: 128 + the signal's number when a signal ended it.
   *
   * @throws IllegalThreadStateException while it runs
   */
  public int exitStatus() {
    return process.exitValue();
  }

  /**
   * Insists that it runs.
   *
   * @throws DemoException with the end of its log, when it has ended
   */
  public void requireAlive() {
    if (!alive()) {
      throw new DemoException(
          "%s ended with status %d; the end of %s:%n%s"
              .formatted(name, exitStatus(), log, logTail()));
    }
  }

  /** The last lines that this process wrote, or a sentence saying that there are none. */
  public String logTail() {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long from = Math.max(logStart, file.length() - TAIL_BYTES);
      byte[] bytes = new byte[(int) Math.max(0, file.length() - from)];
      file.seek(from);
      file.readFully(bytes);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      if (lines.isEmpty()) {
        return "  (it wrote nothing)";
      }
      return "  | "
          + String.join(
              System.lineSeparator() + "  | ",
              lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException e) {
      return "  (its log can't be read: %s)".formatted(e);
    }
  }

  static long sizeOf(Path log) throws IOException {
    return Files.exists(log) ? Files.size(log) : 0;
  }
}
