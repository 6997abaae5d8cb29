package io.moongate.cli.bench.load;

/** When operations are to begin. All times are of {@link System#nanoTime}. */
interface Supply {

  /** Whether one is to begin now. */
  boolean due(long now);

  /** When the next one is to begin; of no meaning once it is over. */
  long next(long now);

  /** Begins the next one that is due, and gives the time at which it was to begin. */
  long take(long now);

  /** Whether none is left to begin. */
  boolean over(long now);

  /**
   * One begins whenever there is room for it: what is slow is asked less. Shared by all sessions.
   */
  final class Closed implements Supply {
    private final long end;
    private long left;

    /**
     * @param operations 0: no such limit
     * @param nanos from {@code begin}; 0: no such limit
     */
    Closed(long begin, long operations, long nanos) {
      this.left = operations == 0 ? Long.MAX_VALUE : operations;
      this.end = begin + (nanos == 0 ? Long.MAX_VALUE / 2 : nanos);
    }

    @Override
    public boolean due(long now) {
      return !over(now);
    }

    @Override
    public long next(long now) {
      return now;
    }

    @Override
    public long take(long now) {
      left--;
      return now;
    }

    @Override
    public boolean over(long now) {
      return left <= 0 || now - end >= 0;
    }
  }

  /**
   * They begin at even distances, however long those before take: every {@code lanes}th of them is
   * one lane's.
   */
  final class Paced implements Supply {
    private final long begin;
    private final double interval;
    private final int lanes;
    private final long end;
    private long index;

    /**
     * @param interval nanoseconds between one and the next of all lanes
     * @param lane 0 to {@code lanes - 1}
     * @param end how many there are, of all lanes
     */
    Paced(long begin, double interval, int lane, int lanes, long end) {
      this.begin = begin;
      this.interval = interval;
      this.lanes = lanes;
      this.end = end;
      this.index = lane;
    }

    @Override
    public boolean due(long now) {
      return index < end && next(now) - now <= 0;
    }

    @Override
    public long next(long now) {
      return begin + (long) (interval * index);
    }

    @Override
    public long take(long now) {
      long start = next(now);
      index += lanes;
      return start;
    }

    @Override
    public boolean over(long now) {
      return index >= end;
    }
  }
}
