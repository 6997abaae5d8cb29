package io.moongate.cluster.ownership;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * When the entities of units that were taken over by their rows are asked to record it. Hosts wait
 * for rows and for stores, here and at the other gateways, and nobody for the records, which take
 * processors and Cassandra from them. But it may not be put off for long: a change of reservations
 * waits until the ownership is recorded.
 */
final class RecordPause {
  /** How long records wait after all is open here, while other gateways may be at it. */
  static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** How long they wait at most, since the last row was granted. */
  static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(3);

  private OptionalLong granted = OptionalLong.empty();
  private OptionalLong quiet = OptionalLong.empty();

  /** A row was granted. */
  void granted(long nowNanos) {
    granted = OptionalLong.of(nowNanos);
    quiet = OptionalLong.empty();
  }

  /**
   * Whether records have to wait. To be asked whenever something may have changed.
   *
   * @param busy whether a row has not answered, or what was granted is not open
   * @param others whether units of failed gateways are other gateways' to take over
   */
  boolean holds(boolean busy, boolean others, long nowNanos) {
    if (busy) {
      quiet = OptionalLong.empty();
    } else if (quiet.isEmpty()) {
      quiet = OptionalLong.of(nowNanos);
    }
    boolean wait = busy || (others && nowNanos - quiet.getAsLong() < QUIET_NANOS);
    return wait && granted.isPresent() && nowNanos - granted.getAsLong() < LONGEST_NANOS;
  }
}
