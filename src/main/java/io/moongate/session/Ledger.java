package io.moongate.session;

/**
 * Bytes of data-in and data-out that one connection holds, and its share of the gateway's. Confined
 * to the connection.
 */
final class Ledger {
  private final long limit;
  private final ByteBudget gateway;
  private final Runnable whenFree;
  private long bytes;
  private long text;
  private long early;
  private boolean waiting;

  /**
   * @param limit bytes that this connection may hold
   * @param whenFree called on any thread when a refused reservation may be tried again
   */
  Ledger(long limit, ByteBudget gateway, Runnable whenFree) {
    this.limit = limit;
    this.gateway = gateway;
    this.whenFree = whenFree;
  }

  /** Reserves bytes; when nothing is held, any number fits. */
  boolean reserve(long wanted) {
    if (wanted == 0) {
      return true;
    }
    if (bytes > 0 && bytes + wanted > limit) {
      return false;
    }
    if (waiting || !gateway.reserve(bytes, wanted, whenFree)) {
      waiting = true;
      return false;
    }
    bytes += wanted;
    return true;
  }

  /** To be called when {@code whenFree} was: the next reservation asks the gateway again. */
  void woken() {
    waiting = false;
  }

  /** Replaces a reservation by what there really is. */
  void adjust(long reserved, long actual) {
    long change = actual - reserved;
    bytes += change;
    if (change > 0) {
      gateway.add(change);
    } else if (change < 0) {
      gateway.release(-change);
    }
  }

  /** Whether so little is held that the initiator may send more. */
  boolean roomy() {
    return bytes < limit;
  }

  long bytes() {
    return bytes;
  }

  /** Holds as much text from now on, until {@link #releaseText}; false when it may not. */
  boolean holdText(long length) {
    if (!gateway.text.hold(text, length)) {
      return false;
    }
    text = length;
    return true;
  }

  /** Gives back what text holds. */
  void releaseText() {
    holdText(0);
  }

  /** Holds as much data from now on that came before it can be used; false when it may not. */
  boolean holdEarly(long length) {
    if (!gateway.early.hold(early, length)) {
      return false;
    }
    early = length;
    return true;
  }

  /** Bytes of data that came before it can be used. */
  long early() {
    return early;
  }

  /** Gives everything back. */
  void close() {
    if (waiting) {
      gateway.forget(whenFree); // or it keeps the connection until something comes free
    }
    releaseText();
    holdEarly(0);
    adjust(bytes, 0);
  }
}
