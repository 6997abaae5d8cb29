package io.moongate.scsi;

import io.moongate.scsi.task.DeadlineTimer;
import java.util.ArrayList;
import java.util.List;

/** A clock that a test moves. */
public final class ManualTimer implements DeadlineTimer {
  private record Entry(long instant, Runnable action) {}

  private final List<Entry> entries = new ArrayList<>();
  private long now = Long.MAX_VALUE - 1_000; // wraps round soon, as System.nanoTime may

  @Override
  public synchronized long nanoTime() {
    return now;
  }

  @Override
  public synchronized void at(long instant, Runnable action) {
    entries.add(new Entry(instant, action));
  }

  /** How many wake-ups are asked for. */
  public synchronized int asked() {
    return entries.size();
  }

  /** Moves the clock, and runs what is due. */
  public void advance(long nanos) {
    List<Entry> due;
    synchronized (this) {
      now += nanos;
      due = entries.stream().filter(entry -> entry.instant() - now <= 0).toList();
      entries.removeAll(due);
    }
    due.forEach(entry -> entry.action().run());
  }
}
