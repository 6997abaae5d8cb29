package io.moongate.scsi.copy;

import io.moongate.scsi.Status;
import io.moongate.scsi.sense.Sense;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** How far a copy has come: what RECEIVE COPY STATUS tells. Thread-safe. */
final class CopyState {
  /** How a copy ended. */
  record End(Status status, Optional<Sense> sense) {
    boolean success() {
      return status == Status.GOOD;
    }
  }

  private final AtomicLong bytes = new AtomicLong();
  private volatile int segments;
  private volatile Optional<End> end = Optional.empty();

  /** Bytes that were written, or were in their place already. */
  long bytes() {
    return bytes.get();
  }

  /** Segment descriptors that are done. */
  int segments() {
    return segments;
  }

  /** Empty while it is under way. */
  Optional<End> end() {
    return end;
  }

  void copied(long more) {
    bytes.addAndGet(more);
  }

  void segmentsDone(int count) {
    segments = count;
  }

  void ended(End how) {
    end = Optional.of(how);
  }
}
