package io.moongate.cluster.ownership;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A monotonic clock, and what is to happen when some time has passed on it. */
public interface Timer {

  /** The clock of {@link System#nanoTime}. */
  Timer SYSTEM =
      new Timer() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void after(Duration delay, Runnable action) {
          CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS).execute(action);
        }
      };

  /** Now. */
  long nanoTime();

  /** Runs {@code action} once, on any thread. */
  void after(Duration delay, Runnable action);
}
