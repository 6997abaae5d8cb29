package io.moongate.scsi.copy;

import io.moongate.scsi.Naa;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.task.DeadlineTimer;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the copy managers of all units of a gateway share: bounds, threads, and the way to the
 * units. Thread-safe.
 */
public final class ThirdPartyCopy {
  private static final long IDLE_SECONDS = 10;

  private final CopySettings settings;
  private final CopyUnits units;
  private final DeadlineTimer timer;
  private final Executor executor;
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger held = new AtomicInteger();

  /**
   * @param executor runs every step of a copy: a store may complete at once, and neither a
   *     connection's thread nor the timer's is to copy for long
   */
  public ThirdPartyCopy(
      CopySettings settings, CopyUnits units, DeadlineTimer timer, Executor executor) {
    this.settings = settings;
    this.units = units;
    this.timer = timer;
    this.executor = executor;
  }

  /** Those of a gateway, with threads of their own, which end when there is nothing to copy. */
  public static ThirdPartyCopy of(CopySettings settings, CopyUnits units) {
    return new ThirdPartyCopy(settings, units, DeadlineTimer.shared(), threads(settings.threads()));
  }

  /** For a unit that stands alone: it can be copied within itself. */
  public static ThirdPartyCopy ofOneUnit(DeadlineTimer timer) {
    CopySettings settings = CopySettings.DEFAULT;
    return new ThirdPartyCopy(
        settings, (nexus, naa) -> Optional.empty(), timer, threads(settings.threads()));
  }

  private static Executor threads(int count) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), // bounded by the copies: each has a few pieces under way
            work -> {
              Thread thread = new Thread(work, "scsi-copies");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  CopySettings settings() {
    return settings;
  }

  DeadlineTimer timer() {
    return timer;
  }

  Executor executor() {
    return executor;
  }

  Optional<CopyParty> find(Nexus nexus, Naa naa) {
    return units.find(nexus, naa);
  }

  /** Takes a place for one more copy, if there is one. */
  boolean begin() {
    return take(running, settings.maxCopies());
  }

  void end() {
    running.decrementAndGet();
  }

  /** Takes a place for one more result, if there is one. */
  boolean hold() {
    return take(held, settings.maxHeldResults());
  }

  void drop() {
    held.decrementAndGet();
  }

  private static boolean take(AtomicInteger count, int most) {
    return count.getAndUpdate(now -> now < most ? now + 1 : now) < most;
  }
}
