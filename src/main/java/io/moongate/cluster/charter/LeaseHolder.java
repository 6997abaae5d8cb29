package io.moongate.cluster.charter;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The lease of one process: its pings, acknowledged by a majority of the guardians of its charter,
 * extend it to the <em>sending</em> of the ping plus the lease's length, on this process's clock.
 * Instants may overflow, as those of {@link System#nanoTime} do. Not thread-safe.
 */
public final class LeaseHolder {
  private final String self;
  private final long lengthNanos;
  private final Map<String, Long> acknowledged = new HashMap<>();
  private Charter charter = Charter.NONE;
  private long until;
  private boolean held;
  private boolean over;

  /** Makes a lease that has run out at {@code nowNanos}. */
  public LeaseHolder(String self, long lengthNanos, long nowNanos) {
    this.self = self;
    this.lengthNanos = lengthNanos;
    this.until = nowNanos;
  }

  /** The instant at which it runs out. */
  public long untilNanos() {
    return until;
  }

  /** Whether it covers an instant. */
  public boolean covers(long nowNanos) {
    return until - nowNanos > 0;
  }

  /** The charter whose guardians are counted. */
  public Charter charter() {
    return charter;
  }

  /** From here on the guardians of a newer charter are counted; what was promised stays. */
  void adopt(Charter newer) {
    charter = newer;
    acknowledged.clear();
  }

  /** A guardian acknowledged a ping of this process. */
  void acknowledged(LeaseMessage.Pong pong) {
    if (pong.version() == charter.version()
        && charter.names(pong.from())
        && !pong.from().equals(self)) {
      acknowledged.merge(pong.from(), pong.sentNanos(), (a, b) -> a - b > 0 ? a : b);
    }
  }

  /** Whether it has run out since it was asked last: told once, before anything extends it. */
  boolean lapses(long nowNanos) {
    if (held && !covers(nowNanos)) {
      held = false;
      return true;
    }
    return false;
  }

  /** Extends it as far as the acknowledgements go; true when it is held again. */
  boolean renew(long nowNanos) {
    if (over || !charter.names(self) || (held && !covers(nowNanos))) {
      return false;
    }
    List<Long> sendings = new ArrayList<>(acknowledged.values());
    sendings.add(nowNanos); // Its own.
    int majority = charter.majority();
    if (sendings.size() < majority) {
      return false;
    }
    sendings.sort(Comparator.comparingLong((Long sent) -> sent - nowNanos).reversed());
    long reaches = sendings.get(majority - 1) + lengthNanos;
    if (reaches - until > 0) {
      until = reaches;
    }
    if (!held && covers(nowNanos)) {
      held = true;
      return true;
    }
    return false;
  }

  /** Ends it for good: whatever was promised until now. */
  void end(long nowNanos) {
    over = true;
    held = false;
    if (covers(nowNanos)) {
      until = nowNanos;
    }
  }
}
