package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real sockets on the loopback network. */
class PeerWatchTest {
  private final BlockingQueue<String> gone = new LinkedBlockingQueue<>();
  private PeerWatch watch;

  @BeforeEach
  void start() throws IOException {
    watch = new PeerWatch("127.0.0.1", 0, (peer, proof) -> gone.add(peer.incarnation()));
  }

  @AfterEach
  void stop() throws IOException {
    watch.close();
  }

  private static ServerSocket listen(String host, int port) throws IOException {
    ServerSocket server = new ServerSocket();
    server.setReuseAddress(true);
    server.bind(new InetSocketAddress(InetAddress.getByName(host), port));
    return server;
  }

  private static MemberIdentity peer(String incarnation, String host, int port) {
    return new MemberIdentity(
        "gw-" + incarnation, incarnation, new Address("pekko", "moongate", host, 1), port);
  }

  private String nextGone() throws InterruptedException {
    return gone.poll(20, TimeUnit.SECONDS);
  }

  /** The whole life of a peer that ends: by then everything older had its chance. */
  private void anotherPeerEnds() throws IOException, InterruptedException {
    ServerSocket server = listen("127.0.0.4", 0);
    watch.watch(peer("other", "127.0.0.4", server.getLocalPort()));
    Socket held = server.accept();
    server.close();
    held.close();
    assertEquals("other", nextGone());
  }

  @Test
  void aProcessThatEndsIsGoneOnce() throws IOException, InterruptedException {
    ServerSocket server = listen("127.0.0.2", 0);
    MemberIdentity peer = peer("p2", "127.0.0.2", server.getLocalPort());
    watch.watch(peer);
    watch.watch(peer);
    Socket held = server.accept();
    server.close();
    held.close();
    assertEquals("p2", nextGone());
    watch.watch(peer);
    anotherPeerEnds();
    assertNull(gone.poll(), "told once");
  }

  @Test
  void aResetEndsTheConnectionToo() throws IOException, InterruptedException {
    ServerSocket server = listen("127.0.0.2", 0);
    watch.watch(peer("p2", "127.0.0.2", server.getLocalPort()));
    server.accept().close(); // It was connected: a reset of the first would come too early.
    Socket held = server.accept();
    server.close();
    held.setSoLinger(true, 0);
    held.close();
    assertEquals("p2", nextGone());
  }

  @Test
  void aProcessThatStallsIsNotGone() throws IOException, InterruptedException {
    // Its kernel goes on accepting; nobody ever takes the connection.
    try (ServerSocket stalled = listen("127.0.0.2", 0)) {
      watch.watch(peer("p2", "127.0.0.2", stalled.getLocalPort()));
      anotherPeerEnds();
      assertNull(gone.poll());
    }
  }

  @Test
  void aConnectionThatEndsProvesNothingWhileThePortIsHeld()
      throws IOException, InterruptedException {
    ServerSocket server = listen("127.0.0.2", 0);
    watch.watch(peer("p2", "127.0.0.2", server.getLocalPort()));
    for (int i = 0; i < 3; i++) {
      server.accept().close();
    }
    anotherPeerEnds();
    assertNull(gone.poll());
    Socket held = server.accept();
    server.close();
    held.close();
    assertEquals("p2", nextGone());
  }

  @Test
  void aRefusalFromWhereNoConnectionEverWasProvesNothing()
      throws IOException, InterruptedException {
    int port;
    try (ServerSocket free = listen("127.0.0.2", 0)) {
      port = free.getLocalPort();
    }
    watch.watch(peer("p2", "127.0.0.2", port));
    anotherPeerEnds();
    assertNull(gone.poll());
    // It was only late, and is watched from now on.
    ServerSocket server = listen("127.0.0.2", port);
    Socket held = server.accept();
    server.close();
    held.close();
    assertEquals("p2", nextGone());
  }

  @Test
  void whoIsNotWatchedAnyMoreIsNotTold() throws IOException, InterruptedException {
    ServerSocket server = listen("127.0.0.2", 0);
    watch.watch(peer("p2", "127.0.0.2", server.getLocalPort()));
    Socket held = server.accept();
    watch.unwatch("p2");
    assertEquals(-1, held.getInputStream().read(), "its connection is closed");
    server.close();
    anotherPeerEnds();
    assertNull(gone.poll());
  }

  @Test
  void twoWatchesHoldEachOther() throws IOException, InterruptedException {
    ServerSocket free = listen("127.0.0.3", 0);
    int port = free.getLocalPort();
    free.close();
    PeerWatch other = new PeerWatch("127.0.0.3", port, (peer, proof) -> gone.add("wrong"));
    watch.watch(peer("p3", "127.0.0.3", port));
    anotherPeerEnds();
    assertNull(gone.poll());
    other.close();
  }

  @Test
  void aPortThatIsTakenIsSaid() throws IOException {
    try (ServerSocket taken = listen("127.0.0.3", 0)) {
      IOException failure =
          assertThrows(
              IOException.class,
              () -> new PeerWatch("127.0.0.3", taken.getLocalPort(), (peer, proof) -> {}));
      assertNotNull(failure.getMessage());
    }
  }
}
