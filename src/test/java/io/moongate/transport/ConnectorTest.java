package io.moongate.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Connections that are made, and those that can't be. */
class ConnectorTest {
  private static final long BOUND_SECONDS = 30;
  private static final Duration WITHIN = Duration.ofSeconds(10);
  private static final ActorTestKit KIT = ActorTestKit.create("connector");
  private static final TransportSettings SETTINGS =
      new TransportSettings(1, Duration.ofSeconds(10));

  private final Connector connector = new Connector(KIT.system(), SETTINGS);

  @AfterAll
  static void stop() {
    KIT.shutdownTestKit();
  }

  /** Sends a byte and gives what comes back first. */
  private static Flow<ByteString, Outgoing, CompletionStage<ByteString>> asking() {
    return asking(Sink.head());
  }

  /** Sends a byte and gives what is made of what comes back. */
  private static <T> Flow<ByteString, Outgoing, CompletionStage<T>> asking(
      Sink<ByteString, CompletionStage<T>> answered) {
    return Flow.fromSinkAndSourceMat(
        answered,
        Source.single(Outgoing.of(ByteString.fromArray(new byte[] {7}))).concat(Source.maybe()),
        Keep.left());
  }

  /** Serves each connection by a stream like this one. */
  private static Listener listener(Flow<ByteString, Outgoing, NotUsed> serving) throws IOException {
    return Listener.bind(
        KIT.system(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        16,
        SETTINGS,
        accepted -> serving);
  }

  /** Gives back whatever it is sent. */
  private static Listener echo() throws IOException {
    return listener(Flow.of(ByteString.class).map(Outgoing::of));
  }

  private Throwable failure(InetSocketAddress peer) {
    return assertThrows(
            ExecutionException.class,
            () ->
                connector
                    .connect(peer, WITHIN, asking(), new Landing(), 0)
                    .toCompletableFuture()
                    .get(BOUND_SECONDS, TimeUnit.SECONDS))
        .getCause();
  }

  @Test
  void whoIsThereAnswersAlsoByName() throws Exception {
    Listener listener = echo();
    try {
      for (InetSocketAddress peer :
          new InetSocketAddress[] {
            listener.localAddress(),
            InetSocketAddress.createUnresolved("127.0.0.1", listener.localAddress().getPort())
          }) {
        ByteString answer =
            connector
                .connect(peer, WITHIN, asking(), new Landing(), 0)
                .toCompletableFuture()
                .get(BOUND_SECONDS, TimeUnit.SECONDS);
        assertEquals(ByteString.fromArray(new byte[] {7}), answer);
      }
    } finally {
      listener.close();
    }
  }

  @Test
  void bytesGoWhereTheyAreWantedAndTheRestTheUsualWay() throws Exception {
    byte[] sent = new byte[300_000];
    new Random(1).nextBytes(sent);
    Listener listener =
        listener(
            Flow.fromSinkAndSource(
                Sink.ignore(), Source.single(Outgoing.of(ByteString.fromArray(sent)))));
    try {
      Landing landing = new Landing();
      ByteBuffer room = ByteBuffer.allocateDirect(100_003);
      landing.at(room);
      AtomicInteger empty = new AtomicInteger();
      ByteString rest =
          connector
              .connect(
                  listener.localAddress(),
                  WITHIN,
                  Flow.fromSinkAndSourceMat(
                      Flow.of(ByteString.class)
                          .map(
                              bytes -> {
                                assertTrue(bytes.isEmpty() || !room.hasRemaining());
                                empty.addAndGet(bytes.isEmpty() ? 1 : 0);
                                return bytes;
                              })
                          .toMat(
                              Sink.fold(ByteString.emptyByteString(), ByteString::concat),
                              Keep.right()),
                      Source.<Outgoing>maybe(),
                      Keep.left()),
                  landing,
                  0)
              .toCompletableFuture()
              .get(BOUND_SECONDS, TimeUnit.SECONDS);
      ByteString all = ByteString.fromByteBuffer(room.flip()).concat(rest);
      assertArrayEquals(sent, all.toArray());
      System.out.println(empty + " times nothing but what was wanted");
    } finally {
      listener.close();
    }
  }

  @Test
  void whereBytesAreWantedCanOnlyBeSaidByWhomAllHasReached() {
    Landing landing = new Landing();
    landing.handed(5);
    landing.came(4);
    assertThrows(IllegalStateException.class, () -> landing.at(ByteBuffer.allocateDirect(1)));
    landing.came(1);
    landing.at(ByteBuffer.allocateDirect(1));
    assertEquals(1, landing.room().remaining());
    landing.done();
    assertEquals(0, landing.room().remaining());
    assertTrue(landing.isBrief());
    landing.handed(3);
    assertFalse(landing.isBrief());
  }

  /** Each where it is wanted, and on no other thread. */
  @Test
  void aConnectionIsOnTheLoopThatItIsMadeOn() throws Exception {
    Connector several =
        new Connector(KIT.system(), new TransportSettings(3, Duration.ofSeconds(10)));
    assertEquals(3, several.loops());
    assertEquals(-1, Connector.here());
    Listener listener = echo();
    try {
      for (int loop : new int[] {2, 0, 1, 2}) {
        int here =
            several
                .connect(
                    listener.localAddress(),
                    WITHIN,
                    asking(
                        Flow.of(ByteString.class)
                            .map(bytes -> Connector.here())
                            .toMat(Sink.head(), Keep.right())),
                    new Landing(),
                    loop)
                .toCompletableFuture()
                .get(BOUND_SECONDS, TimeUnit.SECONDS);
        assertEquals(loop, here);
      }
    } finally {
      listener.close();
    }
  }

  @Test
  void whoIsNotThereFailsTheStream() throws IOException {
    InetSocketAddress nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = (InetSocketAddress) socket.getLocalSocketAddress();
    }
    Throwable failure = failure(nobody);
    assertTrue(failure instanceof ConnectException, failure::toString);
  }

  @Test
  void aNameThatMeansNobodyFailsTheStream() {
    Throwable failure = failure(InetSocketAddress.createUnresolved("nowhere.invalid", 1));
    assertTrue(failure instanceof UnresolvedAddressException, failure::toString);
  }

  /** Nobody accepts, and the kernel holds no more: the connection hangs in the making. */
  @Test
  void aConnectionThatHangsIsGivenUp() throws Exception {
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress address = (InetSocketAddress) full.getLocalSocketAddress();
      for (int i = 0; i < 8; i++) {
        var unused = connector.connect(address, WITHIN, asking(), new Landing(), 0);
      }
      Thread.sleep(500);
      Throwable failure =
          assertThrows(
                  ExecutionException.class,
                  () ->
                      connector
                          .connect(address, Duration.ofMillis(200), asking(), new Landing(), 0)
                          .toCompletableFuture()
                          .get(BOUND_SECONDS, TimeUnit.SECONDS))
              .getCause();
      assertTrue(failure instanceof java.net.SocketTimeoutException, failure::toString);
    }
  }
}
