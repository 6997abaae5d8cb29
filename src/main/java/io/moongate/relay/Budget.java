package io.moongate.relay;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many commands, and how much of their data, may be in flight, perhaps of several. Thread-safe.
 */
final class Budget {
  private final int maxCommands;
  private final long maxBytes;
  private final AtomicInteger commands = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final Queue<Runnable> wanted = new ConcurrentLinkedQueue<>();

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
      give(size);
      return false;
    }
    return true;
  }

  private void give(long size) {
    bytes.addAndGet(-size);
    commands.decrementAndGet();
  }

  void release(long size) {
    give(size);
    for (Runnable next = wanted.poll(); next != null; next = wanted.poll()) {
      next.run();
    }
  }

  /** Has it run, once, when something is released the next time. */
  void whenReleased(Runnable action) {
    wanted.add(action);
  }

  int commands() {
    return commands.get();
  }
}
