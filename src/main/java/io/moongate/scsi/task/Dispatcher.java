package io.moongate.scsi.task;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Tasks whose turn has come while another one ended or the ownership changed, in order. One thread
 * at a time takes them on, in a loop and not by recursion: a store may complete at once, and each
 * end makes others ready. The monitor of the task set guards what is not said to be called without
 * it.
 */
final class Dispatcher {
  private final Object monitor;
  private final Consumer<Task> action;
  private final ArrayDeque<Task> ready = new ArrayDeque<>();
  private boolean running;

  /**
   * @param monitor the task set's
   * @param action what is to be done with a task, without the monitor; it does not throw
   */
  Dispatcher(Object monitor, Consumer<Task> action) {
    this.monitor = monitor;
    this.action = action;
  }

  void add(Task task) {
    ready.add(task);
  }

  /** Whether there is nothing that a task would have to stay behind. */
  boolean isIdle() {
    return ready.isEmpty() && !running;
  }

  /** Whether {@link #run} has anything to do. */
  boolean isNeeded() {
    return !ready.isEmpty() && !running;
  }

  /** Takes on whatever is ready, unless another thread, or this one further up, does. */
  void run() {
    synchronized (monitor) {
      if (!isNeeded()) {
        return;
      }
      running = true;
    }
    for (Task task = next(); task != null; task = next()) {
      action.accept(task);
    }
  }

  private Task next() {
    synchronized (monitor) {
      Task task = ready.poll();
      running = task != null;
      return task;
    }
  }
}
