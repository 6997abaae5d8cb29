package io.moongate.cluster.membership;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Until when this gateway may serve, on its own monotonic clock (design rule 3). Written by {@link
 * LeaseKeeper}, read on the data path.
 */
public final class ServingLease {
  private volatile long untilNanos;
  private volatile long keptNanos;
  private final AtomicLong extensions = new AtomicLong();
  private final AtomicLong losses = new AtomicLong();
  private boolean ended;

  /** Makes a lease that has run out at {@code nowNanos}. */
  public ServingLease(long nowNanos) {
    untilNanos = nowNanos;
    keptNanos = nowNanos;
  }

  /** Whether it covers this instant of {@link System#nanoTime}. */
  public boolean coversNanos(long nanoTime) {
    return untilNanos - nanoTime > 0;
  }

  /** The instant at which it runs out. */
  public long untilNanos() {
    return untilNanos;
  }

  /** When its keeper has seen to it last, by {@link System#nanoTime}: it does so all the time. */
  public long keptNanos() {
    return keptNanos;
  }

  /** How often it was extended. */
  public long extensions() {
    return extensions.get();
  }

  /** How often it ran out, or was ended, after it had been held. */
  public long losses() {
    return losses.get();
  }

  void keptAt(long nowNanos) {
    keptNanos = nowNanos;
  }

  void lost() {
    losses.incrementAndGet();
  }

  /** Ends it for good: whatever was promised until now. */
  void end(long nowNanos) {
    ended = true;
    // One that has run out is not to reach further: somebody may ask about an instant since.
    if (untilNanos - nowNanos > 0) {
      untilNanos = nowNanos;
    }
  }

  void extendTo(long nanos) {
    if (!ended && nanos - untilNanos > 0) {
      untilNanos = nanos;
      extensions.incrementAndGet();
    }
  }
}
