package io.moongate.multinode.harness;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Signals that Java has no call for. */
public enum Signal {
  STOP,
  CONT,
  HUP;

  /** Ended, stopped (T), in an uninterruptible wait (D), or a zombie (Z, X). */
  private static final String HALTED = "(?s)|.*\\) [TDZX] .*";

  private static final Duration BOUND = Duration.ofSeconds(5);

  /**
   * Sends it to a process that we started. When STOP returns no thread of it runs any more: the
   * kernel takes a while to stop all of them on a busy machine, and what is sent to the process
   * meanwhile it would still do.
   */
  public void send(long pid) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name(), Long.toString(pid)).inheritIO().start();
      if (!kill.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new AssertionError("SIG%s could not be sent to %d".formatted(name(), pid));
      }
    } catch (IOException e) {
      throw new AssertionError("kill (Debian: procps) could not be run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    if (this == STOP) {
      Await.until(
          "process %d to be stopped".formatted(pid),
          BOUND,
          () -> running(pid).isEmpty(),
          () -> "threads that run: " + running(pid));
    }
  }

  /** The threads that can still execute something: neither stopped nor held by the kernel. */
  private static List<String> running(long pid) {
    File[] threads = new File("/proc/%d/task".formatted(pid)).listFiles();
    if (threads == null) {
      throw new AssertionError("process %d is gone".formatted(pid));
    }
    return Stream.of(threads).map(Signal::stat).filter(stat -> !stat.matches(HALTED)).toList();
  }

  /** Proc(5): "tid (name) state ..."; empty when the thread has ended. */
  private static String stat(File thread) {
    try {
      return Files.readString(thread.toPath().resolve("stat"), StandardCharsets.ISO_8859_1);
    } catch (IOException ended) {
      return "";
    }
  }
}
