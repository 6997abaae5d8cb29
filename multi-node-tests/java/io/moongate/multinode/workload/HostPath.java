package io.moongate.multinode.workload;

import io.moongate.multinode.harness.Portal;
import io.moongate.multinode.harness.TestLun;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A host's session with a LUN through one gateway. It is used by one thread; when it is lost it is
 * logged in again in the background, with the same ISID, so that the target first ends what the old
 * session left (RFC 7143 section 6.3.5).
 */
final class HostPath implements AutoCloseable {
  private static final ThreadFactory DAEMON =
      task -> {
        Thread thread = new Thread(task, "host-path");
        thread.setDaemon(true);
        return thread;
      };

  /**
   * One thread a path that is logging in: a login to a gateway that is stopped must not delay
   * another's.
   */
  private static final ExecutorService LOGINS = Executors.newCachedThreadPool(DAEMON);

  /** Ends waits by closing the connection under them. */
  private static final ScheduledThreadPoolExecutor WATCHDOG =
      new ScheduledThreadPoolExecutor(1, DAEMON);

  static {
    WATCHDOG.setRemoveOnCancelPolicy(true);
  }

  private final Portal gateway;
  private final TestLun lun;
  private final String initiatorName;
  private final long isid;
  private final HostSettings settings;
  private final AtomicInteger losses = new AtomicInteger();
  private TestInitiator session;
  private Future<?> login;
  private boolean closed;

  HostPath(Portal gateway, TestLun lun, String initiatorName, long isid, HostSettings settings) {
    this.gateway = gateway;
    this.lun = lun;
    this.initiatorName = initiatorName;
    this.isid = isid;
    this.settings = settings;
  }

  String name() {
    return gateway.name();
  }

  /** Begins to log in, in the background. */
  synchronized void connect() {
    if (!closed && session == null && (login == null || login.isDone())) {
      login = LOGINS.submit(this::logInUntilDone);
    }
  }

  /** Whether it is logged in, as far as the host knows. */
  synchronized boolean up() {
    return session != null;
  }

  /** How often the session was lost. */
  int losses() {
    return losses.get();
  }

  /** Waits until it is logged in; false when that takes longer. */
  synchronized boolean awaitUp(Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    try {
      while (session == null && !closed) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return session != null;
  }

  /**
   * Executes a command.
   *
   * @throws IOException when the session is lost or was; nothing is known of the command then
   */
  TestInitiator.Result execute(byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    TestInitiator current;
    synchronized (this) {
      if (session == null) {
        throw new IOException("not logged in");
      }
      current = session;
    }
    try {
      return bounded(
          current,
          settings.silence(),
          () -> current.command(lun.field(), cdb, dataOut, expectedDataIn));
    } catch (IOException e) {
      lose(current);
      throw e;
    }
  }

  private void lose(TestInitiator lost) throws IOException {
    lost.close();
    losses.incrementAndGet();
    synchronized (this) {
      if (session == lost) {
        session = null;
      }
    }
    connect();
  }

  private void logInUntilDone() {
    while (true) {
      try {
        TestInitiator fresh = TestInitiator.connect(gateway.portal());
        bounded(fresh, settings.silence(), () -> fresh.login(initiatorName, isid, lun.target()));
        take(fresh);
        return;
      } catch (IOException e) {
        // Down, or not ready yet: as for any host there is nothing to do but to try again.
        if (isClosed()) {
          return;
        }
      }
      try {
        TimeUnit.NANOSECONDS.sleep(settings.reconnect().toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized void take(TestInitiator fresh) throws IOException {
    if (closed) {
      fresh.close();
    } else {
      session = fresh;
      notifyAll();
    }
  }

  private static <T> T bounded(TestInitiator initiator, Duration bound, Callable<T> action)
      throws IOException {
    ScheduledFuture<?> end =
        WATCHDOG.schedule(
            () -> {
              initiator.close();
              return null;
            },
            bound.toNanos(),
            TimeUnit.NANOSECONDS);
    try {
      return action.call();
    } catch (IOException e) {
      initiator.close();
      throw e;
    } catch (Exception e) {
      // A malformed answer: no command of this session can be trusted any more, and the test must
      // know.
      initiator.close();
      throw new IllegalStateException("a protocol error", e);
    } finally {
      end.cancel(false);
    }
  }

  private synchronized TestInitiator end() {
    TestInitiator last = session;
    closed = true;
    session = null;
    notifyAll();
    return last;
  }

  /** Drops the connection under whoever uses it. */
  void abandon() {
    TestInitiator last = end();
    if (last != null) {
      try {
        last.close();
      } catch (IOException e) {
        // It is gone, which is what was wanted.
        return;
      }
    }
  }

  /** Logs out, and does not come back. */
  @Override
  public void close() {
    TestInitiator last = end();
    if (last != null) {
      try {
        bounded(
            last,
            settings.silence(),
            () -> {
              last.logout();
              return null;
            });
        last.close();
      } catch (IOException e) {
        // It is gone, which is what was wanted.
        return;
      }
    }
  }
}
