package io.moongate.volume.rbd;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The threads of a store, for calls that wait, and its bound on what is under way.
 *
 * <p>A call on a unit that hangs keeps its thread. So each kind has threads of its own: what hosts
 * ask for, as often as they like, takes none from those that open and fence.
 */
final class StoreThreads {
  /** Deleting asks for every object there could be. */
  private static final int REMOVALS = 2;

  private static final int ROLLBACKS = 4;

  /** Hosts need not be told what is allocated. */
  private static final int LOOK_UPS = 4;

  /** Lists that are made at a time; an operator can ask again. */
  private static final int LISTINGS = 2;

  /** Headers of images that are looked at for them at a time. */
  private static final int HEADERS = 16;

  private static final int QUEUED_HEADERS = 4096;

  private final Semaphore places;
  private final CallThreads takeOvers;
  private final CallThreads changes;
  private final CallThreads writes;
  private final CallThreads closings;
  private final CallThreads records;
  private final CallThreads lookUps = new CallThreads("look-up", LOOK_UPS, 0);
  private final CallThreads listings = new CallThreads("list", LISTINGS, 0);
  private final CallThreads headers = new CallThreads("header", HEADERS, QUEUED_HEADERS);
  private final CallThreads removals;
  private final CallThreads rollbacks;
  private final CallThreads checks;

  /**
   * For a store.
   *
   * @param threads how many calls of a kind wait at a time
   * @param inFlight how many operations are under way, and how many calls may wait for a thread
   */
  StoreThreads(int threads, int inFlight) {
    this.places = new Semaphore(inFlight);
    this.takeOvers = new CallThreads("take-over", threads, inFlight);
    this.changes = new CallThreads("change", threads, inFlight);
    this.writes = new CallThreads("write", threads, inFlight);
    this.closings = new CallThreads("close", threads, inFlight);
    this.rollbacks = new CallThreads("rollback", ROLLBACKS, inFlight);
    this.records = new CallThreads("record", threads, inFlight);
    this.removals = new CallThreads("remove", REMOVALS, inFlight);
    this.checks = new CallThreads("check", 1, 1);
  }

  /** Lets an operation in; each that was needs one {@link #leave}. */
  boolean admit() {
    return places.tryAcquire();
  }

  void leave() {
    places.release();
  }

  /** For opening and fencing. */
  CallThreads takeOvers() {
    return takeOvers;
  }

  /** For making, adopting and growing. */
  CallThreads changes() {
    return changes;
  }

  /** For writes that librbd has no asynchronous call for. */
  CallThreads writes() {
    return writes;
  }

  /** For records of who was fenced; nobody waits long for one of these. */
  CallThreads records() {
    return records;
  }

  /** For closing, which may wait for what hangs. */
  CallThreads closings() {
    return closings;
  }

  /** For looking what is allocated; nobody waits for one of these. */
  CallThreads lookUps() {
    return lookUps;
  }

  /** For rolling back, which asks for every object, too. */
  CallThreads rollbacks() {
    return rollbacks;
  }

  /** For lists of images. */
  CallThreads listings() {
    return listings;
  }

  /** For the images of a list. */
  CallThreads headers() {
    return headers;
  }

  /** For deleting. */
  CallThreads removals() {
    return removals;
  }

  /** For looking whether the cluster can be reached. */
  CallThreads checks() {
    return checks;
  }

  /** Ends the threads once they have nothing to do; false when that takes longer. */
  boolean close(Duration patience) {
    rollbacks.shutdown(); // So does one of these, by whoever owns the volume next.
    records.shutdown(); // An entry without a record stays until its time is over.
    listings.shutdown();
    headers.shutdown();
    removals.shutdown(); // A removal that is cut off goes on when it is asked for again.
    List<CallThreads> awaited = List.of(takeOvers, changes, writes, closings, lookUps, checks);
    awaited.forEach(CallThreads::shutdown);
    long until = System.nanoTime() + patience.toNanos();
    boolean ended = true;
    for (CallThreads each : awaited) {
      ended &= each.await(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
    }
    return ended;
  }
}
