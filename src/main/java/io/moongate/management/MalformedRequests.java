package io.moongate.management;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of what is so malformed that it never becomes a request. Whoever can connect brings it
 * about: some lines in a while, and at the end of the while how many were left out. Thread-safe.
 */
final class MalformedRequests {
  /** Those of this process: Pekko HTTP makes what meets them by its name. */
  static final MalformedRequests OF_PROCESS = new MalformedRequests(System::nanoTime);

  /** Lines in a while. */
  static final int MOST = 8;

  /** A while. */
  static final long WHILE_NANOS = 10_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(RefusedAttempts.LOGGER);

  private final LongSupplier nanoTime;
  private long began;
  private int told = -1;
  private long leftOut;

  /**
   * @param nanoTime the monotonic clock
   */
  MalformedRequests(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** One was answered, with this status. */
  void answered(int status, String what) {
    boolean tells;
    long before;
    synchronized (this) {
      before = leftOutBefore();
      tells = told < MOST;
      if (tells) {
        told++;
      } else {
        leftOut++;
      }
    }
    tellLeftOut(before);
    if (tells) {
      LOG.info(
          "event=malformed-request status={} reason=\"{}\"",
          status,
          RefusedAttempts.printable(what));
    }
  }

  /** Tells of those that were left out, if a while has ended. */
  void tell() {
    long before;
    synchronized (this) {
      before = leftOutBefore();
    }
    tellLeftOut(before);
  }

  /** How many were left out in the while that has ended; none when it goes on. */
  private long leftOutBefore() {
    long now = nanoTime.getAsLong();
    if (told >= 0 && now - began < WHILE_NANOS) {
      return 0;
    }
    began = now;
    told = 0;
    long before = leftOut;
    leftOut = 0;
    return before;
  }

  private static void tellLeftOut(long count) {
    if (count > 0) {
      LOG.warn("event=malformed-requests-left-out count={}", count);
    }
  }
}
