package io.moongate.cluster.charter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one process knows of who has adopted what, and so whether its charter is in force: a charter
 * is when so many guardians of the version before acknowledge nothing older any more, having
 * adopted it or being dead, that the rest makes no majority. Not thread-safe.
 */
final class Adoptions {
  private final Map<String, Long> versions = new HashMap<>();

  /** Guardian to whom it leaves out to the last instant at which it can have acknowledged that. */
  private final Map<String, Map<String, Long>> lastAcknowledged = new HashMap<>();

  private final Map<String, Long> dead = new HashMap<>();
  private long inForce;

  /** Somebody said which version it has adopted; true when that is news. */
  boolean adopted(String guardian, long version) {
    Long before = versions.get(guardian);
    if (before != null && before >= version) {
      return false;
    }
    versions.put(guardian, version);
    return true;
  }

  /** Somebody said for how long it has not acknowledged those that its charter leaves out. */
  void quiet(String guardian, Map<String, Long> quietNanos, long nowNanos) {
    Map<String, Long> last = new HashMap<>();
    quietNanos.forEach((peer, quiet) -> last.put(peer, nowNanos - quiet));
    lastAcknowledged.put(guardian, last);
  }

  /** Whether a process is proven to be gone: it acknowledges nothing any more. */
  boolean isDead(String guardian) {
    return dead.containsKey(guardian);
  }

  boolean dead(String guardian, long nowNanos) {
    return dead.putIfAbsent(guardian, nowNanos) == null;
  }

  /** Somebody knows that a version is in force, or the row says so; true when that is news. */
  boolean knownInForce(long version) {
    boolean news = version > inForce;
    inForce = Math.max(inForce, version);
    return news;
  }

  /** The highest version known to be in force. */
  long inForce() {
    return inForce;
  }

  /** Looks again whether a charter is in force. */
  boolean inForce(Charter charter) {
    if (charter.version() > inForce) {
      int silent = 0;
      for (String guardian : charter.previous().keySet()) {
        if (silentBefore(guardian, charter)) {
          silent++;
        }
      }
      if (silent >= Charter.blocking(charter.previous().size())) {
        inForce = charter.version();
      }
    }
    return charter.version() <= inForce;
  }

  private boolean silentBefore(String guardian, Charter charter) {
    return dead.containsKey(guardian) || versions.getOrDefault(guardian, 0L) >= charter.version();
  }

  /**
   * The last instant, on this process's clock, at which a ping can have been sent that counts for a
   * lease of a gateway that the charter leaves out.
   *
   * @param charter one that is in force
   * @param olderOut since when the version before it is known to be in force
   */
  long lastPing(String leftOut, Charter charter, long olderOut, long nowNanos) {
    if (!charter.previous().containsKey(leftOut)) {
      return nowNanos; // It was left out earlier, at an instant that is not known here.
    }
    List<Long> ages = new ArrayList<>();
    for (String guardian : charter.previous().keySet()) {
      if (!guardian.equals(leftOut) && silentBefore(guardian, charter)) {
        Long last = lastAcknowledged.getOrDefault(guardian, Map.of()).get(leftOut);
        Long death = dead.get(guardian);
        ages.add(nowNanos - latest(last, death, nowNanos));
      }
    }
    int blocking = Charter.blocking(charter.previous().size());
    if (ages.size() < blocking) {
      return nowNanos;
    }
    ages.sort((a, b) -> Long.compare(b, a));
    return nowNanos - Math.min(ages.get(blocking - 1), nowNanos - olderOut);
  }

  /** What is known: the earlier of both, or nothing but that it is over now. */
  private static long latest(Long last, Long death, long nowNanos) {
    if (last != null && death != null) {
      return last - death < 0 ? last : death;
    }
    return last != null ? last : death != null ? death : nowNanos;
  }

  void forgetBefore(Charter charter) {
    versions.keySet().removeIf(peer -> !charter.names(peer) && !isPrevious(charter, peer));
    lastAcknowledged.keySet().removeIf(peer -> !isPrevious(charter, peer));
  }

  private static boolean isPrevious(Charter charter, String peer) {
    return charter.previous().containsKey(peer);
  }
}
