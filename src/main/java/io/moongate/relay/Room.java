package io.moongate.relay;

import java.util.concurrent.ConcurrentHashMap;

/** The room for commands to one peer, and of it for those to one logical unit. Thread-safe. */
final class Room {
  private final Budget budget;
  private final int maxPerUnit;
  private final ConcurrentHashMap<String, Integer> perUnit = new ConcurrentHashMap<>();

  Room(RelaySettings settings) {
    this.budget = new Budget(settings.maxInFlight(), settings.maxInFlightBytes());
    this.maxPerUnit = settings.maxInFlightPerUnit();
  }

  /** Takes room for a command with so many bytes of data, when there is some. */
  boolean tryAcquire(String unitId, long bytes) {
    int ofUnit = perUnit.merge(unitId, 1, Integer::sum);
    if (ofUnit <= maxPerUnit && budget.tryAcquire(bytes)) {
      return true;
    }
    releaseUnit(unitId);
    return false;
  }

  void release(String unitId, long bytes) {
    budget.release(bytes);
    releaseUnit(unitId);
  }

  private void releaseUnit(String unitId) {
    perUnit.computeIfPresent(unitId, (same, count) -> count == 1 ? null : count - 1);
  }

  /** That take some. */
  int commands() {
    return budget.commands();
  }
}
