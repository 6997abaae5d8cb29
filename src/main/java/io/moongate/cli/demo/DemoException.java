package io.moongate.cli.demo;

/**
 * Why the demo can't go on, in words for the person who started it; it carries what was seen and
 * what to do.
 */
public final class DemoException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public DemoException(String message) {
    super(message);
  }

  public DemoException(String message, Throwable cause) {
    super(message, cause);
  }
}
