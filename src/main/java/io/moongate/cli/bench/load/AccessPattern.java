package io.moongate.cli.bench.load;

import java.util.Locale;

/** Where on a disk one operation is after another. */
public enum AccessPattern {
  /** Each behind the one before, each session in a part of its own. */
  SEQUENTIAL,
  /** Anywhere, at multiples of the size. */
  RANDOM;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
