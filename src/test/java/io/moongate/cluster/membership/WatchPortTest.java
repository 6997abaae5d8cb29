package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import org.apache.pekko.actor.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Strangers at the port that proves a process alive: they cost little, and prove nothing. */
@Timeout(120)
class WatchPortTest {
  private static final int STRANGERS = 1_000;

  private final List<Socket> strangers = new ArrayList<>();
  private final BlockingQueue<String> gone = new LinkedBlockingQueue<>();
  private WatchPort port;
  private PeerWatch watcher;

  @BeforeEach
  void start() throws IOException {
    port = new WatchPort("127.0.0.2", 0);
    watcher = new PeerWatch("127.0.0.1", 0, (peer, proof) -> gone.add(peer.incarnation()));
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket stranger : strangers) {
      stranger.close();
    }
    watcher.close();
    port.close();
  }

  private void watch(String incarnation) throws IOException {
    watcher.watch(
        new MemberIdentity(
            "gw-" + incarnation,
            incarnation,
            new Address("pekko", "moongate", "127.0.0.2", 1),
            port.address().getPort()));
  }

  private Socket stranger(String from) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
    socket.connect(port.address(), 10_000);
    strangers.add(socket);
    return socket;
  }

  private void awaitConnections(IntPredicate wanted) throws InterruptedException {
    for (int i = 0; i < 600 && !wanted.test(port.connections()); i++) {
      Thread.sleep(50);
    }
    assertTrue(wanted.test(port.connections()), () -> port.connections() + " connections");
  }

  /** Whether the port has let go of it. */
  private static boolean ended(Socket socket) throws IOException {
    socket.setSoTimeout(1);
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException held) {
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Test
  void thousandsOfStrangersKeepNothingFromBeingProven() throws Exception {
    watch("before");
    awaitConnections(count -> count == 1);
    Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    for (int i = 0; i < STRANGERS; i++) {
      stranger("127.0.1." + (1 + i % 20));
    }
    awaitConnections(count -> count == WatchPort.MOST);
    Set<Thread> more = new HashSet<>(Thread.getAllStackTraces().keySet());
    more.removeAll(threads);
    assertTrue(more.size() < 20, () -> "threads for strangers: " + more);
    // The connection is closed again and again, and that is no proof.
    watch("after");
    assertNull(gone.poll(1, TimeUnit.SECONDS));
    int held = 0;
    for (Socket stranger : strangers) {
      held += ended(stranger) ? 0 : 1;
    }
    assertEquals(WatchPort.MOST - 1, held, "strangers that are held, beside the peer");
    port.close();
    assertEquals(
        Set.of("before", "after"),
        Set.of(
            String.valueOf(gone.poll(20, TimeUnit.SECONDS)),
            String.valueOf(gone.poll(20, TimeUnit.SECONDS))));
  }

  @Test
  void oneAddressDoesNotTakeAllThePlaces() throws Exception {
    for (int i = 0; i < STRANGERS; i++) {
      stranger("127.0.1.1");
    }
    awaitConnections(count -> count == WatchPort.MOST_OF_ADDRESS);
    Socket other = stranger("127.0.1.2");
    awaitConnections(count -> count == WatchPort.MOST_OF_ADDRESS + 1);
    assertEquals(false, ended(other));
    for (Socket stranger : strangers) {
      stranger.close();
    }
    awaitConnections(count -> count == 0);
    // The places are free again.
    stranger("127.0.1.1");
    awaitConnections(count -> count == 1);
  }

  @Test
  void whoSendsSomethingIsCutOffAndHearsNothing() throws Exception {
    Socket talker = stranger("127.0.1.1");
    Socket silent = stranger("127.0.1.1");
    awaitConnections(count -> count == 2);
    talker.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes("US-ASCII"));
    awaitConnections(count -> count == 1);
    talker.setSoTimeout(20_000);
    int heard;
    try {
      heard = talker.getInputStream().read();
    } catch (SocketException reset) {
      heard = -1;
    }
    assertEquals(-1, heard);
    assertEquals(false, ended(silent));
  }

  private WatchPort with(WatchPort.Acceptor acceptor) throws IOException {
    port.close();
    port = new WatchPort("127.0.0.2", 0, acceptor);
    return port;
  }

  /** What can't be loaded, or is out of descriptors for a while, ends nothing. */
  @Test
  void afterAFailureItGoesOn() throws Exception {
    BlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();
    failures.add(new NoClassDefFoundError("of a jar that was replaced"));
    failures.add(new IOException("Too many open files"));
    failures.add(new IllegalStateException("of whatever kind"));
    with(
        server -> {
          Throwable failure = failures.poll();
          if (failure instanceof Error error) {
            throw error;
          } else if (failure instanceof IOException io) {
            throw io;
          } else if (failure != null) {
            throw new IllegalStateException(failure);
          }
          return server.accept();
        });
    Socket one = stranger("127.0.1.1");
    awaitConnections(count -> count == 1);
    one.close();
    awaitConnections(count -> count == 0);
    assertTrue(failures.isEmpty());
  }

  /** Else the places and descriptors that are waited for would never be free. */
  @Test
  void whatHasEndedIsReleasedWhileNoneCanBeAccepted() throws Exception {
    AtomicBoolean out = new AtomicBoolean();
    with(
        server -> {
          if (out.get()) {
            throw new IOException("Too many open files");
          }
          return server.accept();
        });
    for (int i = 0; i < 50; i++) {
      stranger("127.0.1.1");
    }
    awaitConnections(count -> count == 50);
    out.set(true);
    Socket waits = stranger("127.0.1.2");
    strangers.remove(waits);
    for (Socket stranger : strangers) {
      stranger.close();
    }
    awaitConnections(count -> count == 0);
    strangers.add(waits);
    out.set(false);
    awaitConnections(count -> count == 1);
    assertEquals(false, ended(waits));
  }

  @Test
  void aFloodDoesNotKeepWhatHasEndedFromBeingReleased() throws Exception {
    AtomicBoolean flood = new AtomicBoolean();
    // One that isn't connected any more when it is accepted, and after it always another.
    with(server -> flood.get() ? SocketChannel.open() : server.accept());
    Socket one = stranger("127.0.1.1");
    awaitConnections(count -> count == 1);
    flood.set(true);
    stranger("127.0.1.2");
    one.close();
    awaitConnections(count -> count == 0);
    flood.set(false);
    awaitConnections(count -> count == 1);
  }

  @Test
  void closedPortRefuses() throws Exception {
    InetSocketAddress address = port.address();
    Socket held = stranger("127.0.1.1");
    awaitConnections(count -> count == 1);
    port.close();
    held.setSoTimeout(20_000);
    assertEquals(-1, held.getInputStream().read());
    try (Socket late = new Socket()) {
      late.connect(address, 5_000);
      throw new AssertionError("the port is still held");
    } catch (java.net.ConnectException refused) {
      assertEquals("Connection refused", refused.getMessage());
    }
  }
}
