package io.moongate.session;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.apache.pekko.io.Inet;

/**
 * Whether something has arrived at a connection's socket that was not read yet: data, its end, or a
 * reset. The streams know only what they have been handed, which may be a good while later on a
 * busy host; so the sockets are noted here as they are accepted.
 *
 * <p>As a socket option it is called with each socket before its connection comes out of the stream
 * of a portal, and {@link #of} takes it out again.
 */
final class Arrivals extends Inet.AbstractSocketOption {
  private final Map<SocketAddress, SocketChannel> accepted = new ConcurrentHashMap<>();

  @Override
  public void afterConnect(Socket socket) {
    SocketChannel channel = socket.getChannel();
    SocketAddress peer = socket.getRemoteSocketAddress();
    if (channel != null && peer != null) {
      accepted.put(peer, channel);
    }
  }

  /**
   * Of the connection with that peer; to be called once.
   *
   * @return true while something is unread, and from then on when the connection has ended
   */
  BooleanSupplier of(InetSocketAddress peer) {
    SocketChannel channel = accepted.remove(peer);
    return channel == null ? () -> false : () -> unread(channel);
  }

  /** The end of a connection stays readable until the channel is closed, so it is never missed. */
  private static boolean unread(SocketChannel channel) {
    if (!channel.isOpen()) {
      return true;
    }
    // Beside the one that the connection is read by: selectors know nothing of one another.
    try (Selector selector = channel.provider().openSelector()) {
      channel.register(selector, SelectionKey.OP_READ);
      return selector.selectNow() > 0;
    } catch (ClosedChannelException | CancelledKeyException closed) {
      return true;
    } catch (IOException unknown) {
      return false; // Out of descriptors: nobody is kept waiting for that.
    }
  }
}
