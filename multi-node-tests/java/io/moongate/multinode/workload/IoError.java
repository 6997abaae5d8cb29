package io.moongate.multinode.workload;

/** An error that a host would pass on to the application. */
public class IoError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  IoError(String message) {
    super(message);
  }
}
