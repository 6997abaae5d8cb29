package io.moongate.transport;

import java.nio.ByteBuffer;

/**
 * Where the next bytes of a connection are wanted, so that they need not be copied there. Used by
 * the connection's stream alone, and its socket, which are one thread's.
 *
 * <p>What is <em>next</em> is only known to whoever has been handed all that was received: a stage
 * between it and the socket that keeps something back would put the bytes out of order. So what is
 * handed over is counted on both sides.
 */
public final class Landing {
  private static final ByteBuffer NOWHERE = ByteBuffer.allocateDirect(0);

  private ByteBuffer room = NOWHERE;
  private long onTheWay;
  private boolean brief;

  /** So many bytes that were received have come to whoever says where the next ones go. */
  public void came(int bytes) {
    onTheWay = Math.max(0, onTheWay - bytes);
  }

  /**
   * The next bytes go there, from its position, which moves with what is received, to its limit.
   * What comes after them goes the usual way, and is handed on once there is no room left; until
   * then what is handed on is empty, and says only that something came.
   *
   * @param direct off the heap; nobody else reads its position
   * @throws IllegalStateException when something that was received has not come yet
   */
  public void at(ByteBuffer direct) {
    if (onTheWay > 0) {
      throw new IllegalStateException("bytes that were received before are on their way still");
    }
    room = direct;
  }

  /** All that was wanted has come; where the bytes after the next few are to go will be said. */
  public void done() {
    room = NOWHERE;
    brief = true;
  }

  ByteBuffer room() {
    return room;
  }

  /** Whether not more than a few bytes should be received now. */
  boolean isBrief() {
    return brief;
  }

  /** So many bytes that were received are handed on. */
  void handed(int bytes) {
    onTheWay += bytes;
    brief = false;
  }
}
