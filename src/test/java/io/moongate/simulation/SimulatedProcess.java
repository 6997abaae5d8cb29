package io.moongate.simulation;

import io.moongate.scsi.task.DeadlineTimer;
import java.util.Random;

/**
 * A process: it has a clock, can be stopped for a while at any moment, and ends once. Its clock
 * goes on while it is stopped.
 */
final class SimulatedProcess implements DeadlineTimer {
  private static final long SCATTER = 2 * Scheduler.MS;

  private final String name;
  private final Scheduler scheduler;
  private final Random random;
  private final SimulatedClock clock;
  private long stoppedUntil;
  private boolean ended;

  /**
   * Makes one.
   *
   * @param drift by what part of it its clock runs faster or slower than the world's, at most
   */
  SimulatedProcess(String name, Scheduler scheduler, Random random, double drift) {
    this.name = name;
    this.scheduler = scheduler;
    this.random = random;
    this.clock = new SimulatedClock(random.nextLong(), 1 + (2 * random.nextDouble() - 1) * drift);
  }

  String name() {
    return name;
  }

  @Override
  public long nanoTime() {
    return clock.at(scheduler.now());
  }

  @Override
  public void at(long instant, Runnable action) {
    scheduler.at(clock.worldInstant(instant), this, action);
  }

  /** Does something after a while, by its own clock. */
  void after(long nanos, Runnable action) {
    at(nanoTime() + nanos, action);
  }

  /** Does something again and again. */
  void every(long nanos, Runnable action) {
    after(
        nanos,
        () -> {
          action.run();
          every(nanos, action);
        });
  }

  void stop(long untilWorldNanos) {
    stoppedUntil = Math.max(stoppedUntil, untilWorldNanos);
  }

  /** The world's instant before which it does nothing. */
  long stoppedUntil() {
    return stoppedUntil;
  }

  /** When it gets round to something that became due while it was stopped. */
  long resumption() {
    return stoppedUntil + random.nextInt((int) SCATTER);
  }

  boolean isStopped() {
    return stoppedUntil > scheduler.now();
  }

  void end() {
    ended = true;
  }

  boolean hasEnded() {
    return ended;
  }

  @Override
  public String toString() {
    return name;
  }
}
