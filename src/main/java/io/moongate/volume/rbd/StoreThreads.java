package io.moongate.volume.rbd;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of a store, for calls that wait, and its bound on what is under way. */
final class StoreThreads {
  private final ThreadPoolExecutor threads;
  private final Semaphore places;

  /**
   * For a store.
   *
   * @param threads how many calls wait at a time
   * @param inFlight how many operations are under way, and how many calls may wait for a thread
   */
  StoreThreads(int threads, int inFlight) {
    AtomicInteger number = new AtomicInteger();
    this.places = new Semaphore(inFlight);
    this.threads =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(inFlight),
            task -> {
              Thread thread = new Thread(task, "volume-rbd-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    this.threads.allowCoreThreadTimeOut(true);
  }

  /** Lets an operation in; each that was needs one {@link #leave}. */
  boolean admit() {
    return places.tryAcquire();
  }

  void leave() {
    places.release();
  }

  /** Runs a call that waits; fails with OVERLOADED when too many do. */
  <T> CompletionStage<T> run(Callable<T> call) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      threads.execute(
          () -> {
            try {
              done.complete(call.call());
            } catch (Throwable e) {
              // Also an Error: whoever waits must hear of it.
              done.completeExceptionally(RbdVolume.known(e));
            }
          });
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(RbdVolume.known(e));
    }
    return done;
  }

  /** Runs what must be done, on a thread of its own when none can be had. Never on the caller's. */
  void runSurely(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      Thread thread = new Thread(task, "volume-rbd-closing");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Ends the threads once they have nothing to do; false when that takes longer. */
  boolean close(Duration patience) {
    threads.shutdown();
    try {
      return threads.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
