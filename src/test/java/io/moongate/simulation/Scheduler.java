package io.moongate.simulation;

import java.util.PriorityQueue;

/** Virtual time: what is to happen, in its order. Everything happens on the caller's thread. */
final class Scheduler {
  static final long MS = 1_000_000;
  static final long SECOND = 1_000 * MS;

  /**
   * Something that is to happen.
   *
   * @param order between events of the same instant
   * @param of the process that does it; null when it is the world's own
   */
  private record Event(long at, long order, SimulatedProcess of, Runnable action)
      implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime == 0 ? Long.compare(order, other.order) : byTime;
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now;
  private long order;
  private long steps;
  private long digest;

  /** The world's time in nanoseconds from its beginning. */
  long now() {
    return now;
  }

  /** How many events have happened. */
  long steps() {
    return steps;
  }

  /** A number that two runs share when the same has happened in both. */
  long digest() {
    return digest;
  }

  /** Has something happen; an instant that is past means now. */
  void at(long instant, SimulatedProcess of, Runnable action) {
    events.add(new Event(Math.max(now, instant), order++, of, action));
  }

  void after(long nanos, Runnable action) {
    at(now + nanos, null, action);
  }

  /** Lets the next event happen. What a process would do that has ended does not happen. */
  void step() {
    Event event = events.remove();
    now = event.at;
    SimulatedProcess of = event.of;
    if (of != null) {
      if (of.hasEnded()) {
        return;
      }
      if (of.stoppedUntil() > now) {
        // Once it goes on, what has become due meanwhile comes in any order.
        at(of.resumption(), of, event.action);
        return;
      }
    }
    steps++;
    digest = digest * 31 + (now ^ event.order);
    event.action.run();
  }
}
