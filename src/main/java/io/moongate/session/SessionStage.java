package io.moongate.session;

import io.moongate.wire.TargetPdu;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives a {@link Connection} in turns: what was received, what logical units answered, time. At
 * the end of a turn everything that is ready leaves as one batch. Input is not read while the
 * connection does not want any; output is made only on demand.
 */
final class SessionStage extends GraphStage<FlowShape<Received, List<TargetPdu>>> {
  private static final Logger LOG = LoggerFactory.getLogger(SessionStage.class);
  private static final Duration TICK = Duration.ofSeconds(1);

  /** How soon to look again whether what had arrived has been read. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(2);

  private static final String LOOK = "look";

  private final Inlet<Received> in = Inlet.create("Session.in");
  private final Outlet<List<TargetPdu>> out = Outlet.create("Session.out");
  private final FlowShape<Received, List<TargetPdu>> shape = FlowShape.of(in, out);
  private final SessionSettings settings;
  private final SessionRegistry registry;
  private final String peer;
  private final BooleanSupplier unread;
  private final Function<Wiring, Connection> connections;

  /** What a connection needs of its stage. */
  record Wiring(Reentry reentry, ConnectionControl control, long nowNanos) {}

  /** Who wants to know when what had arrived has been read, and until when. */
  private record Looker(CompletableFuture<Void> caughtUp, long untilNanos) {}

  /** The connection was dropped; without a stack trace, as this is nobody's mistake. */
  private static final class Dropped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Dropped(String reason) {
      super(reason, null, false, false);
    }
  }

  /**
   * @param peer the initiator's address, for the log
   * @param unread as {@link io.moongate.transport.Accepted#unread}
   * @param connections makes the connection
   */
  SessionStage(
      SessionSettings settings,
      SessionRegistry registry,
      String peer,
      BooleanSupplier unread,
      Function<Wiring, Connection> connections) {
    this.settings = settings;
    this.registry = registry;
    this.peer = peer;
    this.unread = unread;
    this.connections = connections;
  }

  @Override
  public FlowShape<Received, List<TargetPdu>> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic implements Reentry, ConnectionControl {
    private final Queue<Received.Frame> frames = new ArrayDeque<>();
    private final Deque<Looker> lookers = new ArrayDeque<>();
    private final Queue<Runnable> reentries = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private boolean heard;
    private final AsyncCallback<Boolean> wakeUp = createAsyncCallback(ignored -> turn());

    private Connection connection;
    private long parsedNanos;
    private long pushedNanos;
    private volatile Thread owner;
    private volatile String dropped;

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              Received received = grab(in);
              heard = true;
              parsedNanos = received.parsedNanos();
              frames.addAll(received.frames());
              turn();
            }

            @Override
            public void onPull() {
              turn();
            }
          });
    }

    @Override
    public void preStart() {
      Optional<String> refused = registry.connected(this);
      if (refused.isPresent()) {
        registry.counts().turnedAway();
        registry.refusals().refused(peer, "refused: " + refused.get(), System.nanoTime());
        failStage(new Dropped(refused.get()));
        return;
      }
      connection = connections.apply(new Wiring(this, this, System.nanoTime()));
      scheduleAtFixedRate("tick", TICK, TICK);
      pull(in);
    }

    @Override
    public void postStop() {
      registry.disconnected(this);
      if (connection != null) {
        connection.enter();
        try {
          connection.at(System.nanoTime());
          connection.disconnected();
        } finally {
          connection.leave();
        }
        if (connection.loginRefused()) {
          registry.refusals().refused(peer, connection.reason(), System.nanoTime());
        } else if (!heard) {
          LOG.debug("connection of {} ended without a PDU: {}", peer, connection.reason());
        } else if (!connection.loggedIn()) {
          registry.counts().abandoned();
          registry.refusals().ended(peer, connection.reason(), System.nanoTime());
        } else {
          registry.counts().ended();
          LOG.info("connection of {} ended: {}", peer, connection.reason());
        }
      }
    }

    @Override
    public void onTimer(Object key) {
      if (key.equals(LOOK)) {
        look();
        return;
      }
      connection.enter();
      try {
        long now = System.nanoTime();
        connection.at(now);
        registry.refusals().tick(now);
        boolean stuck =
            connection.hasOutput()
                && !isAvailable(out)
                && now - pushedNanos >= settings.sendTimeout().toNanos();
        if (stuck) {
          connection.now("the initiator does not read");
        } else {
          connection.tick();
        }
      } finally {
        connection.leave();
      }
      turn();
    }

    @Override
    public <T> Consumer<T> guard(Consumer<T> handler) {
      return value -> {
        reentries.add(() -> handler.accept(value));
        wake();
      };
    }

    @Override
    public void close(String reason) {
      dropped = reason;
      wake();
    }

    @Override
    public CompletionStage<Void> caughtUp(Duration within) {
      Looker looker = new Looker(new CompletableFuture<>(), System.nanoTime() + within.toNanos());
      reentries.add(
          () -> {
            lookers.add(looker);
            look();
          });
      wake();
      return looker.caughtUp();
    }

    /**
     * Whether what had arrived has been read. The end of the connection stays unread until the
     * channel is closed, and then this stage is told: so that is not overlooked.
     */
    private void look() {
      if (!unread.getAsBoolean()) {
        lookers.forEach(looker -> looker.caughtUp().complete(null));
        lookers.clear();
        return;
      }
      long now = System.nanoTime();
      lookers.removeIf(looker -> now - looker.untilNanos() >= 0);
      if (!lookers.isEmpty()) {
        scheduleOnce(LOOK, LOOK_AGAIN);
      }
    }

    @Override
    public void requestLogout(Duration within) {
      reentries.add(() -> connection.requestLogout(within));
      wake();
    }

    /** Unless one is running on this thread or is due already. */
    @Override
    public void wake() {
      if (Thread.currentThread() != owner && woken.compareAndSet(false, true)) {
        wakeUp.invoke(true);
      }
    }

    private void turn() {
      woken.set(false);
      owner = Thread.currentThread();
      connection.enter();
      try {
        connection.at(System.nanoTime());
        work();
        if (isAvailable(out) && connection.hasOutput()) {
          List<TargetPdu> batch = new ArrayList<>();
          connection.take(batch);
          pushedNanos = System.nanoTime();
          push(out, batch);
          // What was sent made room: for commands that wait for memory, and for input.
          work();
        }
        if (connection.over()) {
          end();
        } else if (frames.isEmpty() && connection.wantsInput() && !hasBeenPulled(in)) {
          pull(in);
        }
      } finally {
        connection.leave();
        owner = null;
      }
    }

    /** Does all that can be done now. */
    private void work() {
      boolean more = true;
      while (more) {
        if (dropped != null) {
          connection.now(dropped);
          return;
        }
        Runnable reentry = reentries.poll();
        if (reentry != null) {
          reentry.run();
        } else if (!frames.isEmpty() && connection.wantsInput()) {
          receive(frames.poll());
        } else {
          connection.turnEnded();
          more = !reentries.isEmpty();
        }
      }
    }

    private void receive(Received.Frame frame) {
      if (frame instanceof Received.Parsed parsed) {
        connection.received(parsed.pdu(), parsedNanos);
      } else if (frame instanceof Received.Malformed malformed) {
        connection.malformed(malformed.error());
      }
    }

    private void end() {
      if (connection.phase() == Connection.Phase.FLUSHING) {
        completeStage();
      } else {
        failStage(new Dropped(connection.reason()));
      }
    }
  }
}
