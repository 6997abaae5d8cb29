package io.moongate.volume.file;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of a store, for system calls that wait.
 *
 * <p>To wake a thread costs more than a short call takes, and threads that write to one file only
 * wait for one another. So for short tasks one thread is woken, and others only when many wait:
 * {@value #SHORT_AT_A_TIME} for each that is at it. Should those that are at it have to wait after
 * all, one more is woken every {@value #LOOK_MILLIS} ms for as long as there is a task that has
 * waited for so long. Thread-safe.
 */
final class FileThreads {
  /** Short tasks that may wait for one thread. */
  static final int SHORT_AT_A_TIME = 16;

  /** Milliseconds that a task may wait before one more thread is woken. */
  static final int LOOK_MILLIS = 2;

  /** How long a thread without work stays. */
  private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** How often the lookout finds nothing to do before it waits until it is needed. */
  private static final int QUIET_LOOKS = 50;

  private record Task(Runnable action, boolean isShort, long added) {}

  private final String name;
  private final int most;
  private final int queue;
  private final long lookNanos;
  private final Object lock = new Object();

  // All that follows is guarded by the lock.
  private final Deque<Task> tasks = new ArrayDeque<>();
  private final Deque<Worker> idle = new ArrayDeque<>();
  private int workers;
  private int named;

  /** Workers that are awake, or have been woken, and are not at a task that is long. */
  private int ready;

  private long begun;
  private long seen;
  private boolean shutdown;
  private Thread lookout;
  private boolean looking;

  /**
   * Starts none yet.
   *
   * @param most threads
   * @param queue tasks that may wait for one
   */
  FileThreads(String name, int most, int queue) {
    this(name, most, queue, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
  }

  FileThreads(String name, int most, int queue, long lookNanos) {
    this.lookNanos = lookNanos;
    this.name = name;
    this.most = most;
    this.queue = queue;
  }

  /**
   * Runs a task that may wait for long, on a thread of its own if one can be had.
   *
   * @throws RejectedExecutionException when too many wait, and after {@link #shutdown}
   */
  void execute(Runnable action) {
    add(new Task(action, false, System.nanoTime()));
  }

  /**
   * Runs a task that seldom waits.
   *
   * @throws RejectedExecutionException when too many wait, and after {@link #shutdown}
   */
  void executeShort(Runnable action) {
    add(new Task(action, true, System.nanoTime()));
  }

  private void add(Task task) {
    Worker woken;
    synchronized (lock) {
      boolean full = tasks.size() >= queue;
      // Those that are ready take one each: such a task does not wait.
      if (shutdown || tasks.size() >= queue + ready && idle.isEmpty() && workers == most) {
        throw new RejectedExecutionException(
            shutdown ? "the store is closed" : "the queue is full");
      }
      tasks.add(task);
      woken = !task.isShort() || full || tooFew() ? more() : null;
      look();
    }
    if (woken != null) {
      try {
        woken.wake();
      } catch (Throwable e) {
        synchronized (lock) {
          failedToStart();
          if (tasks.remove(task)) {
            throw new RejectedExecutionException("a thread can't be started", e);
          }
        }
      }
    }
  }

  private boolean tooFew() {
    return tasks.size() > ready * SHORT_AT_A_TIME;
  }

  /** One more worker, to be woken without the lock; null when all there may be are awake. */
  private Worker more() {
    Worker worker = idle.poll();
    if (worker == null) {
      if (workers == most) {
        return null;
      }
      worker = new Worker(++named);
      workers++;
    }
    worker.idle = false;
    ready++;
    return worker;
  }

  private void failedToStart() {
    workers--;
    ready--;
    lock.notifyAll();
  }

  private final class Worker implements Runnable {
    private final Thread thread;
    private boolean started;

    /** Guarded by the lock: whether it is among those that are idle. */
    private boolean idle;

    Worker(int number) {
      thread = new Thread(this, name + "-" + number);
      thread.setDaemon(true);
    }

    /** By whoever got it from {@link #more}. */
    void wake() {
      if (started) {
        LockSupport.unpark(thread);
      } else {
        started = true;
        thread.start();
      }
    }

    @Override
    public void run() {
      Task last = null;
      for (Task task = next(last); task != null; task = next(last)) {
        last = task;
        try {
          task.action().run();
        } catch (Throwable e) {
          tell(e);
        }
      }
    }

    private void tell(Throwable failure) {
      try {
        thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
      } catch (Throwable e) {
        // It has been told.
      }
    }

    /** Waits for the next task; null when this thread is to end. */
    private Task next(Task last) {
      boolean wasLong = last != null && !last.isShort();
      for (; ; ) {
        Worker woken = null;
        Task task;
        synchronized (lock) {
          ready += wasLong ? 1 : 0;
          wasLong = false;
          task = tasks.poll();
          if (task == null) {
            ready--;
            if (shutdown) {
              ends();
              return null;
            }
            Worker.this.idle = true;
            FileThreads.this.idle.push(this);
          } else {
            begun++;
            if (!task.isShort()) {
              ready--;
              woken = !tasks.isEmpty() && tooFew() ? more() : null;
            }
          }
        }
        if (woken != null) {
          wakeAnother(woken);
        }
        if (task != null) {
          return task;
        }
        if (!waitForWork()) {
          return null;
        }
      }
    }

    private void wakeAnother(Worker woken) {
      try {
        woken.wake();
      } catch (Throwable e) {
        // What waits is done by those that are there.
        synchronized (lock) {
          failedToStart();
        }
      }
    }

    /** False when nobody has had anything to do for so long that this thread ends. */
    private boolean waitForWork() {
      long from = System.nanoTime();
      for (; ; ) {
        LockSupport.parkNanos(FileThreads.this, IDLE_NANOS);
        synchronized (lock) {
          if (!Worker.this.idle) {
            return true;
          }
          if (shutdown || System.nanoTime() - from >= IDLE_NANOS) {
            FileThreads.this.idle.remove(this);
            ends();
            return false;
          }
        }
      }
    }

    private void ends() {
      workers--;
      lock.notifyAll();
      if (shutdown) {
        LockSupport.unpark(lookout);
      }
    }
  }

  private void look() {
    if (looking) {
      return;
    }
    if (lookout == null) {
      Thread thread = new Thread(this::lookOut, name + "-lookout");
      thread.setDaemon(true);
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        return; // The next task tries again.
      }
      lookout = thread;
    }
    looking = true;
    LockSupport.unpark(lookout);
  }

  private void lookOut() {
    for (int quiet = 0; quiet >= 0; ) {
      if (quiet > QUIET_LOOKS) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, lookNanos);
      }
      try {
        quiet = lookOnce(quiet);
      } catch (Throwable e) {
        quiet = 0; // No memory for a thread, most likely: there may be some the next time.
      }
    }
  }

  /** Returns how often there has been nothing to do so far; -1 at the end. */
  private int lookOnce(int quiet) {
    Worker woken = null;
    int next;
    synchronized (lock) {
      if (shutdown && workers == 0 && tasks.isEmpty()) {
        return -1;
      }
      if (!looking) {
        return quiet; // Woken for nothing.
      }
      Task first = tasks.peek();
      if (first != null && System.nanoTime() - first.added() >= lookNanos) {
        woken = more();
      }
      boolean still = first == null && begun == seen;
      seen = begun;
      next = still && quiet <= QUIET_LOOKS ? quiet + 1 : 0;
      looking = next <= QUIET_LOOKS;
    }
    if (woken != null) {
      woken.wakeAnother(woken);
    }
    return next;
  }

  /** Takes no more tasks; those that wait are done. */
  void shutdown() {
    synchronized (lock) {
      shutdown = true;
      for (Worker each : idle) {
        LockSupport.unpark(each.thread);
      }
      if (lookout != null) {
        LockSupport.unpark(lookout);
      }
    }
  }

  /** Waits for the end of all tasks after {@link #shutdown}; false when it takes longer. */
  boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    long until = System.nanoTime() + unit.toNanos(timeout);
    synchronized (lock) {
      for (long left = until - System.nanoTime();
          (workers > 0 || !tasks.isEmpty()) && left > 0;
          left = until - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(lock, left);
      }
      return workers == 0 && tasks.isEmpty();
    }
  }
}
