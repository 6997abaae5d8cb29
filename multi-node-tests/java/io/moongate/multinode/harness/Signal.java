package io.moongate.multinode.harness;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Signals that Java has no call for. */
enum Signal {
  STOP,
  CONT;

  /** Sends it to a process that we started. */
  void send(long pid) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name(), Long.toString(pid)).inheritIO().start();
      if (!kill.waitFor(5, TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new AssertionError("SIG%s could not be sent to %d".formatted(name(), pid));
      }
    } catch (IOException e) {
      throw new AssertionError("kill (Debian: procps) could not be run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
