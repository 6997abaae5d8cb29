package io.moongate.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An address at which connections are taken, each served by a stream of its own. */
public final class Listener {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

  /** How long nothing is accepted when the process has no descriptor left. */
  private static final long PAUSE_MILLIS = 100;

  private static final long COMPLAINT_NANOS = 10_000_000_000L;

  private final ServerSocketChannel server;
  private final InetSocketAddress address;

  /** Of the accepting thread. */
  private boolean complained;

  private long complainedNanos;

  private Listener(ServerSocketChannel server) throws IOException {
    this.server = server;
    this.address = (InetSocketAddress) server.getLocalAddress();
  }

  /**
   * Listens from now on, until {@link #close} or the end of the actor system.
   *
   * @param address port 0 for a free one, see {@link #localAddress}
   * @param backlog connections that wait to be accepted
   * @param settings of the connections
   * @param serve what a connection's bytes go through: from those that are received to those that
   *     are sent. When it completes, what it has sent is still delivered, and the peer has {@link
   *     TransportSettings#lastWords} to take it and to close; when it fails, the connection is
   *     reset
   * @throws IOException when the address can't be bound
   */
  public static Listener bind(
      ActorSystem<?> system,
      InetSocketAddress address,
      int backlog,
      TransportSettings settings,
      Function<Accepted, Flow<ByteString, Outgoing, NotUsed>> serve)
      throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    try {
      if (address.isUnresolved()) {
        throw new UnknownHostException(address.getHostString());
      }
      server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      server.bind(address, backlog);
      Listener listener = new Listener(server);
      EventLoops loops = EventLoops.of(system.classicSystem(), settings.eventLoops());
      Materializer materializer = SystemMaterializer.get(system).materializer();
      Thread thread =
          new Thread(
              () -> listener.accept(loops, materializer, settings, serve),
              "accept-" + listener.address.getPort());
      thread.setDaemon(true);
      thread.start();
      system.getWhenTerminated().whenComplete((done, failure) -> listener.close());
      return listener;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /** Where it listens. */
  public InetSocketAddress localAddress() {
    return address;
  }

  /** Takes no more connections; those there are go on. */
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      LOG.warn("{} could not be closed", address, e);
    }
  }

  private void accept(
      EventLoops loops,
      Materializer materializer,
      TransportSettings settings,
      Function<Accepted, Flow<ByteString, Outgoing, NotUsed>> serve) {
    while (server.isOpen()) {
      try {
        serve(server.accept(), loops, materializer, settings, serve);
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException | RuntimeException e) {
        complain("a connection can't be accepted", e);
        pause();
      }
    }
  }

  /** Whatever happens to one connection must not end the acceptance of others. */
  private void serve(
      SocketChannel channel,
      EventLoops loops,
      Materializer materializer,
      TransportSettings settings,
      Function<Accepted, Flow<ByteString, Outgoing, NotUsed>> serve)
      throws IOException {
    EventLoops.Place place = loops.take();
    boolean served = false;
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      Accepted accepted = new Accepted(channel);
      Flow.fromGraph(new ChannelStage(channel, Optional.empty(), new Landing(), settings, place))
          .join(serve.apply(accepted))
          .withAttributes(place.attributes())
          .run(materializer);
      served = true;
    } catch (ClosedChannelException | SocketException gone) {
      LOG.debug("a connection ended before it was served", gone);
    } catch (Throwable e) {
      complain("a connection can't be served", e);
      pause();
    } finally {
      if (!served) {
        place.leave();
        closeQuietly(channel);
      }
    }
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a connection could not be closed", e);
    }
  }

  /** Not for each of the many that may fare the same. */
  private void complain(String what, Throwable why) {
    long now = System.nanoTime();
    if (complained && now - complainedNanos < COMPLAINT_NANOS) {
      LOG.debug("{} at {}", what, address, why);
      return;
    }
    complained = true;
    complainedNanos = now;
    LOG.warn("{} at {}", what, address, why);
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
