package io.moongate.cli.bench.load;

/** What has been done. */
final class Tally {
  private final LatencyRecord latencies = new LatencyRecord();
  private final long begin;
  private long reads;
  private long writes;
  private long repeated;
  private long last;

  Tally(long begin) {
    this.begin = begin;
    this.last = begin;
  }

  void done(Slot slot, long now) {
    latencies.add(now - slot.start);
    if (slot.read) {
      reads++;
    } else {
      writes++;
    }
    last = now;
  }

  void repeated() {
    repeated++;
  }

  /** When the last one ended. */
  long last() {
    return last;
  }

  Outcome outcome() {
    return new Outcome(reads, writes, (last - begin) / 1e9, repeated, latencies.encoded(), null);
  }
}
