package io.moongate.cluster.entity;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Lets calls of a fake through at once, or keeps them until the test lets them go on or fail. */
public final class Gate {
  private record Waiting(CompletableFuture<Void> pass) {}

  private final Queue<Waiting> waiting = new ArrayDeque<>();
  private boolean closed;
  private int failing;
  private int calls;

  /** Passes, now or later, and then does what the call does. */
  public <T> CompletionStage<T> pass(Supplier<T> call) {
    CompletableFuture<Void> pass = new CompletableFuture<>();
    synchronized (this) {
      calls++;
      if (failing > 0) {
        failing--;
        pass.completeExceptionally(new IllegalStateException("unreachable"));
      } else if (closed) {
        waiting.add(new Waiting(pass));
        notifyAll();
      } else {
        pass.complete(null);
      }
    }
    return pass.thenApply(open -> call.get());
  }

  /** How many calls came, whatever has become of them. */
  public synchronized int calls() {
    return calls;
  }

  /** From now on calls are kept. */
  public synchronized void close() {
    closed = true;
  }

  /** From now on calls pass; those that were kept go on. */
  public void open() {
    Queue<Waiting> all;
    synchronized (this) {
      closed = false;
      all = new ArrayDeque<>(waiting);
      waiting.clear();
    }
    all.forEach(one -> one.pass().complete(null));
  }

  /** The next calls fail. */
  public synchronized void failNext(int calls) {
    failing = calls;
  }

  /** Waits until so many calls are kept. */
  public synchronized void awaitKept(int calls) throws InterruptedException {
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (waiting.size() < calls) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("kept are " + waiting.size() + " calls, not " + calls);
      }
      wait(left);
    }
  }

  /** Lets the oldest kept call go on. */
  public void letOne() {
    Waiting one;
    synchronized (this) {
      one = waiting.remove();
    }
    one.pass().complete(null);
  }
}
