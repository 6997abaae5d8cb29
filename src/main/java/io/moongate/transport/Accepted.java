package io.moongate.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A connection that was accepted. */
public final class Accepted {
  private final SocketChannel channel;
  private final InetSocketAddress peer;
  private final InetSocketAddress local;

  Accepted(SocketChannel channel) throws IOException {
    this.channel = channel;
    this.peer = (InetSocketAddress) channel.getRemoteAddress();
    this.local = (InetSocketAddress) channel.getLocalAddress();
    if (peer == null) {
      throw new ClosedChannelException();
    }
  }

  /** Who connected. */
  public InetSocketAddress peer() {
    return peer;
  }

  /** To which address of this host. */
  public InetSocketAddress local() {
    return local;
  }

  /**
   * Whether something has arrived at the socket that was not read yet: data, its end, or a reset.
   * The stream knows only what it has been handed, which may be a good while later on a busy host.
   * The end of a connection stays unread until the channel is closed, so it is never missed.
   */
  public boolean unread() {
    if (!channel.isOpen()) {
      return true;
    }
    // Beside the one that the connection is read by: selectors know nothing of one another.
    try (Selector selector = channel.provider().openSelector()) {
      channel.register(selector, SelectionKey.OP_READ);
      return selector.selectNow() > 0;
    } catch (IOException | CancelledKeyException unknown) {
      // Closed; or there are no descriptors left, and whoever waits does so for a time.
      return true;
    }
  }
}
