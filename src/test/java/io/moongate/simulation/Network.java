package io.moongate.simulation;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** What lies between the machines: delays, losses, repetitions, cuts of one direction. */
final class Network {
  private static final int USUAL_DELAY = 3_000_000;
  private static final int LONG_DELAY = 800_000_000;

  private final Scheduler scheduler;
  private final Random random;

  /** Until when each direction is cut. */
  private final Map<String, Long> cuts = new HashMap<>();

  private boolean troubled = true;

  Network(Scheduler scheduler, Random random) {
    this.scheduler = scheduler;
    this.random = random;
  }

  /** From now on nothing is lost and nothing takes long. */
  void heal() {
    troubled = false;
    cuts.clear();
  }

  void cut(String from, String to, long nanos) {
    cuts.merge(from + ">" + to, scheduler.now() + nanos, Math::max);
  }

  boolean isCut(String from, String to) {
    Long until = cuts.get(from + ">" + to);
    return until != null && until > scheduler.now();
  }

  /** Until when a direction is cut; 0 when it never was. */
  long cutUntil(String from, String to) {
    Long until = cuts.get(from + ">" + to);
    return until == null ? 0 : until;
  }

  /** How long something is on its way. */
  long delay() {
    int most = troubled && random.nextInt(40) == 0 ? LONG_DELAY : USUAL_DELAY;
    return 50_000 + (long) (random.nextDouble() * random.nextDouble() * most);
  }

  /** Sends a message that may be lost, repeated, and overtaken by later ones. */
  void send(String from, String to, SimulatedProcess receiver, Runnable arrival) {
    if (isCut(from, to) || troubled && random.nextInt(100) == 0) {
      return;
    }
    scheduler.at(scheduler.now() + delay(), receiver, arrival);
    if (troubled && random.nextInt(50) == 0) {
      scheduler.at(scheduler.now() + delay(), receiver, arrival);
    }
  }

  /** One direction of a connection: in order, without loss; a cut holds it up. */
  final class Stream {
    private final String from;
    private final String to;
    private final SimulatedProcess receiver;
    private final ArrayDeque<Runnable> sent = new ArrayDeque<>();

    /** What lies in the buffer of the receiver's machine. */
    private final ArrayDeque<Runnable> buffered = new ArrayDeque<>();

    private long last;

    Stream(String from, String to, SimulatedProcess receiver) {
      this.from = from;
      this.to = to;
      this.receiver = receiver;
    }

    void send(Runnable arrival) {
      sent.add(arrival);
      last = Math.max(last, Math.max(scheduler.now(), cutUntil(from, to)) + delay());
      scheduler.at(last, null, this::reachReceiver);
    }

    /** It lies in the receiver's buffer from now on, whatever becomes of the connection. */
    private void reachReceiver() {
      if (sent.isEmpty()) {
        return;
      }
      if (isCut(from, to)) {
        last = Math.max(last, cutUntil(from, to) + delay());
        scheduler.at(last, null, this::reachReceiver);
        return;
      }
      Runnable arrival = sent.remove();
      buffered.add(arrival);
      scheduler.at(scheduler.now(), receiver, this::receive);
    }

    private void receive() {
      Runnable arrival = buffered.poll();
      if (arrival != null) {
        arrival.run();
      }
    }

    /** The sender resets the connection: what has not reached the receiver's machine never will. */
    void reset() {
      sent.clear();
    }
  }
}
