package io.moongate.relay;

import io.moongate.scsi.LogicalUnit;
import io.moongate.security.Tls;
import io.moongate.transport.Listener;
import io.moongate.transport.Outgoing;
import io.moongate.transport.TlsLayer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes commands that other gateways relay to this one. Without {@link RelaySettings#tls} there is
 * no authentication: whoever reaches the port can read and write every unit that this gateway owns,
 * so it belongs on the network that only gateways share. With it, whoever has a certificate of the
 * gateways' authorities can.
 */
public final class RelayServer {
  private static final Logger LOG = LoggerFactory.getLogger(RelayServer.class);
  private static final int BACKLOG = 128;

  private final Listener listener;
  private final Set<RelayStage> connections;

  /**
   * Where the server finds the logical units of this gateway. Called on any thread; must not block.
   */
  @FunctionalInterface
  public interface Units {
    /** The unit of that id, whether or not this gateway owns it now. */
    Optional<LogicalUnit> find(String unitId);
  }

  private RelayServer(Listener listener, Set<RelayStage> connections) {
    this.listener = listener;
    this.connections = connections;
  }

  /**
   * Listens at {@link RelaySettings#host} and {@link RelaySettings#port}.
   *
   * @param incarnation this process; a connection that means another is refused
   * @return fails when the address can't be bound
   */
  public static CompletionStage<RelayServer> bind(
      ActorSystem<?> system, RelaySettings settings, UUID incarnation, Units units) {
    Set<RelayStage> connections = ConcurrentHashMap.newKeySet();
    Peers peers = new Peers(settings);
    try {
      Listener listener =
          Listener.bind(
              system,
              new InetSocketAddress(settings.host(), settings.port()),
              BACKLOG,
              settings.transport(),
              accepted -> {
                if (connections.size() >= settings.maxConnections()) {
                  LOG.warn("refused a relay connection: there are {}", connections.size());
                  return Flow.fromSinkAndSource(
                      Sink.<ByteString>cancelled(), Source.<Outgoing>empty());
                }
                return secured(
                    settings,
                    Flow.fromGraph(
                        new ServerLink(
                            settings,
                            incarnation,
                            peers,
                            units,
                            connections::add,
                            connections::remove)));
              });
      return CompletableFuture.completedStage(new RelayServer(listener, connections));
    } catch (IOException | RuntimeException e) {
      return CompletableFuture.failedStage(
          new IOException(
              "the relay's %s:%d: %s".formatted(settings.host(), settings.port(), e.getMessage()),
              e));
    }
  }

  private static Flow<ByteString, Outgoing, NotUsed> secured(
      RelaySettings settings, Flow<ByteString, Outgoing, NotUsed> served) {
    return settings
        .tls()
        .map(tls -> TlsLayer.before(() -> tls.server(Tls.Peer.MUST_AUTHENTICATE), served))
        .orElse(served);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return listener.localAddress();
  }

  /** Ends listening and every connection. Commands that have begun go on; nobody hears of them. */
  public CompletionStage<Void> close() {
    listener.close();
    connections.forEach(RelayStage::stop);
    return CompletableFuture.completedStage(null);
  }
}
