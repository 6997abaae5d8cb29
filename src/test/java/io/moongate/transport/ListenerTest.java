package io.moongate.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams of bytes over real sockets. */
class ListenerTest {
  private static final int BOUND_MILLIS = 30_000;
  private static final TransportSettings SETTINGS =
      new TransportSettings(2, Duration.ofSeconds(30));
  private static final ActorTestKit KIT = ActorTestKit.create("transport");

  private final List<Listener> listeners = new ArrayList<>();

  @AfterEach
  void close() {
    listeners.forEach(Listener::close);
  }

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  private InetSocketAddress serve(
      TransportSettings settings, Function<Accepted, Flow<ByteString, ByteString, NotUsed>> flow)
      throws IOException {
    return outgoing(settings, accepted -> flow.apply(accepted).map(Outgoing::of));
  }

  private InetSocketAddress outgoing(
      TransportSettings settings, Function<Accepted, Flow<ByteString, Outgoing, NotUsed>> flow)
      throws IOException {
    Listener listener =
        Listener.bind(
            KIT.system(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            16,
            settings,
            flow);
    listeners.add(listener);
    return listener.localAddress();
  }

  private static Socket connect(InetSocketAddress address) throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout(BOUND_MILLIS);
    return socket;
  }

  private static byte[] random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] readFully(InputStream in, int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException(bytes.length + " of " + length);
    }
    return bytes;
  }

  private static void pause(long millis) throws InterruptedException {
    Thread.sleep(millis);
  }

  /** More than every buffer on the way holds, and the peer reads only when it has sent all. */
  @Test
  void whatIsSentComesBackWholeAndInOrder() throws Exception {
    InetSocketAddress address = serve(SETTINGS, accepted -> Flow.of(ByteString.class));
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    List<CompletableFuture<Void>> hosts = new ArrayList<>();
    for (int host = 0; host < 6; host++) {
      Random random = new Random(seed + host);
      hosts.add(
          CompletableFuture.runAsync(
              () -> {
                try (Socket socket = connect(address)) {
                  byte[] sent = random(random, 8 << 20);
                  CompletableFuture<Void> writing =
                      CompletableFuture.runAsync(
                          () -> {
                            try {
                              for (int at = 0; at < sent.length; ) {
                                int step = Math.min(1 + random.nextInt(300_000), sent.length - at);
                                socket.getOutputStream().write(sent, at, step);
                                at += step;
                              }
                            } catch (IOException e) {
                              throw new java.io.UncheckedIOException(e);
                            }
                          },
                          task -> new Thread(task).start());
                  pause(200);
                  assertArrayEquals(sent, readFully(socket.getInputStream(), sent.length));
                  writing.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              },
              task -> new Thread(task).start()));
    }
    for (CompletableFuture<Void> host : hosts) {
      host.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /** The kernel's buffers fill up, so the peer has to wait, and no memory of ours is spent. */
  @Test
  void nothingIsReceivedThatNobodyAsksFor() throws Exception {
    InetSocketAddress address =
        serve(
            SETTINGS,
            accepted -> Flow.fromSinkAndSource(neverAsking(), Source.maybe().map(x -> NONE)));
    AtomicBoolean all = new AtomicBoolean();
    try (Socket socket = connect(address)) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  socket.getOutputStream().write(new byte[64 << 20]);
                  all.set(true);
                } catch (IOException e) {
                  // Closed by the test.
                }
              });
      writer.start();
      pause(1000);
      assertTrue(writer.isAlive());
      assertEquals(false, all.get());
    }
  }

  private static final ByteString NONE = ByteString.emptyByteString();

  private static Sink<ByteString, NotUsed> neverAsking() {
    return Flow.of(ByteString.class)
        .mapAsync(1, bytes -> new CompletableFuture<ByteString>())
        .to(Sink.ignore());
  }

  @Test
  void lastWordsAreDeliveredBeforeTheEnd() throws Exception {
    byte[] words = random(new Random(1), 16 << 20);
    InetSocketAddress address =
        serve(
            SETTINGS,
            accepted ->
                Flow.fromSinkAndSourceCoupled(
                    Sink.<ByteString>cancelled(), Source.single(ByteString.fromArray(words))));
    try (Socket socket = connect(address)) {
      pause(300);
      assertArrayEquals(words, socket.getInputStream().readAllBytes());
    }
  }

  /** The kernel would drop what is under way to a peer of which something is left unread. */
  @Test
  void lastWordsAreDeliveredThoughThePeerGoesOnTalking() throws Exception {
    byte[] words = random(new Random(2), 1 << 20);
    InetSocketAddress address =
        serve(
            SETTINGS,
            accepted ->
                Flow.fromSinkAndSourceCoupled(
                    Sink.<ByteString>cancelled(), Source.single(ByteString.fromArray(words))));
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.setSoTimeout(BOUND_MILLIS);
      socket.connect(address);
      socket.getOutputStream().write(new byte[100_000]);
      pause(300);
      assertArrayEquals(words, socket.getInputStream().readAllBytes());
    }
  }

  @Test
  void whoTakesNoLastWordsIsReset() throws Exception {
    InetSocketAddress address =
        serve(
            new TransportSettings(1, Duration.ofMillis(300)),
            accepted ->
                Flow.fromSinkAndSource(
                    Sink.<ByteString>ignore(),
                    Source.single(ByteString.fromArray(new byte[64 << 20]))));
    try (Socket socket = connect(address)) {
      pause(1500);
      SocketException reset =
          assertThrows(SocketException.class, () -> socket.getInputStream().readAllBytes());
      assertEquals("Connection reset", reset.getMessage());
    }
  }

  @Test
  void aFailureResetsTheConnection() throws Exception {
    InetSocketAddress address =
        serve(
            SETTINGS,
            accepted ->
                Flow.of(ByteString.class)
                    .map(
                        bytes -> {
                          throw new IllegalStateException("of the test");
                        }));
    try (Socket socket = connect(address)) {
      socket.getOutputStream().write(1);
      assertThrows(SocketException.class, () -> socket.getInputStream().read());
    }
  }

  /** Tells how it has ended. */
  private static Flow<ByteString, ByteString, NotUsed> watched(
      BiConsumer<Object, Throwable> ended) {
    return Flow.of(ByteString.class)
        .watchTermination(
            (left, done) -> {
              done.whenComplete(ended);
              return left;
            });
  }

  @Test
  void theEndOfTheConnectionEndsTheStream() throws Exception {
    CompletableFuture<Object> ended = new CompletableFuture<>();
    InetSocketAddress address =
        serve(SETTINGS, accepted -> watched((ok, failure) -> ended.complete(ok)));
    connect(address).close();
    ended.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Test
  void aResetFailsTheStream() throws Exception {
    CompletableFuture<Throwable> failed = new CompletableFuture<>();
    InetSocketAddress address =
        serve(SETTINGS, accepted -> watched((ok, failure) -> failed.complete(failure)));
    Socket socket = connect(address);
    socket.setSoLinger(true, 0);
    socket.close();
    Throwable failure = failed.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
    assertTrue(failure instanceof IOException, () -> "" + failure);
  }

  @Test
  void unreadTellsWhatTheStreamHasNotSeen() throws Exception {
    CompletableFuture<Accepted> taken = new CompletableFuture<>();
    InetSocketAddress address =
        serve(
            SETTINGS,
            accepted -> {
              taken.complete(accepted);
              return Flow.fromSinkAndSource(neverAsking(), Source.maybe().map(x -> NONE));
            });
    try (Socket socket = connect(address)) {
      Accepted accepted = taken.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
      assertEquals(socket.getLocalPort(), accepted.peer().getPort());
      assertEquals(address, accepted.local());
      assertEquals(false, accepted.unread());
      socket.getOutputStream().write(new byte[32 << 10]);
      // The first chunk may have been taken; the second is not.
      pause(200);
      socket.getOutputStream().write(new byte[32 << 10]);
      pause(200);
      socket.getOutputStream().write(1);
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS);
      while (!accepted.unread()) {
        assertTrue(System.nanoTime() < until);
        pause(10);
      }
    }
  }

  /** A dispatcher without work gives its thread back, and has another when there is some again. */
  @Test
  void connectionsAreServedAfterALongQuiet() throws Exception {
    InetSocketAddress address = serve(SETTINGS, accepted -> Flow.of(ByteString.class));
    for (int i = 0; i < 2; i++) {
      try (Socket socket = connect(address)) {
        socket.getOutputStream().write(7);
        assertEquals(7, socket.getInputStream().read());
      }
      pause(i == 0 ? 2500 : 0);
    }
  }

  @Test
  void whoeverIsConnectedStaysWhenNobodyElseIsTaken() throws Exception {
    InetSocketAddress address = serve(SETTINGS, accepted -> Flow.of(ByteString.class));
    try (Socket socket = connect(address)) {
      socket.getOutputStream().write(7);
      assertEquals(7, socket.getInputStream().read());
      listeners.get(0).close();
      awaitRefusal(address);
      socket.getOutputStream().write(8);
      assertEquals(8, socket.getInputStream().read());
    }
  }

  /** Of the heap and not, short and long, in any order; and used anew as soon as it may be. */
  @Test
  void whatIsSentFromWhereItIsArrivesInOrder() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    int length = 24 << 20;
    byte[] expected = random(new Random(seed), length);
    AtomicInteger lent = new AtomicInteger();
    Random random = new Random(seed + 1);
    Deque<ByteBuffer> free = new ArrayDeque<>();
    Iterator<Outgoing> all =
        new Iterator<>() {
          private int at;

          @Override
          public boolean hasNext() {
            return at < length;
          }

          @Override
          public Outgoing next() {
            Outgoing next = new Outgoing();
            for (int piece = random.nextInt(90); piece >= 0 && at < length; piece--) {
              int size = Math.min(length - at, 1 + random.nextInt(1 << random.nextInt(19)));
              if (random.nextInt(3) == 0) {
                next.add(ByteString.fromArray(expected, at, size));
              } else {
                ByteBuffer buffer =
                    free.isEmpty() ? ByteBuffer.allocateDirect((1 << 18) + 4) : free.pop();
                buffer
                    .clear()
                    .position(random.nextInt(3))
                    .limit(buffer.position() + size - size % 3);
                size = buffer.remaining();
                buffer.put(expected, at, size).flip().position(buffer.limit() - size);
                lent.addAndGet(1);
                next.add(buffer)
                    .whenSent(
                        () -> {
                          lent.addAndGet(-1);
                          buffer.clear();
                          while (buffer.hasRemaining()) {
                            buffer.put((byte) 0x5A);
                          }
                          free.push(buffer);
                        });
              }
              at += size;
            }
            return next;
          }
        };
    InetSocketAddress address =
        outgoing(
            SETTINGS,
            accepted -> Flow.fromSinkAndSource(Sink.ignore(), Source.fromIterator(() -> all)));
    try (Socket socket = connect(address)) {
      pause(100);
      assertArrayEquals(expected, readFully(socket.getInputStream(), length));
      assertEquals(-1, socket.getInputStream().read());
    }
    assertEquals(0, lent.get());
  }

  /**
   * What the kernel has not taken may still be needed by nobody knows whom: it is not given back.
   */
  @Test
  void whatWasNotSentIsNotSaidToBe() throws Exception {
    AtomicBoolean sent = new AtomicBoolean();
    CompletableFuture<Void> ended = new CompletableFuture<>();
    Outgoing much = new Outgoing().add(ByteBuffer.allocateDirect(64 << 20));
    much.whenSent(() -> sent.set(true));
    InetSocketAddress address =
        outgoing(
            SETTINGS,
            accepted ->
                Flow.fromSinkAndSource(
                    Sink.ignore(),
                    Source.single(much)
                        .concat(Source.maybe())
                        .watchTermination(
                            (mat, done) -> {
                              done.whenComplete((value, failure) -> ended.complete(null));
                              return mat;
                            })));
    try (Socket socket = connect(address)) {
      readFully(socket.getInputStream(), 1 << 20);
      socket.setSoLinger(true, 0);
    }
    ended.get(BOUND_MILLIS, TimeUnit.MILLISECONDS);
    assertFalse(sent.get());
  }

  @Test
  void everyConnectionEndsWithTheActorSystem() throws Exception {
    ActorTestKit kit = ActorTestKit.create("ending");
    Listener listener =
        Listener.bind(
            kit.system(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            16,
            SETTINGS,
            accepted -> Flow.of(ByteString.class).map(Outgoing::of));
    try (Socket socket = connect(listener.localAddress())) {
      socket.getOutputStream().write(7);
      assertEquals(7, socket.getInputStream().read());
      kit.shutdownTestKit();
      int end;
      try {
        end = socket.getInputStream().read();
      } catch (SocketException reset) {
        end = -1;
      }
      assertEquals(-1, end);
      awaitRefusal(listener.localAddress());
    }
  }

  private static void awaitRefusal(InetSocketAddress address) throws Exception {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BOUND_MILLIS);
    while (true) {
      try {
        connect(address).close();
        assertTrue(System.nanoTime() < until);
        pause(10);
      } catch (ConnectException refused) {
        return;
      }
    }
  }

  @Test
  void anAddressThatCannotBeBoundIsRefused() throws IOException {
    InetSocketAddress taken = serve(SETTINGS, accepted -> Flow.of(ByteString.class));
    assertThrows(
        IOException.class,
        () ->
            Listener.bind(
                KIT.system(),
                taken,
                16,
                SETTINGS,
                accepted -> Flow.of(ByteString.class).map(Outgoing::of)));
    assertThrows(
        UnknownHostException.class,
        () ->
            Listener.bind(
                KIT.system(),
                InetSocketAddress.createUnresolved("nowhere.invalid", 0),
                16,
                SETTINGS,
                accepted -> Flow.of(ByteString.class).map(Outgoing::of)));
  }
}
