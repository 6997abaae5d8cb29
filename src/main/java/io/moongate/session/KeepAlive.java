package io.moongate.session;

import java.time.Duration;

/** Whether the initiator lives, from how long it has been silent (RFC 7143 section 11.19). Pure. */
final class KeepAlive {
  private final long intervalNanos;
  private final long timeoutNanos;
  private long heardNanos;
  private boolean asked;

  /** What to do about a silence. */
  enum Verdict {
    NOTHING,
    /** To be asked by a NOP-In. */
    ASK,
    /** Asked and silent still. */
    DEAD
  }

  KeepAlive(Duration interval, Duration timeout, long nowNanos) {
    this.intervalNanos = interval.toNanos();
    this.timeoutNanos = timeout.toNanos();
    this.heardNanos = nowNanos;
  }

  /** A PDU came, or silence proves nothing now. */
  void heard(long nowNanos) {
    heardNanos = nowNanos;
    asked = false;
  }

  Verdict check(long nowNanos) {
    long silence = nowNanos - heardNanos;
    if (asked && silence >= intervalNanos + timeoutNanos) {
      return Verdict.DEAD;
    }
    if (silence >= intervalNanos && !asked) {
      asked = true;
      return Verdict.ASK;
    }
    return Verdict.NOTHING;
  }
}
