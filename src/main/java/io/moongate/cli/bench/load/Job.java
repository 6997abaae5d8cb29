package io.moongate.cli.bench.load;

/**
 * What a load is: of whom, what, how much.
 *
 * @param verify whether data that is read must be what this generator has written there
 */
public record Job(Place place, Shape shape, Extent extent, boolean verify) {

  /** What is spoken. */
  public enum Protocol {
    ISCSI,
    /** PDUs of the same lengths, and nothing behind them: {@link EchoServer}. */
    ECHO
  }

  /**
   * Who is asked.
   *
   * @param target iSCSI name; null for {@link Protocol#ECHO}
   */
  public record Place(Protocol protocol, String host, int port, String target, int lun) {
    public Place {
      within("port", port, 1, 65_535);
      within("lun", lun, 0, 16_383);
      if (protocol == Protocol.ISCSI && (target == null || target.isBlank())) {
        throw new IllegalArgumentException("target is missing");
      }
    }
  }

  /**
   * What is asked.
   *
   * @param size bytes of one operation, a multiple of 512
   * @param depth operations under way in each session, at most
   * @param sessions of one connection each
   * @param digests whether header and data digests are demanded
   * @param step bytes that are left out after each operation of {@link AccessPattern#SEQUENTIAL}
   */
  public record Shape(
      Operation operation,
      AccessPattern pattern,
      int size,
      int depth,
      int sessions,
      boolean digests,
      long step) {
    public Shape {
      within("size", size, 512, 1 << 20);
      within("depth", depth, 1, 1024);
      within("sessions", sessions, 1, 256);
      within("step", step, 0, 1L << 40);
      if (size % 512 != 0) {
        throw new IllegalArgumentException("size %d is not a multiple of 512".formatted(size));
      }
    }
  }

  /**
   * How much is asked.
   *
   * @param operations after which it ends; 0: not by a number
   * @param seconds after which it ends; 0: not by time
   * @param rate operations a second, at even distances, of all sessions together; what a late
   *     answer holds up is counted as late. 0: each operation begins when another has ended
   */
  public record Extent(long operations, double seconds, double rate) {
    public Extent {
      if (operations < 0 || !(seconds >= 0) || !(rate >= 0)) {
        throw new IllegalArgumentException(
            "operations %d, seconds %s, rate %s: none may be negative"
                .formatted(operations, seconds, rate));
      }
      if (rate > 0 && rate < 1) {
        throw new IllegalArgumentException("rate %s is below 1 a second".formatted(rate));
      }
      if (operations == 0 && seconds == 0) {
        throw new IllegalArgumentException("neither operations nor seconds say when it ends");
      }
    }

    /** Until so many are done, as fast as they are. */
    public static Extent count(long operations) {
      return new Extent(operations, 0, 0);
    }
  }

  private static void within(String what, long value, long low, long high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(
          "%s %d is not of %d to %d".formatted(what, value, low, high));
    }
  }
}
