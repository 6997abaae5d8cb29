package io.moongate.session;

import java.util.function.Consumer;

/**
 * The way back into a connection: a logical unit answers on any thread, also from within the call,
 * and the connection's state belongs to one thread.
 */
interface Reentry {

  /**
   * Wraps a handler so that it may be called from any thread, and runs later in the connection's
   * own turn; not at all once the connection is gone.
   */
  <T> Consumer<T> guard(Consumer<T> handler);

  /** Brings about a turn of the connection: another one has given it something to do. */
  void wake();
}
