package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads for calls of one kind, that wait for the cluster. */
final class CallThreads {
  private final ThreadPoolExecutor threads;

  /**
   * For a kind of calls.
   *
   * @param kind for the names of the threads
   * @param threads how many calls wait at a time
   * @param queue how many calls may wait for a thread
   */
  CallThreads(String kind, int threads, int queue) {
    AtomicInteger number = new AtomicInteger();
    this.threads =
        new ThreadPoolExecutor(
            threads,
            threads,
            1,
            TimeUnit.MINUTES,
            queue == 0 ? new SynchronousQueue<>() : new ArrayBlockingQueue<>(queue),
            task -> {
              String name = "volume-rbd-%s-%d".formatted(kind, number.incrementAndGet());
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    this.threads.allowCoreThreadTimeOut(true);
  }

  /** Runs a call; fails with OVERLOADED when too many wait. */
  <T> CompletionStage<T> run(Callable<T> call) {
    return tryRun(call)
        .orElseGet(() -> CompletableFuture.failedStage(known(new RejectedExecutionException())));
  }

  /** The same; nothing when too many wait. */
  <T> Optional<CompletionStage<T>> tryRun(Callable<T> call) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      threads.execute(
          () -> {
            try {
              done.complete(call.call());
            } catch (Throwable e) {
              // Also an Error: whoever waits must hear of it.
              done.completeExceptionally(known(e));
            }
          });
    } catch (RejectedExecutionException e) {
      return Optional.empty();
    }
    return Optional.of(done);
  }

  /** Runs what must be done, on a thread of its own when none can be had. Never on the caller's. */
  void runSurely(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      Thread thread = new Thread(task, "volume-rbd-surely");
      thread.setDaemon(true);
      thread.start();
    }
  }

  void shutdown() {
    threads.shutdown();
  }

  /** Waits until they have nothing to do any more; false when that takes longer. */
  boolean await(Duration patience) {
    try {
      return threads.awaitTermination(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Nothing but these leaves a store. */
  static VolumeException known(Throwable failure) {
    return VolumeException.in(failure)
        .orElseGet(
            () ->
                failure instanceof RejectedExecutionException
                    ? new VolumeException(
                        Reason.OVERLOADED, "the store has too much to do", failure)
                    : new VolumeException(Reason.IO, "the store failed", failure));
  }
}
