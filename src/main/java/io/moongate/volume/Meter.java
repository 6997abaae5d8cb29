package io.moongate.volume;

import java.util.concurrent.atomic.LongAdder;

/** Counts what is asked of a volume. Thread-safe. */
public final class Meter {

  /**
   * So many bytes are as much work as an operation is in itself: what the data path needs for a
   * large transfer, beside a small one.
   */
  private static final double BYTES_OF_AN_OPERATION = 32 << 10;

  private final LongAdder operations = new LongAdder();
  private final LongAdder bytes = new LongAdder();

  /**
   * An operation begins.
   *
   * @param length bytes that it transfers
   */
  void count(long length) {
    operations.increment();
    bytes.add(length);
  }

  /** Everything so far, in operations: each is one, and one more for every 32 KiB. */
  public double work() {
    return operations.sum() + bytes.sum() / BYTES_OF_AN_OPERATION;
  }
}
