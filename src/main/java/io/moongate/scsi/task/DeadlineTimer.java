package io.moongate.scsi.task;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The monotonic clock that deadlines are counted on, and a wake-up at one of its instants. */
public interface DeadlineTimer {

  /** Now, on the clock of {@link System#nanoTime}. */
  long nanoTime();

  /** Runs {@code action} once, soon after {@code instant} of {@link #nanoTime}. */
  void at(long instant, Runnable action);

  /**
   * The timer of the process: one daemon thread for every logical unit. A unit asks for one wake-up
   * at a time, whatever the number of commands that wait, and none while nothing waits.
   */
  static DeadlineTimer shared() {
    return Shared.TIMER;
  }

  /** Holds the timer of the process, which is made when it is first used. */
  final class Shared implements DeadlineTimer {
    private static final DeadlineTimer TIMER = new Shared();

    private final ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(work, "scsi-deadlines");
              thread.setDaemon(true);
              return thread;
            });

    private Shared() {}

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public void at(long instant, Runnable action) {
      var unused =
          executor.schedule(action, Math.max(0, instant - nanoTime()), TimeUnit.NANOSECONDS);
    }
  }
}
