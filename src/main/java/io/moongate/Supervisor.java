package io.moongate;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the service manager that has started this process (systemd, {@code Type=notify}) how far it
 * is, and, where that wants to be told ({@code WatchdogSec=}), again and again that it works. Does
 * nothing where there is none.
 */
final class Supervisor {
  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
  private static final String SOCKET = "NOTIFY_SOCKET";
  private static final String WATCHDOG = "WATCHDOG_USEC";
  private static final String WATCHDOG_PID = "WATCHDOG_PID";

  /** The service manager should be told at least twice in its time; once more is to be lost. */
  private static final int TIMES_A_WATCHDOG = 3;

  private final Optional<SupervisorSocket> socket;
  private final Optional<Duration> watchdog;
  private volatile boolean complained;
  private boolean withheld;

  private Supervisor(Optional<SupervisorSocket> socket, Optional<Duration> watchdog) {
    this.socket = socket;
    this.watchdog = watchdog;
  }

  /**
   * The one that an environment names.
   *
   * @throws IllegalArgumentException when it names none that there could be
   */
  static Supervisor of(Map<String, String> environment, long pid) {
    String name = environment.getOrDefault(SOCKET, "");
    if (name.isEmpty()) {
      return new Supervisor(Optional.empty(), Optional.empty());
    }
    return new Supervisor(Optional.of(new SupervisorSocket(name)), watchdog(environment, pid));
  }

  private static Optional<Duration> watchdog(Map<String, String> environment, long pid) {
    String time = environment.getOrDefault(WATCHDOG, "");
    String of = environment.getOrDefault(WATCHDOG_PID, "");
    if (time.isEmpty() || !(of.isEmpty() || of.equals(String.valueOf(pid)))) {
      return Optional.empty();
    }
    if (!time.matches("[1-9][0-9]{0,17}")) {
      throw new IllegalArgumentException(
          "%s: expected microseconds, not \"%s\"".formatted(WATCHDOG, time));
    }
    return Optional.of(Duration.ofNanos(Long.parseLong(time) * 1000));
  }

  /** Hosts can come. */
  void ready() {
    tell("READY=1\nSTATUS=serving");
  }

  /**
   * It takes longer than it should.
   *
   * @param within which it says so again, or is ready
   */
  void stillStarting(Duration within, String why) {
    tell("EXTEND_TIMEOUT_USEC=%d\nSTATUS=starting: %s".formatted(within.toNanos() / 1000, why));
  }

  /** It ends in good order. */
  void stopping() {
    tell("STOPPING=1\nSTATUS=stopping");
  }

  /**
   * Tells again and again that the process works, for as long as {@code works} says so.
   *
   * @return ends that
   */
  Runnable watch(BooleanSupplier works) {
    if (watchdog.isEmpty()) {
      return () -> {};
    }
    long pause = watchdog.get().toMillis() / TIMES_A_WATCHDOG;
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                look(works);
                try {
                  Thread.sleep(Math.max(1, pause));
                } catch (InterruptedException ended) {
                  return;
                }
              }
            },
            "watchdog");
    thread.setDaemon(true);
    thread.start();
    return thread::interrupt;
  }

  private void look(BooleanSupplier works) {
    boolean well;
    try {
      well = works.getAsBoolean();
    } catch (RuntimeException failure) {
      LOG.error("event=watchdog-not-looked", failure);
      well = false;
    }
    if (well) {
      tell("WATCHDOG=1");
    } else if (!withheld) {
      LOG.error("event=watchdog-withheld reason=\"threads of this process are stuck\"");
    }
    withheld = !well;
  }

  private void tell(String message) {
    if (socket.isEmpty()) {
      return;
    }
    try {
      socket.get().send(message);
      complained = false;
    } catch (IOException | RuntimeException | LinkageError failure) {
      if (!complained) {
        complained = true;
        LOG.warn("event=supervisor-not-told reason=\"{}\"", failure.toString());
      }
    }
  }
}
