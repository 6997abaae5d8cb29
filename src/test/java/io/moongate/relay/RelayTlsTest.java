package io.moongate.relay;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import io.moongate.volume.LentBuffer;
import io.moongate.volume.LentMemory;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The relay over mutual TLS: what passes, and who doesn't. */
class RelayTlsTest {
  private static final UUID OWNER = UUID.randomUUID();
  private static final long HOUR = 3_600_000_000_000L;

  @TempDir private static Path directory;
  private static ActorTestKit testKit;
  private static Pair authority;
  private static Pair one;
  private static Pair two;
  private static Pair foreign;

  private final FakeUnit unit = new FakeUnit();
  private final List<RelayClient> clients = new ArrayList<>();
  private RelayServer server;

  @BeforeAll
  static void start() throws Exception {
    testKit = ActorTestKit.create();
    TestCertificates certificates = new TestCertificates(directory);
    authority = certificates.authority("gateways");
    one = certificates.party("gw1", authority);
    two = certificates.party("gw2", authority);
    foreign = certificates.party("foreign", certificates.authority("others"));
  }

  @AfterAll
  static void stop() {
    testKit.shutdownTestKit();
  }

  @AfterEach
  void close() {
    clients.forEach(RelayClient::peerDead);
    if (server != null) {
      server.close();
    }
  }

  private static String tls(Pair own) {
    return "connect-wait = 300 ms, handshake-timeout = 5 s } \n moongate.tls { certificate = \"%s\", key = \"%s\", ca = \"%s\""
        .formatted(own.certificate(), own.key(), authority.certificate());
  }

  private int listen(String settings) throws Exception {
    server =
        RelayServer.bind(
                testKit.system(),
                TestSettings.with(settings),
                OWNER,
                id -> id.equals("unit") ? Optional.of(unit) : Optional.empty())
            .toCompletableFuture()
            .get(30, SECONDS);
    return server.address().getPort();
  }

  private RelayClient client(int port, String settings) {
    RelayClient client =
        RelayClient.connect(
            testKit.system(),
            TestSettings.with(settings),
            new Sender("sender", UUID.randomUUID(), 1),
            "127.0.0.1",
            port,
            OWNER);
    clients.add(client);
    return client;
  }

  private static Status status(RelayClient client) throws Exception {
    CompletableFuture<Response> replied = new CompletableFuture<>();
    client.forward("unit", 9, command(new byte[0], 0), replied::complete);
    return replied.get(30, SECONDS).status();
  }

  private static Command command(byte[] out, long in) {
    return new Command(
        new Nexus("iqn.1994-05.com.example:host", 77, "iqn.target", 3),
        1,
        TaskAttribute.SIMPLE,
        new byte[] {(byte) 0x8A, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        ByteBuffer.wrap(out),
        in,
        System.nanoTime() + HOUR);
  }

  @Test
  void largeCommandsAndRepliesPassUnchanged() throws Exception {
    RelayClient client = client(listen(tls(one)), tls(two));
    boolean lent = false;
    LentMemory.await(LentBuffer.SHORTEST);
    for (int i = 0; i < 12; i++) {
      // Also of those lengths whose memory is lent.
      byte[] data = new byte[i < 3 ? 4 << 20 : LentBuffer.SHORTEST * (i - 2)];
      new Random(i).nextBytes(data);
      CompletableFuture<Response> replied = new CompletableFuture<>();
      client.forward("unit", 9, command(data, data.length), replied::complete);
      FakeUnit.Execution received = unit.next();
      byte[] seen = new byte[received.command().dataOut().remaining()];
      received.command().dataOut().duplicate().get(seen);
      assertArrayEquals(data, seen);
      received.reply().accept(Response.data(ByteBuffer.wrap(data)));
      Response response = replied.get(30, SECONDS);
      assertEquals(Status.GOOD, response.status());
      byte[] back = new byte[response.dataIn().remaining()];
      response.dataIn().duplicate().get(back);
      assertArrayEquals(data, back);
      lent |= response.dataIn().isDirect();
      response.used().run();
    }
    assertTrue(lent, "none was put together off the heap");
  }

  @Test
  void gatewayOfAnotherAuthorityIsNotServed() throws Exception {
    assertEquals(Status.BUSY, status(client(listen(tls(one)), tls(foreign))));
    assertEquals(0, unit.held());
  }

  @Test
  void ownerOfAnotherAuthorityIsNotTalkedTo() throws Exception {
    assertEquals(Status.BUSY, status(client(listen(tls(foreign)), tls(two))));
    assertEquals(0, unit.held());
  }

  @Test
  void plainGatewayAndOneWithTlsDoNotUnderstandOneAnother() throws Exception {
    int secured = listen(tls(one));
    assertEquals(Status.BUSY, status(client(secured, "connect-wait = 300 ms")));
    RelayServer first = server;
    assertEquals(Status.BUSY, status(client(listen(""), tls(two))));
    first.close();
    assertEquals(0, unit.held());
  }

  @Test
  void strangerIsToldNothing() throws Exception {
    int port = listen(tls(one));
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write(new byte[200]);
      InputStream in = socket.getInputStream();
      byte[] heard;
      try {
        heard = in.readAllBytes();
      } catch (SocketException reset) {
        heard = new byte[0];
      }
      // An alert of TLS at most (RFC 8446 section 5.1).
      assertEquals(0, heard.length == 0 || heard[0] == 21 ? 0 : heard[0]);
    }
  }
}
