package io.moongate.cli.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A server that answers with as many bytes as a target would, and does nothing else: what the
 * transport can do. A request is a header of 48 bytes, of a write with its data behind; the answer
 * is a header, of a read with its data behind. One thread for each processor, each with some of the
 * connections.
 */
public final class EchoServer implements AutoCloseable {
  /** Bytes of a header, as of a basic header segment of iSCSI. */
  static final int HEADER = 48;

  static final int SIZE = 4;
  static final int TAG = 8;

  private static final byte READ = 1;
  private static final byte WRITE = 2;
  private static final int BUFFER = 1 << 18;
  private static final byte[] ZEROS = new byte[HEADER];

  private final ServerSocketChannel server;
  private final List<Loop> loops = new ArrayList<>();

  private EchoServer(ServerSocketChannel server) {
    this.server = server;
  }

  /**
   * Listens and answers until it is closed.
   *
   * @param threads that answer, 1 or more
   */
  public static EchoServer start(InetSocketAddress address, int threads) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    channel.bind(address);
    EchoServer started = new EchoServer(channel);
    for (int i = 0; i < threads; i++) {
      Loop loop = new Loop();
      started.loops.add(loop);
      daemon("echo-" + i, loop);
    }
    daemon("echo-accept", started::accept);
    return started;
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Where it listens. */
  public int port() {
    return server.socket().getLocalPort();
  }

  private void accept() {
    int next = 0;
    while (server.isOpen()) {
      try {
        SocketChannel accepted = server.accept();
        accepted.socket().setTcpNoDelay(true);
        loops.get(next).take(accepted);
        next = (next + 1) % loops.size();
      } catch (IOException e) {
        // Closed, or a connection that was gone before it was here.
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Loop loop : loops) {
      loop.selector.close();
    }
  }

  static void header(ByteBuffer out, boolean read, int size, int tag) {
    int at = out.position();
    out.put(ZEROS);
    out.put(at, read ? READ : WRITE).putInt(at + SIZE, size).putInt(at + TAG, tag);
  }

  private static final class Loop implements Runnable {
    private final Selector selector;
    private final Queue<SocketChannel> arrived = new ConcurrentLinkedQueue<>();

    Loop() throws IOException {
      selector = Selector.open();
    }

    void take(SocketChannel channel) {
      arrived.add(channel);
      selector.wakeup();
    }

    @Override
    public void run() {
      try {
        while (selector.isOpen()) {
          selector.select(this::ready);
          for (SocketChannel channel = arrived.poll(); channel != null; channel = arrived.poll()) {
            Connection connection = new Connection(new Wire(channel, BUFFER));
            connection.wire.register(selector, connection);
          }
        }
      } catch (ClosedSelectorException closed) {
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void ready(SelectionKey key) {
      Connection connection = (Connection) key.attachment();
      try {
        if (key.isReadable()) {
          connection.wire.receive(connection::consume);
        }
        connection.answer();
      } catch (IOException gone) {
        key.cancel();
        closeQuietly(connection.wire.channel());
      }
    }

    private static void closeQuietly(SocketChannel channel) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is gone either way.
        return;
      }
    }
  }

  private record Request(boolean read, int size, int tag) {}

  private static final class Connection {
    private final Wire wire;
    private final ArrayDeque<Request> requests = new ArrayDeque<>();
    private Request arriving;
    private int left;
    private int owed;

    Connection(Wire wire) {
      this.wire = wire;
    }

    void consume(ByteBuffer received) throws IOException {
      while (true) {
        if (arriving == null) {
          if (received.remaining() < HEADER) {
            return;
          }
          int at = received.position();
          boolean read = received.get(at) == READ;
          int size = received.getInt(at + SIZE);
          if (!read && received.get(at) != WRITE || size < 0) {
            throw new IOException("no request");
          }
          arriving = new Request(read, size, received.getInt(at + TAG));
          left = read ? 0 : size;
          received.position(at + HEADER);
        }
        int step = Math.min(left, received.remaining());
        received.position(received.position() + step);
        left -= step;
        if (left > 0) {
          return;
        }
        requests.add(arriving);
        arriving = null;
      }
    }

    void answer() throws IOException {
      boolean more = true;
      while (more) {
        boolean starved = false;
        while (!starved && (owed > 0 || !requests.isEmpty())) {
          starved = !(owed > 0 ? data() : head());
        }
        more = wire.flush() && starved;
      }
    }

    private boolean data() {
      if (!wire.room(1)) {
        return false;
      }
      int step = Math.min(owed, wire.out().remaining());
      Lane.fill(wire.out(), step);
      owed -= step;
      return true;
    }

    private boolean head() {
      if (!wire.room(HEADER)) {
        return false;
      }
      Request request = requests.remove();
      header(wire.out(), request.read(), request.size(), request.tag());
      owed = request.read() ? request.size() : 0;
      return true;
    }
  }
}
