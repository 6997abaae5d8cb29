package io.moongate.cli.bench.load;

import java.util.SplittableRandom;

/** Where the operations of one lane are, and which of them read. */
final class Places {
  private static final int READS_OF_MIXED = 70;

  private final Job.Shape shape;
  private final long slots;
  private final SplittableRandom random;
  private long at;

  /**
   * @param capacity bytes of the disk
   * @param lane 0 to {@code shape.sessions() - 1}
   */
  Places(Job.Shape shape, long capacity, int lane) {
    this.shape = shape;
    this.slots = capacity / shape.size();
    if (slots == 0) {
      throw new IllegalArgumentException(
          "a disk of %d bytes has no room for operations of %d".formatted(capacity, shape.size()));
    }
    this.random = new SplittableRandom(lane + 1L);
    this.at = slots / shape.sessions() * lane * shape.size();
  }

  /** The next offset in bytes. */
  long next() {
    if (shape.pattern() == AccessPattern.RANDOM) {
      return random.nextLong(slots) * shape.size();
    }
    long offset = at;
    at += shape.size() + shape.step();
    if (at + shape.size() > slots * shape.size()) {
      // Another place after each round, where some are left out.
      at = shape.step() == 0 ? 0 : random.nextLong(slots) * shape.size();
    }
    return offset;
  }

  /** Whether the next one reads. */
  boolean reads() {
    return switch (shape.operation()) {
      case READ -> true;
      case WRITE -> false;
      case MIXED -> random.nextInt(100) < READS_OF_MIXED;
    };
  }
}
