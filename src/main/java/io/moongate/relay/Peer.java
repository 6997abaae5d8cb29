package io.moongate.relay;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/**
 * What the owner remembers of one sender's link over its connections: which connection is the
 * current one, and how far requests have begun. Only the current connection can begin one, and the
 * moment at which a newer connection becomes the current one is the same at which the owner reads
 * how far the older ones came: so what it then says can't be overtaken. Thread-safe and without
 * locks.
 */
final class Peer {
  /** No id: the connection is older than the link's current one. */
  static final long SUPERSEDED = -2;

  /** A connection of the link, from its hello to its end. */
  interface Connection {
    /** Any thread: ends it. */
    void stop();

    /** Any thread: there may be room again. */
    void wake();
  }

  private final Budget budget;
  private final AtomicReference<State> state =
      new AtomicReference<>(new State(0, null, Frame.Welcome.UNKNOWN));

  /**
   * Where a link is.
   *
   * @param connection the greatest number seen
   * @param open that connection; null when it is over
   * @param begun the greatest id that has begun
   */
  private record State(long connection, Connection open, long begun) {}

  private final AtomicBoolean roomWanted = new AtomicBoolean();

  /**
   * A link without a connection.
   *
   * @param budget what may be in flight of all of its sender's connections together
   */
  Peer(Budget budget) {
    this.budget = budget;
  }

  /**
   * Makes a connection the current one. The one before it begins nothing any more.
   *
   * @return the greatest id that has begun before; {@link #SUPERSEDED} when there is a newer
   *     connection
   */
  long attach(long connection, Connection open) {
    while (true) {
      State before = state.get();
      if (connection <= before.connection) {
        return SUPERSEDED;
      }
      if (state.compareAndSet(before, new State(connection, open, before.begun))) {
        if (before.open != null) {
          before.open.stop();
        }
        return before.begun;
      }
    }
  }

  /** Whether a request may begin: from here on it counts as begun. */
  boolean begin(Connection open, long id) {
    while (true) {
      State before = state.get();
      if (before.open != open) {
        return false;
      }
      if (id <= before.begun) {
        throw new RelayProtocolException("request %d after %d".formatted(id, before.begun));
      }
      if (state.compareAndSet(before, new State(before.connection, open, id))) {
        return true;
      }
    }
  }

  /** Nothing of this link begins any more, and no connection of it is let in. */
  void end() {
    State before = state.getAndUpdate(now -> new State(Long.MAX_VALUE, null, now.begun));
    if (before.open != null) {
      before.open.stop();
    }
  }

  /** A connection is over. */
  void detach(Connection open) {
    State before = state.get();
    while (before.open == open
        && !state.compareAndSet(before, new State(before.connection, null, before.begun))) {
      before = state.get();
    }
  }

  /** Takes room for a request; when there is none the current connection is woken once there is. */
  boolean tryAcquire(long size) {
    if (budget.tryAcquire(size)) {
      return true;
    }
    if (roomWanted.compareAndSet(false, true)) {
      budget.whenReleased(this::released);
    }
    // Once more: the last room may have been released before that could be seen.
    return budget.tryAcquire(size);
  }

  private void released() {
    roomWanted.set(false);
    Connection open = state.get().open;
    if (open != null) {
      open.wake();
    }
  }

  /** Gives a request's room back. */
  void release(long size) {
    budget.release(size);
  }

  /** Whether it has no connection, and its sender nothing under way. */
  boolean isIdle() {
    return state.get().open == null && budget.commands() == 0;
  }
}
