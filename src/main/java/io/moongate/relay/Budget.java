package io.moongate.relay;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** How many commands, and how much of their data, may be in flight. Thread-safe. */
final class Budget {
  private final int maxCommands;
  private final long maxBytes;
  private final AtomicInteger commands = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  Budget(int maxCommands, long maxBytes) {
    this.maxCommands = maxCommands;
    this.maxBytes = maxBytes;
  }

  /** Takes a command and its bytes when there is room for both. */
  boolean tryAcquire(long size) {
    if (commands.incrementAndGet() > maxCommands) {
      commands.decrementAndGet();
      return false;
    }
    if (bytes.addAndGet(size) > maxBytes) {
      release(size);
      return false;
    }
    return true;
  }

  void release(long size) {
    bytes.addAndGet(-size);
    commands.decrementAndGet();
  }

  int commands() {
    return commands.get();
  }
}
