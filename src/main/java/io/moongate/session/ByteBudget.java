package io.moongate.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes of data-in and data-out that all connections of a gateway hold together. Thread-safe and
 * without a lock, as every READ and WRITE passes here.
 *
 * <p>A reservation that does not fit waits: its owner is called when something was given back, and
 * tries again. One reservation always fits when nothing else is held, however large it is, so that
 * no command waits for ever.
 */
final class ByteBudget {
  /** Text that waits to be fetched may be this part of the limit, and takes nothing from data. */
  private static final int TEXT_SHARE = 16;

  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final AtomicLong text = new AtomicLong();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  ByteBudget(long limit) {
    this.limit = limit;
  }

  /**
   * Reserves bytes, or remembers whom to call when some come free. May call without need.
   *
   * @return whether they are reserved
   */
  boolean reserve(long bytes, Runnable whenFree) {
    if (tryReserve(bytes)) {
      return true;
    }
    waiting.add(whenFree);
    // Something may have been released between the attempt and the entry into the queue.
    return tryReserve(bytes);
  }

  /** Counts bytes that exist already; never refused. */
  void add(long bytes) {
    used.addAndGet(bytes);
  }

  /** Gives bytes back. */
  void release(long bytes) {
    if (used.addAndGet(-bytes) < limit && !waiting.isEmpty()) {
      for (Runnable whenFree = waiting.poll(); whenFree != null; whenFree = waiting.poll()) {
        whenFree.run();
      }
    }
  }

  /** Bytes held now. */
  long used() {
    return used.get();
  }

  /** Reserves bytes for the rest of a long text answer; false when there are too many of them. */
  boolean reserveText(long bytes) {
    return tryReserve(text, bytes, limit / TEXT_SHARE);
  }

  /** Gives back bytes of text. */
  void releaseText(long bytes) {
    text.addAndGet(-bytes);
  }

  private boolean tryReserve(long bytes) {
    return tryReserve(used, bytes, limit);
  }

  private static boolean tryReserve(AtomicLong used, long bytes, long limit) {
    while (true) {
      long held = used.get();
      if (held > 0 && held + bytes > limit) {
        return false;
      }
      if (used.compareAndSet(held, held + bytes)) {
        return true;
      }
    }
  }
}
