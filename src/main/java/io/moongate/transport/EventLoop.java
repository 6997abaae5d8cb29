package io.moongate.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that waits for sockets and for tasks, and does what is due. As an executor it is the
 * dispatcher of the streams whose sockets it waits for, so that nothing has to be handed over.
 */
final class EventLoop extends AbstractExecutorService {
  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  /** Bytes that are moved between a socket and the heap at a time. */
  static final int TRANSFER = 128 * 1024;

  /** Tasks that are done before sockets are looked at again. */
  private static final int TASKS_AT_A_TIME = 64;

  private static final long WAITING = 0;

  private static final long PAUSE_NANOS = 100_000_000;

  private static final double SECOND_NANOS = 1e9;

  private static final Set<EventLoop> RUNNING = ConcurrentHashMap.newKeySet();

  private static final ThreadLocal<EventLoop> CURRENT = new ThreadLocal<>();

  private final Selector selector;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Consumer<SelectionKey> told = this::tell;
  private final AtomicBoolean asleep = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ByteBuffer transfer = ByteBuffer.allocateDirect(TRANSFER);
  private final Thread thread;
  private volatile boolean shutdown;
  private volatile boolean closing;

  /** Of its thread: which of its system's loops it is. */
  private int number;

  /** Since when it does what is due; {@link #WAITING} while it waits. Written by its thread. */
  private volatile long turnFromNanos = WAITING;

  /** In turns that have ended. Written by its thread. */
  private final AtomicLong busyNanos = new AtomicLong();

  /** Starts it on a thread of the factory's. */
  EventLoop(ThreadFactory threads) {
    try {
      selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread = threads.newThread(this::run);
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) {
        closeAll();
      }
    }
  }

  /**
   * The loop whose thread this is.
   *
   * @throws IllegalStateException on any other thread
   */
  static EventLoop current() {
    EventLoop loop = CURRENT.get();
    if (loop == null) {
      throw new IllegalStateException("not on the thread of an event loop");
    }
    return loop;
  }

  /** Which of its system's loops this thread is; -1 on any other thread. */
  static int here() {
    EventLoop loop = CURRENT.get();
    return loop == null ? -1 : loop.number;
  }

  /** Which of its system's loops it is; on its thread. */
  void number(int which) {
    number = which;
  }

  /**
   * Waits for a channel from now on; on the loop's thread.
   *
   * @param ready told the operations that are possible now (bits of {@link SelectionKey}), again
   *     and again for as long as they are among the key's interest
   */
  SelectionKey register(SelectableChannel channel, IntConsumer ready)
      throws ClosedChannelException {
    return channel.register(selector, 0, ready);
  }

  /** Empty, off the heap; for use within one task, as all of the loop have the same. */
  ByteBuffer transfer() {
    return transfer.clear();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
    if (closing && tasks.remove(task)) {
      throw new RejectedExecutionException("the event loop has ended");
    }
    if (asleep.get() && Thread.currentThread() != thread && asleep.compareAndSet(true, false)) {
      selector.wakeup();
    }
  }

  private void run() {
    CURRENT.set(this);
    RUNNING.add(this);
    begins();
    try {
      while (!shutdown || !tasks.isEmpty()) {
        selectGuarded();
        Runnable task;
        for (int i = 0; i < TASKS_AT_A_TIME && (task = tasks.poll()) != null; i++) {
          runGuarded(task);
        }
      }
    } finally {
      // Whoever adds a task after this takes it back; whoever did before has it done here.
      closing = true;
      RUNNING.remove(this);
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        runGuarded(task);
      }
      try {
        closeAll();
      } finally {
        ended.countDown();
      }
    }
  }

  /** What can't be waited for is no reason to leave everyone else alone. */
  private void selectGuarded() {
    try {
      select();
    } catch (IOException | RuntimeException e) {
      asleep.set(false);
      LOG.error("sockets can't be waited for", e);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    // An interrupt that somebody has left would end every wait from now on.
    Thread.interrupted();
  }

  private void select() throws IOException {
    if (!tasks.isEmpty()) {
      waits();
      begins();
      selector.selectNow(told);
      return;
    }
    asleep.set(true);
    // Whoever adds a task from now on wakes the selector; whoever did before is seen here.
    if (tasks.isEmpty() && !shutdown) {
      waits();
      selector.select(told);
    }
    asleep.set(false);
    begins();
  }

  /** A turn begins: with the first socket that is told of, or the end of the wait. */
  private void begins() {
    if (turnFromNanos == WAITING) {
      turnFromNanos = System.nanoTime() | 1;
    }
  }

  /** The turn has ended. */
  private void waits() {
    long from = turnFromNanos;
    if (from != WAITING) {
      busyNanos.lazySet(busyNanos.get() + System.nanoTime() - from);
      turnFromNanos = WAITING;
    }
  }

  static Set<EventLoop> running() {
    return RUNNING;
  }

  LoopReading reading() {
    long from = turnFromNanos;
    double turn = from == WAITING ? 0 : (System.nanoTime() - from) / SECOND_NANOS;
    return new LoopReading(
        thread.getName(), busyNanos.get() / SECOND_NANOS + turn, turn, tasks.size());
  }

  private void tell(SelectionKey key) {
    begins();
    try {
      ((IntConsumer) key.attachment()).accept(key.readyOps());
    } catch (CancelledKeyException closed) {
      // By what was told just before.
    } catch (RuntimeException e) {
      LOG.error("what became ready could not be told", e);
    }
  }

  private static void runGuarded(Runnable task) {
    try {
      task.run();
    } catch (VirtualMachineError fatal) {
      throw fatal; // To the thread's handler, which ends the process.
    } catch (Throwable e) {
      LOG.error("a task failed", e);
    }
  }

  private void closeAll() {
    for (SelectionKey key : selector.keys()) {
      try {
        key.channel().close();
      } catch (IOException e) {
        LOG.debug("a channel could not be closed", e);
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      LOG.debug("a selector could not be closed", e);
    }
  }

  @Override
  public void shutdown() {
    shutdown = true;
    selector.wakeup();
  }

  @Override
  public List<Runnable> shutdownNow() {
    List<Runnable> left = new ArrayList<>();
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      left.add(task);
    }
    shutdown();
    return left;
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return ended.getCount() == 0;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return ended.await(timeout, unit);
  }
}
