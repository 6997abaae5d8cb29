package io.moongate.relay;

/** The peer broke the relay protocol or refused the connection; the connection is given up. */
final class RelayProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RelayProtocolException(String message) {
    super(message);
  }
}
