package io.moongate.transport;

import java.time.Duration;

/**
 * Settings of the transport.
 *
 * @param eventLoops threads that serve the connections; 1 to {@link #MAX_EVENT_LOOPS}
 * @param lastWords how long the peer has to take what was sent at the end of a stream, and to close
 *     the connection, too; then it is reset
 */
public record TransportSettings(int eventLoops, Duration lastWords) {
  /** More would only share the processors. */
  public static final int MAX_EVENT_LOOPS = 64;

  /**
   * The same.
   *
   * @param eventLoops 0: as many as there are processors
   */
  public static TransportSettings of(int eventLoops, Duration lastWords) {
    int loops = eventLoops == 0 ? Runtime.getRuntime().availableProcessors() : eventLoops;
    return new TransportSettings(Math.min(loops, MAX_EVENT_LOOPS), lastWords);
  }
}
