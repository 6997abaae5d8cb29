package io.moongate.session;

import org.slf4j.Logger;

/**
 * The lines of a log about connections that came to no session. Whoever can connect can bring them
 * about: up to some number a second each has its line, and beyond it they are counted, so that a
 * flood does not drown the log. Thread-safe.
 */
final class RefusalLog {
  private static final int LINES_PER_SECOND = 10;
  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Logger log;
  private boolean began;
  private long fromNanos;
  private int lines;
  private long untold;

  RefusalLog(Logger log) {
    this.log = log;
  }

  /** A connection, or its login, was refused. */
  synchronized void refused(String peer, String why, long nowNanos) {
    if (hasLine(nowNanos)) {
      log.warn("connection of {}: {}", peer, why);
    }
  }

  /** A connection ended before its login did. */
  synchronized void ended(String peer, String why, long nowNanos) {
    if (hasLine(nowNanos)) {
      log.info("connection of {} ended before its login: {}", peer, why);
    }
  }

  private boolean hasLine(long nowNanos) {
    tick(nowNanos);
    if (lines < LINES_PER_SECOND) {
      lines++;
      return true;
    }
    untold++;
    return false;
  }

  /** Tells how many were counted, when it is time to. */
  synchronized void tick(long nowNanos) {
    if (began && nowNanos - fromNanos < SECOND_NANOS) {
      return;
    }
    began = true;
    fromNanos = nowNanos;
    lines = 0;
    if (untold > 0) {
      log.warn("{} more connections were refused, or ended before their login", untold);
      untold = 0;
    }
  }
}
