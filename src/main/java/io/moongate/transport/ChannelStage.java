package io.moongate.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection's socket: what comes in is sent, what is received goes out. Runs on an {@link
 * EventLoop}. Nothing is received without demand, and nothing is asked for before what came last is
 * with the kernel.
 */
final class ChannelStage extends GraphStage<FlowShape<Outgoing, ByteString>> {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelStage.class);
  private static final String LAST_WORDS = "last words";
  private static final String CONNECT = "connect";
  private static final Outgoing NOTHING = new Outgoing();

  /**
   * Bytes that are taken beyond those which had a place of their own to go to: enough to find out
   * where the next ones are to go, and not more of these than that.
   */
  private static final int BEYOND = 4096;

  /**
   * To whom it has to be connected first.
   *
   * @param within how long that may take
   */
  record Peer(InetSocketAddress address, Duration within) {}

  private final Inlet<Outgoing> in = Inlet.create("Channel.in");
  private final Outlet<ByteString> out = Outlet.create("Channel.out");
  private final FlowShape<Outgoing, ByteString> shape = FlowShape.of(in, out);
  private final SocketChannel channel;
  private final Optional<Peer> peer;
  private final Landing landing;
  private final TransportSettings settings;
  private final EventLoops.Place place;

  /**
   * @param channel not blocking; the stage closes it
   * @param peer empty when it is connected already
   * @param landing where what is received is wanted
   * @param place on the loop that it runs on; the stage leaves it
   */
  ChannelStage(
      SocketChannel channel,
      Optional<Peer> peer,
      Landing landing,
      TransportSettings settings,
      EventLoops.Place place) {
    this.channel = channel;
    this.peer = peer;
    this.landing = landing;
    this.settings = settings;
    this.place = place;
  }

  @Override
  public FlowShape<Outgoing, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final AsyncCallback<Integer> becameReady = createAsyncCallback(this::proceed);
    private EventLoop loop;
    private SelectionKey key;

    /** What the selector has told and was not dealt with yet. */
    private int told;

    private boolean connected;
    private Outgoing unsent = NOTHING;
    private boolean goodbye;
    private boolean reset;

    Logic() {
      super(shape);
      setHandlers(
          in,
          out,
          new AbstractInOutHandler() {
            @Override
            public void onPush() {
              unsent = grab(in);
              send();
            }

            @Override
            public void onPull() {
              if (connected) {
                want(SelectionKey.OP_READ, true);
              }
            }

            @Override
            public void onUpstreamFinish() {
              scheduleOnce(LAST_WORDS, settings.lastWords());
              if (unsent.isEmpty()) {
                sayGoodbye();
              }
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              reset = true;
              failStage(failure);
            }

            /** Whoever does not want to hear any more may have something to say. */
            @Override
            public void onDownstreamFinish(Throwable cause) {
              if (!isClosed(in)) {
                want(SelectionKey.OP_READ, false);
              }
            }
          });
    }

    @Override
    public void preStart() {
      // Both ends may be closed while there is something left to send.
      setKeepGoing(true);
      loop = EventLoop.current();
      try {
        key = loop.register(channel, this::ready);
        if (peer.isEmpty() || channel.connect(peer.get().address())) {
          connected();
        } else {
          scheduleOnce(CONNECT, peer.get().within());
          want(SelectionKey.OP_CONNECT, true);
        }
      } catch (IOException | UnresolvedAddressException e) {
        failStage(e);
      }
    }

    private void connected() {
      connected = true;
      want(SelectionKey.OP_CONNECT, false);
      cancelTimer(CONNECT);
      if (isAvailable(out)) {
        want(SelectionKey.OP_READ, true);
      }
      if (!isClosed(in)) {
        pull(in);
      }
    }

    private void finishConnect() {
      try {
        if (channel.finishConnect()) {
          connected();
        }
      } catch (IOException e) {
        failStage(e);
      }
    }

    @Override
    public void postStop() {
      place.leave();
      try {
        if (reset) {
          channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        }
      } catch (IOException e) {
        LOG.debug("a connection is closed, not reset", e);
      }
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("a connection could not be closed", e);
      }
    }

    @Override
    public void onTimer(Object timer) {
      reset = true;
      if (timer.equals(CONNECT)) {
        failStage(new SocketTimeoutException("no connection to " + peer.get().address()));
      } else {
        completeStage();
      }
    }

    /** On the loop's thread, but between the stream's events, not within one. */
    private void ready(int operations) {
      int news = operations & ~told;
      if (news != 0) {
        told |= news;
        becameReady.invoke(news);
      }
    }

    private void proceed(int operations) {
      told &= ~operations;
      if ((operations & SelectionKey.OP_CONNECT) != 0) {
        finishConnect();
        return;
      }
      if ((operations & SelectionKey.OP_WRITE) != 0 && !unsent.isEmpty()) {
        send();
      }
      if ((operations & SelectionKey.OP_READ) != 0) {
        if (goodbye) {
          discard();
        } else if (!isClosed(out)) {
          receive();
        }
      }
    }

    /**
     * Everything has been sent. To close now would make the kernel reset the connection if anything
     * is there that was not read, and what the peer has not got yet would be lost: so the peer is
     * told, and what it still sends is read and dropped until it closes, too.
     */
    private void sayGoodbye() {
      if (!connected) {
        completeStage(); // There is nobody to say it to.
        return;
      }
      goodbye = true;
      if (!isClosed(out)) {
        complete(out);
      }
      try {
        channel.shutdownOutput();
        want(SelectionKey.OP_READ, true);
      } catch (IOException e) {
        failStage(e);
      }
    }

    private void discard() {
      try {
        if (channel.read(loop.transfer()) < 0) {
          completeStage();
        }
      } catch (IOException e) {
        failStage(e);
      }
    }

    private void receive() {
      if (!isAvailable(out)) {
        want(SelectionKey.OP_READ, false);
        return;
      }
      ByteBuffer transfer = loop.transfer();
      try {
        long length = read(transfer);
        if (length > 0) {
          byte[] bytes = new byte[transfer.flip().remaining()];
          transfer.get(bytes);
          landing.handed(bytes.length);
          push(out, ByteString.fromArrayUnsafe(bytes));
        } else if (length < 0) {
          completeStage();
        }
      } catch (IOException e) {
        failStage(e);
      }
    }

    private long read(ByteBuffer transfer) throws IOException {
      ByteBuffer room = landing.room();
      if (room.hasRemaining()) {
        return channel.read(new ByteBuffer[] {room, transfer.limit(BEYOND)});
      }
      return channel.read(landing.isBrief() ? transfer.limit(BEYOND) : transfer);
    }

    private void send() {
      try {
        while (!unsent.isEmpty()) {
          if (!unsent.send(channel, loop.transfer())) {
            want(SelectionKey.OP_WRITE, true);
            return;
          }
        }
      } catch (IOException e) {
        failStage(e);
        return;
      }
      unsent.sent();
      unsent = NOTHING;
      want(SelectionKey.OP_WRITE, false);
      if (isClosed(in)) {
        sayGoodbye();
      } else {
        pull(in);
      }
    }

    private void want(int operation, boolean wanted) {
      if (!key.isValid()) {
        failStage(new ClosedChannelException());
        return;
      }
      int now = key.interestOps();
      int next = wanted ? now | operation : now & ~operation;
      if (next != now) {
        key.interestOps(next);
      }
    }
  }
}
