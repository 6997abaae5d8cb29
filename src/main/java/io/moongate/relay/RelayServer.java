package io.moongate.relay;

import io.moongate.scsi.LogicalUnit;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.io.Inet;
import org.apache.pekko.io.TcpSO;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes commands that other gateways relay to this one. There is no authentication: whoever reaches
 * the port can read and write every unit that this gateway owns, so it belongs on the network that
 * only gateways share.
 */
public final class RelayServer {
  private static final Logger LOG = LoggerFactory.getLogger(RelayServer.class);
  private static final int BACKLOG = 128;
  static final List<Inet.SocketOption> SOCKET = List.of(TcpSO.tcpNoDelay(true));

  private final Tcp.ServerBinding binding;
  private final Set<RelayStage> connections;

  /**
   * Where the server finds the logical units of this gateway. Called on any thread; must not block.
   */
  @FunctionalInterface
  public interface Units {
    /** The unit of that id, whether or not this gateway owns it now. */
    Optional<LogicalUnit> find(String unitId);
  }

  private RelayServer(Tcp.ServerBinding binding, Set<RelayStage> connections) {
    this.binding = binding;
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
    return Tcp.get(system)
        .bind(settings.host(), settings.port(), BACKLOG, SOCKET, false, Optional.empty())
        .toMat(
            Sink.foreach(
                connection -> {
                  if (connections.size() >= settings.maxConnections()) {
                    LOG.warn("refused a relay connection: there are {}", connections.size());
                    connection.handleWith(
                        Flow.fromSinkAndSource(
                            Sink.<ByteString>cancelled(), Source.<ByteString>empty()),
                        system);
                    return;
                  }
                  ServerLink link =
                      new ServerLink(
                          settings,
                          incarnation,
                          peers,
                          units,
                          connections::add,
                          connections::remove);
                  connection.handleWith(Flow.fromGraph(link), system);
                }),
            Keep.left())
        .run(system)
        .thenApply(binding -> new RelayServer(binding, connections));
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /** Ends listening and every connection. Commands that have begun go on; nobody hears of them. */
  public CompletionStage<Void> close() {
    return binding.unbind().thenAccept(unbound -> connections.forEach(RelayStage::stop));
  }
}
