package io.moongate.cli.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Carries a {@link Job} out, on the thread that asks. */
public final class Engine {
  private static final long SECOND = 1_000_000_000L;

  /** Without any answer for so long a load has failed. */
  private static final long SILENCE = 30 * SECOND;

  /** How long it sleeps between looks while an operation is about to be due. */
  private static final long NAP = 10_000;

  /** What is due later than this is waited for by the selector, which knows milliseconds. */
  private static final long SELECTABLE = 2_000_000;

  /** Where there is no disk, places are of one of this size. */
  private static final long DISK_OF_NONE = 1L << 30;

  private static final int FEW_SESSIONS = 16;
  private static final int LARGE = 1 << 20;
  private static final int SMALL = 1 << 17;

  /** A long one while nothing is to be done that nothing received tells. */
  private static final long WAIT_MS = 1000;

  private final Job job;
  private final List<Wire> wires = new ArrayList<>();
  private final List<Lane> lanes = new ArrayList<>();
  private Tally tally;

  private Engine(Job job) {
    this.job = job;
  }

  /**
   * Connects, asks, and closes all connections.
   *
   * @throws IOException when anything goes otherwise than well: what was asked is not done then
   */
  public static Outcome run(Job job) throws IOException {
    Engine engine = new Engine(job);
    try {
      engine.measure();
      for (Lane lane : engine.lanes) {
        lane.end();
      }
      return engine.tally.outcome();
    } finally {
      for (Wire wire : engine.wires) {
        wire.channel().close();
      }
    }
  }

  /** The same; what goes wrong is told in the outcome. */
  static Outcome attempt(Job job) {
    try {
      return run(job);
    } catch (IOException | IllegalArgumentException e) {
      return Outcome.failed(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  private void measure() throws IOException {
    int sessions = job.shape().sessions();
    boolean iscsi = job.place().protocol() == Job.Protocol.ISCSI;
    List<IscsiSession> opened = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      if (iscsi) {
        opened.add(open());
      } else {
        wires.add(new Wire(EchoLane.connect(address()), buffer()));
      }
    }
    long begin = System.nanoTime();
    tally = new Tally(begin);
    Supply closed = closed(begin);
    for (int i = 0; i < sessions; i++) {
      Supply supply = job.extent().rate() > 0 ? paced(begin, i) : closed;
      lanes.add(iscsi ? iscsi(opened.get(i), i, supply) : echo(i, supply));
    }
    try (Selector selector = Selector.open()) {
      for (Lane lane : lanes) {
        lane.register(selector);
      }
      work(selector);
    }
  }

  private InetSocketAddress address() {
    return new InetSocketAddress(job.place().host(), job.place().port());
  }

  private int buffer() {
    return job.shape().sessions() <= FEW_SESSIONS ? LARGE : SMALL;
  }

  private IscsiSession open() throws IOException {
    IscsiSession session = IscsiSession.open(job.place(), job.shape().digests());
    wires.add(new Wire(session.channel(), buffer()));
    if (job.shape().size() % session.blockSize() != 0) {
      throw new IOException(
          "operations of %d bytes on blocks of %d"
              .formatted(job.shape().size(), session.blockSize()));
    }
    return session;
  }

  private Lane echo(int lane, Supply supply) {
    Places places = new Places(job.shape(), DISK_OF_NONE, lane);
    return new EchoLane(wires.get(lane), job.shape(), places, supply, tally);
  }

  private Lane iscsi(IscsiSession session, int lane, Supply supply) {
    Places places = new Places(job.shape(), session.capacity(), lane);
    return new IscsiLane(session, wires.get(lane), buffer(), job, places, supply, tally);
  }

  private Supply closed(long begin) {
    return new Supply.Closed(
        begin, job.extent().operations(), (long) (job.extent().seconds() * SECOND));
  }

  private Supply paced(long begin, int lane) {
    double interval = SECOND / job.extent().rate();
    long end =
        job.extent().seconds() > 0
            ? Math.max(1, Math.round(job.extent().seconds() * job.extent().rate()))
            : Long.MAX_VALUE;
    if (job.extent().operations() > 0) {
      end = Math.min(end, job.extent().operations());
    }
    return new Supply.Paced(begin, interval, lane, job.shape().sessions(), end);
  }

  private void work(Selector selector) throws IOException {
    pumpAll();
    for (long now = System.nanoTime(); !over(now); now = System.nanoTime()) {
      if (job.extent().rate() > 0) {
        paced(selector, now);
      } else {
        boolean repeats = repeats();
        selector.select(repeats ? 1 : WAIT_MS);
        serve(selector);
        if (repeats) {
          pumpAll();
        }
      }
    }
  }

  /**
   * Whether all has been done.
   *
   * @throws IOException when nothing has been for too long
   */
  private boolean over(long now) throws IOException {
    boolean over = true;
    boolean idle = true;
    for (Lane lane : lanes) {
      over &= lane.over(now);
      idle &= lane.idle();
    }
    if (!idle && now - tally.last() > SILENCE) {
      throw new IOException("no answer for %d s".formatted(SILENCE / SECOND));
    }
    return over;
  }

  private boolean repeats() {
    for (Lane lane : lanes) {
      if (lane.repeats()) {
        return true;
      }
    }
    return false;
  }

  /** One look at what has come and at what is due. */
  private void paced(Selector selector, long now) throws IOException {
    long next = Long.MAX_VALUE;
    for (Lane lane : lanes) {
      long due = lane.due(now);
      if (due - now <= 0) {
        lane.pump(now);
      } else {
        next = Math.min(next, due);
      }
    }
    long wait = next == Long.MAX_VALUE ? SECOND : next - System.nanoTime();
    if (wait > SELECTABLE) {
      selector.select((wait - SELECTABLE / 2) / 1_000_000);
    } else if (selector.selectNow() == 0 && wait > 0) {
      LockSupport.parkNanos(Math.min(wait, NAP));
    }
    serve(selector);
  }

  private void pumpAll() throws IOException {
    for (Lane lane : lanes) {
      lane.pump(System.nanoTime());
    }
  }

  private static void serve(Selector selector) throws IOException {
    for (SelectionKey key : selector.selectedKeys()) {
      Lane lane = (Lane) key.attachment();
      if (key.isReadable()) {
        lane.receive();
      }
      lane.pump(System.nanoTime());
    }
    selector.selectedKeys().clear();
  }
}
