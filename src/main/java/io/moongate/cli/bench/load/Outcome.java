package io.moongate.cli.bench.load;

/**
 * What came of a {@link Job}.
 *
 * @param reads that ended with GOOD
 * @param writes that ended with GOOD
 * @param seconds from the first to the end of the last
 * @param repeated commands that were sent again, after BUSY, TASK SET FULL or a unit attention
 * @param latencies {@link LatencyRecord#encoded}: of operations, from when each was to begin
 * @param error why it failed; null when it did not
 */
public record Outcome(
    long reads, long writes, double seconds, long repeated, String latencies, String error) {

  static Outcome failed(String error) {
    return new Outcome(0, 0, 0, 0, new LatencyRecord().encoded(), error);
  }

  /** Reads and writes. */
  public long operations() {
    return reads + writes;
  }

  /** Operations a second. */
  public double rate() {
    return seconds > 0 ? operations() / seconds : 0;
  }
}
