package io.moongate.cli.bench.load;

import java.util.Locale;

/** What is asked of a disk. */
public enum Operation {
  READ,
  WRITE,
  /** 70 reads of 100 operations, in no order. */
  MIXED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
