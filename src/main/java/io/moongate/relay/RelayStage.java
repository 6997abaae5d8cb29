package io.moongate.relay;

import io.moongate.transport.Outgoing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.InHandler;
import org.apache.pekko.stream.stage.OutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * What both ends of a connection have in common: frames in, frames out in batches as TCP asks for
 * them, a tick now and then, and a bound on the handshake and on silence.
 *
 * <p>Everything runs on the stage's own thread but {@link #wake} and {@link #stop}.
 */
abstract class RelayStage extends TimerGraphStageLogic
    implements InHandler, OutHandler, Peer.Connection {
  /**
   * Bytes after which a batch is long enough. One write to the socket costs more than its bytes.
   */
  private static final int BATCH = 128 * 1024;

  private static final String HANDSHAKE = "handshake";
  private static final String TICK = "tick";

  private final FlowShape<ByteString, Outgoing> shape;
  private final RelaySettings settings;
  private final FrameDecoder decoder;

  /** Frames of the connection itself; made when they are sent, so that a tick is never old. */
  private final Queue<Supplier<Frame>> control = new ArrayDeque<>();

  private final AtomicBoolean woken = new AtomicBoolean();
  private final AsyncCallback<Done> wakeCallback = createAsyncCallback(done -> awake());
  private final AsyncCallback<Done> stopCallback = createAsyncCallback(done -> completeStage());
  private boolean established;
  private boolean tickDue;
  private boolean ending;
  private long heardNanos;
  private Throwable cause;

  RelayStage(FlowShape<ByteString, Outgoing> shape, RelaySettings settings, FrameDecoder decoder) {
    super(shape);
    this.shape = shape;
    this.settings = settings;
    this.decoder = decoder;
    setHandler(shape.in(), this);
    setHandler(shape.out(), this);
  }

  /** A frame came. */
  abstract void received(Frame frame);

  /**
   * Adds the next frame that isn't one of {@link #control}.
   *
   * @return whether there is one now
   */
  abstract boolean sendNext(Outgoing batch);

  /** Whether no further frame is to be decoded now. */
  boolean isBlocked() {
    return false;
  }

  /** What came can't be understood: the connection can't go on. */
  void broken(RelayProtocolException why) {
    fail(why);
  }

  /** Ends the connection, and remembers why. */
  final void fail(Throwable why) {
    cause = why;
    failStage(why);
  }

  /** Why the connection ended; null when it just did. */
  final Throwable cause() {
    return cause;
  }

  /** Something to be looked at on every waking and tick, before sending. */
  void attend() {}

  /** Any thread: there is something to send, or to attend to. */
  @Override
  public final void wake() {
    if (woken.compareAndSet(false, true)) {
      wakeCallback.invoke(Done.getInstance());
    }
  }

  /** Any thread: ends the connection. */
  @Override
  public final void stop() {
    stopCallback.invoke(Done.getInstance());
  }

  @Override
  public void preStart() {
    heardNanos = System.nanoTime();
    scheduleOnce(HANDSHAKE, settings.handshakeTimeout());
    pull(shape.in());
  }

  /** The handshake is done: commands may come and go. */
  final void establish() {
    established = true;
    cancelTimer(HANDSHAKE);
    decoder.allow(settings.maxData());
    tickDue = true;
    Duration interval = settings.tickInterval();
    scheduleAtFixedRate(TICK, interval, interval);
  }

  final boolean isEstablished() {
    return established;
  }

  final void send(Supplier<Frame> frame) {
    control.add(frame);
  }

  /** Sends what is in {@link #control} and closes the connection. */
  final void end() {
    ending = true;
  }

  private void awake() {
    // Before looking: what is added after the look wakes again.
    woken.set(false);
    attend();
    decode();
    fill();
  }

  @Override
  public final void onPush() {
    heardNanos = System.nanoTime();
    decoder.feed(grab(shape.in()));
    decode();
    fill();
  }

  private void decode() {
    while (!isBlocked() && !ending) {
      Optional<Frame> frame;
      try {
        frame = decoder.next();
        frame.ifPresent(this::received);
      } catch (RelayProtocolException e) {
        broken(e);
        return;
      }
      if (frame.isEmpty()) {
        if (!hasBeenPulled(shape.in()) && !isClosed(shape.in())) {
          pull(shape.in());
        }
        return;
      }
    }
  }

  @Override
  public final void onPull() {
    fill();
  }

  private void fill() {
    if (!isAvailable(shape.out())) {
      return;
    }
    Outgoing batch = new Outgoing();
    while (!control.isEmpty()) {
      batch.add(FrameEncoder.encode(control.remove().get()));
    }
    if (ending) {
      if (!batch.isEmpty()) {
        push(shape.out(), batch);
      }
      completeStage();
      return;
    }
    if (tickDue) {
      tickDue = false;
      batch.add(FrameEncoder.encode(new Frame.Tick(System.nanoTime())));
    }
    boolean more = established;
    while (more && batch.length() < BATCH) {
      more = sendNext(batch);
    }
    if (!batch.isEmpty()) {
      push(shape.out(), batch);
    }
  }

  @Override
  public final void onTimer(Object key) {
    if (key.equals(HANDSHAKE)) {
      fail(new RelayProtocolException("no handshake within " + settings.handshakeTimeout()));
      return;
    }
    long now = System.nanoTime();
    if (isBlocked()) {
      // Nothing is read, so silence means nothing.
      heardNanos = now;
    } else if (now - heardNanos >= settings.idleTimeout().toNanos()) {
      fail(new RelayProtocolException("nothing heard for " + settings.idleTimeout()));
      return;
    }
    tickDue = true;
    attend();
    decode();
    fill();
  }

  @Override
  public final void onUpstreamFinish() {
    completeStage();
  }

  @Override
  public final void onUpstreamFailure(Throwable failure) {
    fail(failure);
  }
}
