package io.moongate.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.util.ByteString;

/** Connects to others, each connection served by a stream. */
public final class Connector {
  private final ActorSystem<?> system;
  private final TransportSettings settings;
  private final EventLoops loops;
  private final Executor lookUps;

  /** Connections of that system. */
  public Connector(ActorSystem<?> system, TransportSettings settings) {
    this.system = system;
    this.settings = settings;
    this.loops = EventLoops.of(system.classicSystem(), settings.eventLoops());
    this.lookUps = system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  /**
   * Connects and runs the stream. It sees a connection that can't be made as one that failed.
   *
   * @param peer whose name is looked up now when it is not resolved
   * @param within how long it may take to connect
   * @param flow as {@link Listener#bind}'s
   * @param landing of the stream, which is of this connection alone and has no stage of another
   *     thread; nothing else may lie between it and the socket
   * @param loop number of the event loop, 0 to {@link #loops} - 1
   * @return what the stream materializes, complete when that completes; fails without a stream when
   *     there is no descriptor left
   */
  public <T> CompletionStage<T> connect(
      InetSocketAddress peer,
      Duration within,
      Flow<ByteString, Outgoing, CompletionStage<T>> flow,
      Landing landing,
      int loop) {
    return resolved(peer)
        .thenCompose(address -> run(address, within, flow, landing, loops.take(loop)));
  }

  /** How many event loops there are. */
  public int loops() {
    return loops.count();
  }

  /** The number of the event loop that this is called on; -1 on any other thread. */
  public static int here() {
    return EventLoop.here();
  }

  /** Looking up may take its time, which no loop has. */
  private CompletionStage<InetSocketAddress> resolved(InetSocketAddress peer) {
    return peer.isUnresolved()
        ? CompletableFuture.supplyAsync(
            () -> new InetSocketAddress(peer.getHostString(), peer.getPort()), lookUps)
        : CompletableFuture.completedStage(peer);
  }

  private <T> CompletionStage<T> run(
      InetSocketAddress address,
      Duration within,
      Flow<ByteString, Outgoing, CompletionStage<T>> flow,
      Landing landing,
      EventLoops.Place place) {
    try {
      SocketChannel channel = SocketChannel.open();
      try {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return Flow.fromGraph(
                new ChannelStage(
                    channel,
                    Optional.of(new ChannelStage.Peer(address, within)),
                    landing,
                    settings,
                    place))
            .joinMat(flow, Keep.right())
            .withAttributes(place.attributes())
            .run(system);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      place.leave();
      return CompletableFuture.failedStage(e);
    }
  }
}
