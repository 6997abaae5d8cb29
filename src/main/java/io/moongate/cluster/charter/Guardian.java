package io.moongate.cluster.charter;

import java.util.HashMap;
import java.util.Map;

/**
 * The part of a process that acknowledges others. It adopts charters, each newer than the one
 * before, and from then on acknowledges under no older one. Not thread-safe.
 */
public final class Guardian {
  private final String self;
  private final long born;
  private final Map<String, Long> acknowledged = new HashMap<>();
  private Charter adopted = Charter.NONE;

  /**
   * Makes it, with nothing adopted.
   *
   * @param self incarnation of this process
   * @param nowNanos the monotonic clock: before it, this process acknowledged nobody
   */
  public Guardian(String self, long nowNanos) {
    this.self = self;
    this.born = nowNanos;
  }

  /** The charter that counts here. */
  public Charter adopted() {
    return adopted;
  }

  /** Adopts a charter; false when it is not newer than what counts already. */
  public boolean adopt(Charter charter) {
    if (charter.version() <= adopted.version()) {
      return false;
    }
    adopted = charter;
    acknowledged
        .keySet()
        .removeIf(peer -> !charter.names(peer) && !charter.previous().containsKey(peer));
    return true;
  }

  /**
   * Whether this process acknowledges a ping. It does so only under the very charter that it has
   * adopted, and only among its guardians.
   */
  public boolean acknowledges(LeaseMessage.Ping ping, long nowNanos) {
    if (ping.version() != adopted.version()
        || !adopted.names(self)
        || !adopted.names(ping.from())) {
      return false;
    }
    acknowledged.put(ping.from(), nowNanos);
    return true;
  }

  /** How long each guardian that the adopted charter leaves out has not been acknowledged here. */
  public Map<String, Long> quietNanos(long nowNanos) {
    Map<String, Long> quiet = new HashMap<>();
    for (String peer : adopted.previous().keySet()) {
      if (!adopted.names(peer)) {
        quiet.put(peer, nowNanos - acknowledged.getOrDefault(peer, born));
      }
    }
    return quiet;
  }
}
