package io.moongate.simulation;

/** Something that must not be was. */
final class Violation extends AssertionError {
  private static final long serialVersionUID = 1L;

  Violation(long seed, long worldNanos, String what) {
    super("seed %d, at %.6f s: %s".formatted(seed, worldNanos / 1e9, what));
  }
}
