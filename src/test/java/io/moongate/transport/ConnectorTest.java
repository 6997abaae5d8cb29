package io.moongate.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
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
    return Flow.fromSinkAndSourceMat(
        Sink.<ByteString>head(),
        Source.single(Outgoing.of(ByteString.fromArray(new byte[] {7}))).concat(Source.maybe()),
        Keep.left());
  }

  private Throwable failure(InetSocketAddress peer) {
    return assertThrows(
            ExecutionException.class,
            () ->
                connector
                    .connect(peer, WITHIN, asking())
                    .toCompletableFuture()
                    .get(BOUND_SECONDS, TimeUnit.SECONDS))
        .getCause();
  }

  @Test
  void whoIsThereAnswersAlsoByName() throws Exception {
    Listener listener =
        Listener.bind(
            KIT.system(),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            16,
            SETTINGS,
            accepted -> Flow.of(ByteString.class).map(Outgoing::of));
    try {
      for (InetSocketAddress peer :
          new InetSocketAddress[] {
            listener.localAddress(),
            InetSocketAddress.createUnresolved("127.0.0.1", listener.localAddress().getPort())
          }) {
        ByteString answer =
            connector
                .connect(peer, WITHIN, asking())
                .toCompletableFuture()
                .get(BOUND_SECONDS, TimeUnit.SECONDS);
        assertEquals(ByteString.fromArray(new byte[] {7}), answer);
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
        var unused = connector.connect(address, WITHIN, asking());
      }
      Thread.sleep(500);
      Throwable failure =
          assertThrows(
                  ExecutionException.class,
                  () ->
                      connector
                          .connect(address, Duration.ofMillis(200), asking())
                          .toCompletableFuture()
                          .get(BOUND_SECONDS, TimeUnit.SECONDS))
              .getCause();
      assertTrue(failure instanceof java.net.SocketTimeoutException, failure::toString);
    }
  }
}
