package io.moongate.audit;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/** Says now and then how far a reading of the whole journal has come. */
final class Progress {
  private static final long INTERVAL_NANOS = Duration.ofSeconds(5).toNanos();

  private final PrintWriter err;
  private final LongSupplier events;
  private final long begun = System.nanoTime();
  private long said = begun;

  Progress(PrintWriter err, LongSupplier events) {
    this.err = err;
    this.events = events;
  }

  /** An entity is done; by its token: entities are spread evenly over all of a long. */
  synchronized void at(long token) {
    if (System.nanoTime() - said >= INTERVAL_NANOS) {
      said = System.nanoTime();
      double part = ((double) token - Long.MIN_VALUE) / 0x1p64;
      err.println(
          "about %.0f %%, %,d events, %d s".formatted(100 * part, events.getAsLong(), seconds()));
      err.flush();
    }
  }

  long seconds() {
    return Duration.ofNanos(System.nanoTime() - begun).toSeconds();
  }
}
