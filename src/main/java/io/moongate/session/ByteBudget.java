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
 *
 * <p>Nobody may hold more than what is left for others then. So however many there are that take
 * what they can get and give nothing back, each has a like share and there is one for whoever comes
 * next. Who holds nothing yet may take more, but for a last part of the limit.
 *
 * <p>What is held beside commands that have their memory is counted apart, by kinds, each with a
 * {@link Share} of its own: none of them takes memory from data, or from one another.
 */
final class ByteBudget {
  /** Text may be this part of the limit. */
  private static final int TEXT_SHARE = 16;

  /** This part of the limit is left to those who want no more than what is left then. */
  private static final int LAST_SHARE = 8;

  /** Data that came before it could be used may be this part of the limit. */
  private static final int EARLY_SHARE = 8;

  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  /** Text of sessions: requests that go on, and answers that wait to be fetched. */
  final Share text;

  /** Text of logins that are not finished: of strangers. */
  final Share logins;

  /** Data of commands that wait for their turn, or for memory. */
  final Share early;

  ByteBudget(long limit) {
    this.limit = limit;
    this.text = new Share(limit / TEXT_SHARE);
    this.logins = new Share(limit / TEXT_SHARE);
    this.early = new Share(limit / EARLY_SHARE);
  }

  /** Bytes of one kind. What does not fit is refused, not waited for. */
  static final class Share {
    private final long limit;
    private final AtomicLong used = new AtomicLong();

    private Share(long limit) {
      this.limit = limit;
    }

    /** Bytes held now. */
    long used() {
      return used.get();
    }

    /**
     * Holds {@code wanted} bytes in place of {@code held}.
     *
     * @return false when they don't fit; then {@code held} it stays
     */
    boolean hold(long held, long wanted) {
      if (wanted > held) {
        return tryReserve(used, wanted - held, limit);
      }
      if (wanted < held) {
        used.addAndGet(wanted - held);
      }
      return true;
    }
  }

  /**
   * Reserves bytes, or remembers whom to call when some come free. May call without need.
   *
   * @param own what the one who asks holds already
   * @return whether they are reserved
   */
  boolean reserve(long own, long bytes, Runnable whenFree) {
    if (tryReserve(own, bytes)) {
      return true;
    }
    waiting.add(whenFree);
    // Something may have been released between the attempt and the entry into the queue.
    return tryReserve(own, bytes);
  }

  /** Nobody is to be called any more. */
  void forget(Runnable whenFree) {
    waiting.remove(whenFree);
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

  private boolean tryReserve(long own, long bytes) {
    while (true) {
      long held = used.get();
      if (held > 0 && !leavesEnough(own, bytes, limit - held - bytes)) {
        return false;
      }
      if (used.compareAndSet(held, held + bytes)) {
        return true;
      }
    }
  }

  private boolean leavesEnough(long own, long bytes, long left) {
    return own + bytes <= left || (own == 0 && left >= limit / LAST_SHARE);
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
