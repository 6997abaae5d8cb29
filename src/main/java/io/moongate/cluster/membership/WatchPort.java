package io.moongate.cluster.membership;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port that a process holds open for as long as it lives, and the connections of those that
 * watch it. Nothing is ever sent over them, and nothing is read: who sends something is no gateway,
 * and is cut off.
 *
 * <p>Strangers can connect, as the port proves what it proves before anybody could say who he is.
 * What they cost is bounded: one thread, and so many connections of an address and in all. A peer
 * whose connection is closed for that connects again, and takes nothing for proven: the port is
 * held.
 */
final class WatchPort implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WatchPort.class);

  /** Connections of one address: more than there are gateways. */
  static final int MOST_OF_ADDRESS = 64;

  /** Connections in all. */
  static final int MOST = 512;

  private static final int BACKLOG = 256;

  /** Connections that are accepted before the others are looked at again. */
  private static final int ACCEPTED_AT_ONCE = 64;

  private static final int PAUSE_MS = 50;
  private static final int CLOSE_BOUND_MS = 5_000;

  /** Accepts connections. */
  interface Acceptor {
    /** The next one; null when none is waiting. */
    SocketChannel accept(ServerSocketChannel server) throws IOException;
  }

  private final Acceptor acceptor;
  private final ServerSocketChannel server;
  private final Selector selector;
  private final Thread thread;
  private final Map<InetAddress, Integer> held = new HashMap<>();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean closed;
  private String told = "";

  /**
   * Holds the port.
   *
   * @param host address to listen at
   * @param port TCP port
   * @throws IOException when the port can't be had
   */
  WatchPort(String host, int port) throws IOException {
    this(host, port, ServerSocketChannel::accept);
  }

  WatchPort(String host, int port, Acceptor acceptor) throws IOException {
    this.acceptor = acceptor;
    selector = Selector.open();
    server = ServerSocketChannel.open();
    try {
      server.socket().setReuseAddress(true);
      server.bind(new InetSocketAddress(host, port), BACKLOG);
      server.configureBlocking(false);
      server.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException | RuntimeException failure) {
      selector.close();
      server.close();
      throw new IOException(
          "moongate.watch: can't listen on %s:%d: %s".formatted(host, port, failure.getMessage()),
          failure);
    }
    thread = new Thread(this::run, "watch-port");
    thread.setDaemon(true);
    thread.start();
  }

  /** Where it listens. */
  InetSocketAddress address() throws IOException {
    return (InetSocketAddress) server.getLocalAddress();
  }

  /** How many connections are held. */
  int connections() {
    return connections.get();
  }

  private void run() {
    while (!closed) {
      try {
        selector.select();
        handle();
      } catch (VirtualMachineError fatal) {
        throw fatal; // To the thread's handler, which ends the process.
      } catch (Throwable failure) {
        // Out of descriptors, or the like. Whatever it is, the port stays held: to close it would
        // prove the death of a process that lives.
        tell(failure);
        pause();
      }
    }
    selector.keys().forEach(WatchPort::close);
    try {
      selector.close();
    } catch (IOException ignored) {
      // It is given up: nothing depends on how.
    }
  }

  /** A failure that lasts is told once. */
  private void tell(Throwable failure) {
    if (!told.equals(failure.toString())) {
      told = failure.toString();
      LOG.error("the watch port can't be served, and stays held", failure);
    }
  }

  private void handle() throws IOException {
    boolean waiting = false;
    Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
    while (keys.hasNext()) {
      SelectionKey key = keys.next();
      keys.remove();
      if (key.channel() == server) {
        waiting = true;
      } else if (!isSilent((SocketChannel) key.channel())) {
        release((InetAddress) key.attachment());
        close(key);
      }
    }
    if (waiting) {
      accept(); // At last, when what has ended has given its places and descriptors back.
    }
  }

  private void accept() throws IOException {
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
      SocketChannel one = acceptor.accept(server);
      if (one == null) {
        return;
      }
      boolean kept = false;
      try {
        kept = keep(one);
      } finally {
        if (!kept) {
          one.close();
        }
      }
    }
  }

  /** Whether it is watched from now on; else there is no place for it. */
  private boolean keep(SocketChannel one) throws IOException {
    InetAddress address = one.socket().getInetAddress();
    if (address == null
        || connections.get() >= MOST
        || held.getOrDefault(address, 0) >= MOST_OF_ADDRESS) {
      return false;
    }
    one.configureBlocking(false);
    one.register(selector, SelectionKey.OP_READ, address);
    held.merge(address, 1, Integer::sum);
    connections.incrementAndGet();
    return true;
  }

  /** Not when it has ended, or something came over it. */
  private static boolean isSilent(SocketChannel channel) {
    try {
      return channel.read(ByteBuffer.allocate(1)) == 0;
    } catch (IOException ended) {
      return false;
    }
  }

  private void release(InetAddress address) {
    held.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
    connections.decrementAndGet();
  }

  private static void close(SelectionKey key) {
    key.cancel();
    try {
      key.channel().close();
    } catch (IOException ignored) {
      // Whoever was there is gone; he is watched from here by a connection of our own.
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives the port up: from now on connections to it are refused. */
  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join(CLOSE_BOUND_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
