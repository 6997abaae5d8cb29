package io.moongate.audit;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The few threads that replay, so that no replay takes more than these from what serves hosts. Each
 * question has a time to be answered in; what is not done by then is given up.
 */
final class Workers implements AutoCloseable {
  private static final int WAITING = 256;
  private static final Duration IDLE = Duration.ofSeconds(10);

  private final int threads;
  private final Duration bound;
  private final ThreadPoolExecutor pool;

  Workers(int threads, Duration bound) {
    this.threads = threads;
    this.bound = bound;
    AtomicInteger numbers = new AtomicInteger();
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(WAITING),
            work -> {
              Thread thread = new Thread(work, "moongate-audit-" + numbers.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
  }

  /** When a question that is asked now has to be answered. */
  long deadline() {
    return System.nanoTime() + bound.toNanos();
  }

  /** Runs one piece of work. */
  <T> CompletionStage<T> run(Callable<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      pool.execute(
          () -> {
            try {
              done.complete(work.call());
            } catch (Exception failure) {
              done.completeExceptionally(failure);
            }
          });
    } catch (RejectedExecutionException full) {
      done.completeExceptionally(full);
    }
    return done;
  }

  /** Runs the same work for each, by all threads; ends with the first failure. */
  <T> CompletionStage<Void> forEach(Iterator<T> each, long deadline, Consumer<T> work) {
    CompletableFuture<?>[] shares = new CompletableFuture<?>[threads];
    CompletableFuture<Void> failed = new CompletableFuture<>();
    for (int share = 0; share < threads; share++) {
      shares[share] =
          run(() -> {
                work(each, deadline, failed, work);
                return null;
              })
              .whenComplete(
                  (done, failure) -> {
                    if (failure != null) {
                      failed.completeExceptionally(failure);
                    }
                  })
              .toCompletableFuture();
    }
    return CompletableFuture.allOf(shares);
  }

  private static <T> void work(
      Iterator<T> each, long deadline, CompletableFuture<Void> failed, Consumer<T> work) {
    while (!failed.isDone()) {
      requireTime(deadline);
      T next;
      synchronized (each) {
        if (!each.hasNext()) {
          return;
        }
        next = each.next();
      }
      work.accept(next);
    }
  }

  /** Gives up once the time is over. */
  static void requireTime(long deadline) {
    if (System.nanoTime() - deadline > 0) {
      throw new CompletionException(new TimeoutException("a replay was given up"));
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
