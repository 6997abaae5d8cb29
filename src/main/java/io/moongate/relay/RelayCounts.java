package io.moongate.relay;

import io.moongate.measure.Latencies;
import io.moongate.measure.SharedLatencies;
import java.util.concurrent.atomic.LongAdder;

/**
 * What became of the commands that were relayed to one gateway, whichever of its processes and over
 * whichever connection. Thread-safe.
 */
public final class RelayCounts {
  private final SharedLatencies replied = new SharedLatencies();
  private final LongAdder refused = new LongAdder();
  private final LongAdder unanswered = new LongAdder();
  private final LongAdder broken = new LongAdder();

  void replied(long tookNanos) {
    replied.record(tookNanos);
  }

  void refused() {
    refused.increment();
  }

  void unanswered() {
    unanswered.increment();
  }

  void broken() {
    broken.increment();
  }

  /** Commands that the owner has replied to in time, from being handed over to the reply. */
  public Latencies replies() {
    return replied.read();
  }

  /** Commands that were answered BUSY because they could not be sent. */
  public long refusedCommands() {
    return refused.sum();
  }

  /** Commands that were sent, and answered BUSY because no reply came in time. */
  public long unansweredCommands() {
    return unanswered.sum();
  }

  /** Connections that broke after they had been welcome. */
  public long brokenConnections() {
    return broken.sum();
  }
}
