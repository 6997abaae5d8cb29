package io.moongate.multinode.workload;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Writes that are sent through one gateway as fast as it takes them, many under way at a time,
 * until the session breaks: no host repeats them. How each has ended is known: that is what a burst
 * is for which is stopped in its middle.
 */
public final class Burst implements AutoCloseable {
  private static final String ACKNOWLEDGED = "acknowledged";
  private static final int SESSIONS = 4;
  private static final int UNDER_WAY = 16;
  private static final int FIRST_ASKS = 5;

  /** Values of their own, beyond those of any client. */
  private static final AtomicLong VALUES = new AtomicLong(1L << 59);

  private final List<Stream> streams = new ArrayList<>();
  private final TestGateway gateway;
  private final TestLun lun;
  private volatile boolean ending;
  private volatile boolean closing;

  /** One write, with its end once that is known. */
  private static final class Write {
    final long block;
    final long value;
    final long sent = System.nanoTime();
    long ended;
    String end;

    Write(long block, long value) {
      this.block = block;
      this.value = value;
    }

    synchronized void end(String how) {
      end = how;
      ended = System.nanoTime();
    }

    synchronized String how() {
      return end;
    }

    synchronized boolean acknowledgedBefore(long moment) {
      return ACKNOWLEDGED.equals(end) && ended - moment < 0;
    }
  }

  private Burst(TestGateway gateway, TestLun lun) {
    this.gateway = gateway;
    this.lun = lun;
  }

  /** Logs in, and begins on so many blocks from the first. */
  public static Burst start(TestGateway gateway, TestLun lun, long firstBlock, int blocks)
      throws IOException {
    Burst burst = new Burst(gateway, lun);
    int each = blocks / SESSIONS;
    for (int i = 0; i < SESSIONS; i++) {
      burst.streams.add(burst.new Stream(i, firstBlock + (long) i * each, each));
    }
    burst.streams.forEach(stream -> stream.thread.start());
    return burst;
  }

  /** A session, and the blocks that are its own. */
  private final class Stream {
    final TestInitiator session;
    final Thread thread;
    final long firstBlock;
    final int blocks;
    final List<Write> writes = new ArrayList<>();
    final AtomicReference<Throwable> failure = new AtomicReference<>();

    Stream(int number, long firstBlock, int blocks) throws IOException {
      this.firstBlock = firstBlock;
      this.blocks = blocks;
      session = TestInitiator.connect(gateway.portal());
      session.login(
          "iqn.2026-11.io.moongate:burst-" + number, 0x8000_0000_B000L + number, lun.target());
      // What a new session is told first must not be what refuses a write.
      for (int ask = 0; ask < FIRST_ASKS; ask++) {
        session.command(lun.field(), new byte[6], new byte[0], 0);
      }
      thread = new Thread(this::write, "burst-" + number);
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((failed, thrown) -> failure.set(thrown));
    }

    private void write() {
      Deque<Integer> tags = new ArrayDeque<>();
      Deque<Write> underWay = new ArrayDeque<>();
      try {
        for (long next = 0; !ending || !underWay.isEmpty(); next++) {
          if (!ending && underWay.size() < UNDER_WAY) {
            Write write = new Write(firstBlock + next % blocks, VALUES.incrementAndGet());
            synchronized (writes) {
              writes.add(write);
            }
            underWay.add(write);
            byte[] data = BlockPattern.fill(write.block, 1, write.value);
            byte[] cdb = Cdb.write16(write.block * BlockPattern.SECTORS, BlockPattern.SECTORS);
            tags.add(session.start(lun.field(), cdb, data, 0));
          } else {
            TestInitiator.Result result = patiently(tags.remove());
            underWay.remove().end(words(result));
          }
        }
      } catch (IOException e) {
        underWay.forEach(write -> write.end("session dropped"));
      }
    }

    /** A gateway that is stopped answers nothing for longer than a socket of ours waits. */
    private TestInitiator.Result patiently(int tag) throws IOException {
      while (true) {
        try {
          return session.await(tag);
        } catch (SocketTimeoutException silence) {
          if (closing) {
            throw silence;
          }
        }
      }
    }

    private static String words(TestInitiator.Result result) {
      return result.status() == 0
          ? ACKNOWLEDGED
          : "status %02x, sense %06x".formatted(result.status(), result.senseCode());
    }
  }

  private List<Write> writes() {
    List<Write> all = new ArrayList<>();
    for (Stream stream : streams) {
      synchronized (stream.writes) {
        all.addAll(stream.writes);
      }
    }
    return all;
  }

  /** Acknowledged so far. */
  public long acknowledged() {
    return writes().stream().filter(write -> ACKNOWLEDGED.equals(write.how())).count();
  }

  /** Sent, and not answered so far. */
  public long underWay() {
    return writes().stream().filter(write -> write.how() == null).count();
  }

  /**
   * Records every write: those that were acknowledged before a moment as such, and all others as
   * writes that must not take effect from the moment on.
   */
  public void record(History history, long moment) {
    for (Write write : writes()) {
      boolean done = write.acknowledgedBefore(moment);
      history.add(
          Attempt.write(
              "burst",
              write.block,
              1,
              write.value,
              write.sent,
              done ? write.ended : moment,
              gateway.name(),
              done ? Outcome.OK : Outcome.UNKNOWN));
    }
  }

  /**
   * Waits until each write has an end.
   *
   * @return how many of those that had none at a moment ended how
   */
  public Map<String, Integer> awaitEnds(long moment, Duration bound) throws InterruptedException {
    ending = true;
    for (Stream stream : streams) {
      stream.thread.join(bound.toMillis());
      if (stream.thread.isAlive() || stream.failure.get() != null) {
        throw new AssertionError(stream.thread + " has not ended", stream.failure.get());
      }
    }
    Map<String, Integer> ends = new TreeMap<>();
    for (Write write : writes()) {
      if (!write.acknowledgedBefore(moment)) {
        ends.merge(String.valueOf(write.how()), 1, Integer::sum);
      }
    }
    return ends;
  }

  /** Sends no more; what is under way is waited for. */
  public void end() {
    ending = true;
  }

  @Override
  public void close() throws IOException {
    ending = true;
    closing = true;
    for (Stream stream : streams) {
      stream.session.close();
    }
  }
}
