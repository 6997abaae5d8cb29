package io.moongate.session;

import io.moongate.wire.SerialNumber;
import java.time.Duration;

/**
 * How old what an initiator sends can be. A host that has given a connection up sends its commands
 * again through another path; what its kernel had queued for the old one may arrive long after
 * that, and must not be executed then. A PDU is younger than whatever the initiator had received
 * when it made it: the response that its ExpStatSN acknowledges (RFC 7143 section 4.2.2.2), or the
 * NOP-In that an earlier NOP-Out has answered. Pure.
 */
final class Freshness {
  /** Samples of the StatSN that are kept; with too few, PDUs only look older than they are. */
  private static final int SAMPLES = 16;

  private final long mostNanos;
  private final long stepNanos;

  /** In order: whatever gets this StatSN, or a later one, is sent after that moment. */
  private final int[] statSns = new int[SAMPLES];

  private final long[] sampledNanos = new long[SAMPLES];
  private int first;
  private int count;

  private long provenNanos;
  private boolean asked;
  private int askedTag;
  private long askedNanos;

  /**
   * @param most age of a PDU that may be executed
   * @param nowNanos of the last that the initiator is known to have received
   */
  Freshness(Duration most, long nowNanos) {
    this.mostNanos = most.toNanos();
    this.stepNanos = mostNanos / SAMPLES;
    this.provenNanos = nowNanos;
  }

  /** The next status that is sent has this StatSN: the initiator receives it after this moment. */
  void sample(int nextStatSn, long nowNanos) {
    int last = (first + count - 1) % SAMPLES;
    if (count > 0 && statSns[last] == nextStatSn) {
      sampledNanos[last] = nowNanos;
    } else if (count == SAMPLES) {
      statSns[last] = nextStatSn;
      sampledNanos[last] = nowNanos;
    } else if (count == 0 || nowNanos - sampledNanos[last] >= stepNanos) {
      statSns[(first + count) % SAMPLES] = nextStatSn;
      sampledNanos[(first + count) % SAMPLES] = nowNanos;
      count++;
    }
  }

  /** A PDU has come that acknowledges all before a StatSN; of what was not sent it says nothing. */
  void acknowledged(int expStatSn, int nextStatSn) {
    if (SerialNumber.lessThan(nextStatSn, expStatSn)) {
      return;
    }
    while (count > 0 && SerialNumber.lessThan(statSns[first], expStatSn)) {
      proven(sampledNanos[first]);
      first = (first + 1) % SAMPLES;
      count--;
    }
  }

  /** Whether what came then may have been older than is allowed. */
  boolean isStale(long arrivedNanos) {
    return arrivedNanos - provenNanos > mostNanos;
  }

  /** A NOP-In is sent; only one is awaited at a time. */
  void asks(int transferTag, long nowNanos) {
    asked = true;
    askedTag = transferTag;
    askedNanos = nowNanos;
  }

  /** Whether a NOP-In is awaited. */
  boolean isAsking() {
    return asked;
  }

  /** A NOP-Out has come; whether it answers the NOP-In that is awaited. */
  boolean answered(int transferTag) {
    if (!asked || transferTag != askedTag) {
      return false;
    }
    asked = false;
    proven(askedNanos);
    return true;
  }

  private void proven(long nanos) {
    if (nanos - provenNanos > 0) {
      provenNanos = nanos;
    }
  }
}
