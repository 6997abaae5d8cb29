package io.moongate.cluster.membership;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Proof of a process's death. Each gateway holds a port open from before it joins until it ends,
 * and an idle connection to the port of each peer. When such a connection ends and a new one is
 * <em>refused</em>, the peer's kernel says that nobody listens there: the process is gone. A
 * timeout, an unreachable network or a stopped process are no refusal and prove nothing; nor does a
 * refusal from where no connection ever was: the address may be a wrong one.
 *
 * <p>It relies on one thing: that nothing between the gateways forges a reset. A packet filter on
 * this port must drop, not reject (docs say so). A newer process that took the port over would
 * accept: then nothing is proven here, and its own registration supersedes the older one.
 */
public final class PeerWatch implements AutoCloseable {
  private static final int CONNECT_TIMEOUT_MS = 1_000;
  private static final int PAUSE_MS = 50;

  private final WatchPort port;
  private final Map<String, Watch> watches = new ConcurrentHashMap<>();
  private final BiConsumer<MemberIdentity, String> onGone;

  private static final class Watch {
    volatile boolean ended;
    volatile Socket socket;

    void end() throws IOException {
      ended = true;
      Socket open = socket;
      if (open != null) {
        open.close();
      }
    }
  }

  /**
   * Holds the port.
   *
   * @param host address to listen at
   * @param port TCP port
   * @param onGone called once for each process that is proven to be gone, with the proof in words
   * @throws IOException when the port can't be had
   */
  public PeerWatch(String host, int port, BiConsumer<MemberIdentity, String> onGone)
      throws IOException {
    this.onGone = onGone;
    this.port = new WatchPort(host, port);
  }

  /** Begins to watch a process; does nothing when it is watched already. */
  public void watch(MemberIdentity peer) {
    Watch watch = new Watch();
    if (watches.putIfAbsent(peer.incarnation(), watch) == null) {
      thread("peer-watch-" + peer.name(), () -> run(peer, watch));
    }
  }

  /** Ends the watch of a process. */
  public void unwatch(String incarnation) {
    Watch watch = watches.remove(incarnation);
    if (watch != null) {
      try {
        watch.end();
      } catch (IOException ignored) {
        // It is being given up: how its socket closed does not matter.
      }
    }
  }

  private void run(MemberIdentity peer, Watch watch) {
    InetSocketAddress address =
        new InetSocketAddress(peer.address().getHost().get(), peer.watchPort());
    boolean reached = false;
    while (!watch.ended) {
      try (Socket socket = new Socket()) {
        socket.setTcpNoDelay(true);
        socket.connect(address, CONNECT_TIMEOUT_MS);
        watch.socket = socket;
        reached = true;
        // Nothing is ever sent: this returns when the connection ends, and not before.
        while (!watch.ended && socket.getInputStream().read() >= 0) {}
      } catch (ConnectException refused) {
        if (reached && refused(refused) && !watch.ended) {
          watch.ended = true;
          onGone.accept(peer, "connection refused by " + address);
          return;
        }
      } catch (IOException ended) {
        // Reset, timed out or unreachable: connect again and see.
      }
      if (!watch.ended) {
        pause();
      }
    }
  }

  /**
   * ConnectException also stands for time-outs that the kernel reports; the JDK tells a refusal
   * only by the text of errno, which is not localised.
   */
  private static boolean refused(ConnectException failure) {
    return "Connection refused".equals(failure.getMessage());
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void thread(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    for (String incarnation : watches.keySet()) {
      unwatch(incarnation);
    }
    port.close();
  }
}
