package io.moongate.relay;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Stands between a client and a server, one pair of sockets per connection. A test can hold back
 * what goes to the server, and cut either side without the other.
 */
final class TcpProxy implements Closeable {
  private final ServerSocket listener;
  private final InetSocketAddress server;
  private final BlockingQueue<Pair> accepted = new LinkedBlockingQueue<>();
  private final List<Pair> all = new CopyOnWriteArrayList<>();

  TcpProxy(InetSocketAddress server) throws IOException {
    this.server = server;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** The next connection that a client made. */
  Pair next() throws InterruptedException {
    Pair pair = accepted.poll(30, TimeUnit.SECONDS);
    if (pair == null) {
      throw new AssertionError("nobody connected");
    }
    return pair;
  }

  private void accept() {
    try {
      while (true) {
        Pair pair = new Pair(listener.accept());
        all.add(pair);
        accepted.add(pair);
        daemon(pair::toServer);
        daemon(pair::toClient);
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "tcp-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  /** Cuts every connection that there is. */
  void cutAll() throws IOException {
    for (Pair pair : all) {
      pair.cutClient();
      pair.cutServer();
    }
  }

  /** Takes no further connection; those there are go on. */
  void refuse() throws IOException {
    listener.close();
  }

  @Override
  public void close() throws IOException {
    refuse();
    cutAll();
  }

  /** One connection through the proxy. */
  final class Pair {
    private final Socket client;
    private final Socket toServer;
    private boolean holding;
    private int heldBytes;
    private boolean serverEnded;

    Pair(Socket client) throws IOException {
      this.client = client;
      this.toServer = new Socket(server.getAddress(), server.getPort());
      client.setTcpNoDelay(true);
      toServer.setTcpNoDelay(true);
    }

    /** From now on nothing goes to the server. */
    synchronized void hold() {
      holding = true;
      heldBytes = 0;
    }

    /** What was held, and what comes, goes to the server. */
    synchronized void release() {
      holding = false;
      notifyAll();
    }

    /** Waits until this many bytes are being held. */
    synchronized void awaitHeld(int bytes) throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (heldBytes < bytes) {
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, end - System.nanoTime()));
        if (System.nanoTime() - end > 0) {
          throw new AssertionError("only " + heldBytes + " bytes came");
        }
      }
    }

    /** Waits until the server has closed its side. */
    synchronized void awaitServerEnded() throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!serverEnded) {
        TimeUnit.NANOSECONDS.timedWait(this, Math.max(1, end - System.nanoTime()));
        if (System.nanoTime() - end > 0) {
          throw new AssertionError("the server has not closed the connection");
        }
      }
    }

    /** The client's side breaks; what was held can still go to the server. */
    void cutClient() throws IOException {
      if (!client.isClosed()) {
        client.setSoLinger(true, 0);
        client.close();
      }
    }

    void cutServer() throws IOException {
      toServer.close();
    }

    private void toServer() {
      byte[] bytes = new byte[64 * 1024];
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      boolean open = true;
      try {
        while (open) {
          int read = readFromClient(bytes);
          open = read >= 0;
          synchronized (this) {
            if (open) {
              kept.write(bytes, 0, read);
              heldBytes += holding ? read : 0;
              notifyAll();
            }
            // With the client gone what is held waits for its release.
            while (holding && !open) {
              wait();
            }
            if (holding) {
              continue;
            }
          }
          toServer.getOutputStream().write(kept.toByteArray());
          kept.reset();
        }
      } catch (IOException | InterruptedException e) {
        // One side is gone.
      }
    }

    private int readFromClient(byte[] bytes) {
      try {
        return client.getInputStream().read(bytes);
      } catch (IOException e) {
        return -1;
      }
    }

    private void toClient() {
      byte[] bytes = new byte[64 * 1024];
      try {
        for (int n = toServer.getInputStream().read(bytes);
            n >= 0;
            n = toServer.getInputStream().read(bytes)) {
          toClientQuietly(bytes, n);
        }
      } catch (IOException e) {
        // The server's side is gone.
      }
      synchronized (this) {
        serverEnded = true;
        notifyAll();
      }
      try {
        client.close();
      } catch (IOException e) {
        // Already gone.
      }
    }

    private void toClientQuietly(byte[] bytes, int length) {
      try {
        client.getOutputStream().write(bytes, 0, length);
      } catch (IOException e) {
        // The client is gone; the server may go on.
      }
    }
  }
}
