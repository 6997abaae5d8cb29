package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.session.TestInitiator.LoginRefusedException;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.PduEncoder;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many at once that mean no good, and one session that is being served: it goes on, memory stays
 * within its bound, and all of it comes back. In a short form, and in the numbers of a real flood
 * (tagged {@code long}).
 */
@Timeout(600)
class FloodTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int MIB = 1 << 20;

  /** What a connection without a session may cost of the heap, of client and gateway together. */
  private static final int MOST_PER_CONNECTION = 64 * 1024;

  private final ExecutorService store = Executors.newFixedThreadPool(2);
  private final ExecutorService hostile = Executors.newFixedThreadPool(8);
  private final FakeUnit unit = new FakeUnit(8 * MIB, store);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final List<SocketChannel> flood = new ArrayList<>();
  private ActorTestKit kit;
  private TestProbe<Object> probe;
  private SessionSettings settings;
  private SessionRegistry registry;
  private IscsiServer server;
  private TestInitiator busy;
  private int commands;

  private void serve(String changed) throws Exception {
    Config config =
        Harness.config("moongate.iscsi { " + changed + " }").withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("flood", config);
    probe = kit.createTestProbe();
    settings = SessionSettings.from(config);
    registry = new SessionRegistry(settings);
    server =
        IscsiServer.bind(kit.system(), "127.0.0.1", 0, settings, directory, registry)
            .toCompletableFuture()
            .get();
    busy = connect().login(Harness.INITIATOR + "-busy", 9, FakeDirectory.TARGET);
    work(100);
  }

  @BeforeEach
  void begin() {
    commands = 0;
  }

  @AfterEach
  void stop() throws Exception {
    hostile.shutdownNow();
    for (SocketChannel channel : flood) {
      channel.close();
    }
    busy.close();
    eventually(
        () -> {
          assertEquals(0, registry.connectionCount());
          FuzzedConnection.assertNothingHeld(registry);
          assertEquals(List.of(), unit.attached());
        });
    kit.shutdownTestKit();
    store.shutdownNow();
  }

  private TestInitiator connect() throws IOException {
    return TestInitiator.connect(server.localAddress());
  }

  private void eventually(Runnable assertion) {
    probe.awaitAssert(
        BOUND,
        () -> {
          assertion.run();
          return null;
        });
  }

  /** The busy session executes so many commands: each is answered GOOD. */
  private void work(int count) throws IOException {
    byte[] data = new byte[4096];
    for (int i = 0; i < count; i += 2) {
      int block = 8 * (commands % 1024);
      Arrays.fill(data, (byte) commands);
      assertEquals(0, busy.command(0, Harness.write10(block, 8), data, 0).status());
      TestInitiator.Result read = busy.command(0, Harness.read10(block, 8), new byte[0], 4096);
      assertEquals(0, read.status());
      assertTrue(Arrays.equals(data, read.dataIn()), "other data than was written");
      commands += 2;
    }
  }

  /** Bytes of the heap in use when all that is garbage has been collected. */
  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private void open(int count) throws IOException {
    InetSocketAddress portal = server.localAddress();
    for (int i = 0; i < count; i++) {
      flood.add(SocketChannel.open(portal));
    }
  }

  private void write(SocketChannel channel, ByteString bytes) throws IOException {
    ByteBuffer buffer = bytes.asByteBuffer();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  // ---- connections that never become sessions

  @Test
  void halfOpenAndSlowConnections() throws Exception {
    halfOpenAndSlow(600);
  }

  @Test
  @Tag("long")
  void tenThousandHalfOpenAndSlowConnections() throws Exception {
    var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    // Both ends of each connection are of this process.
    long possible = (system.getMaxFileDescriptorCount() - 500) / 2;
    assertTrue(possible >= 10_000, () -> "ulimit -n allows only " + possible + " connections");
    halfOpenAndSlow(10_000);
  }

  /** A third is silent, a third stops within a text, a third sends a byte now and then. */
  private void halfOpenAndSlow(int count) throws Exception {
    serve("max-connections = " + (count + 1) + ", login-timeout = 1 h");
    long before = heap();
    open(count);
    eventually(() -> assertEquals(count + 1, registry.connectionCount()));
    ByteString login = encoded(stranger(false, Harness.text(keys(0))));
    ByteString text = encoded(stranger(true, ByteString.fromArray(new byte[8000])));
    for (int i = 1; i < count; i += 3) {
      write(flood.get(i), text);
    }
    for (int at = 0; at < 40; at++) {
      for (int i = 2; i < count; i += 3) {
        write(flood.get(i), login.slice(at, at + 1));
      }
      work(100);
    }
    eventually(() -> assertTrue(registry.budget().logins.used() > 8000L * (count / 3 - 1)));
    assertTrue(registry.budget().logins.used() <= settings.maxGatewayBytes() / 16);
    long after = heap();
    long each = (after - before) / count;
    System.out.printf(
        "%d half-open and slow connections: heap %d -> %d KiB, %d bytes each; %d bytes of text;"
            + " %d commands beside them%n",
        count, before >> 10, after >> 10, each, registry.budget().logins.used(), commands);
    assertTrue(each < MOST_PER_CONNECTION, () -> each + " bytes a connection");
    boundIsKept(count);
    for (SocketChannel channel : flood) {
      channel.close();
    }
    flood.clear();
    eventually(() -> assertEquals(1, registry.connectionCount()));
    assertEquals(0, registry.budget().logins.used());
    connect().login(Harness.INITIATOR, Harness.ISID, FakeDirectory.TARGET).logout();
    work(100);
  }

  /** One more than max-connections is closed at once, and those that are there stay. */
  private void boundIsKept(int count) throws Exception {
    for (int i = 0; i < 50; i++) {
      try (TestInitiator surplus = connect()) {
        surplus.awaitEnd();
      } catch (SocketException reset) {
        // While the socket was still being set up.
      }
    }
    assertEquals(count + 1, registry.connectionCount());
    work(100);
  }

  @Test
  void loginsThatDoNotEndAreEnded() throws Exception {
    serve("login-timeout = 1 s");
    open(200);
    eventually(() -> assertEquals(201, registry.connectionCount()));
    ByteString text = encoded(stranger(true, ByteString.fromArray(new byte[8000])));
    for (int i = 0; i < 200; i += 2) {
      write(flood.get(i), text);
    }
    eventually(() -> assertEquals(1, registry.connectionCount()));
    work(100);
  }

  private static Map<String, String> keys(int i) {
    return TestInitiator.keys(Harness.INITIATOR + i, FakeDirectory.TARGET);
  }

  private static LoginRequest stranger(boolean continued, ByteString text) {
    return new LoginRequest(false, continued, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 1, 0, text);
  }

  private static ByteString encoded(LoginRequest request) {
    return new PduEncoder(new io.moongate.wire.DigestSettings()).encode(request);
  }

  // ---- logins

  @Test
  void loginFlood() throws Exception {
    loginFlood(40);
  }

  @Test
  @Tag("long")
  void longLoginFlood() throws Exception {
    loginFlood(2_000);
  }

  /** From eight threads: logins that are granted and dropped, replaced, refused, and broken off. */
  private void loginFlood(int rounds) throws Exception {
    serve("chap.failure-delay = 0 s");
    long before = heap();
    AtomicInteger granted = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    AtomicLong mostText = new AtomicLong();
    List<Future<?>> threads = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      int number = thread;
      Callable<Void> attack =
          () -> {
            for (int round = 0; round < rounds; round++) {
              granted.addAndGet(logIn(number, round));
              refused.addAndGet(logInInVain(number, round));
              mostText.accumulateAndGet(registry.budget().logins.used(), Math::max);
            }
            return null;
          };
      threads.add(hostile.submit(attack));
    }
    while (threads.stream().anyMatch(thread -> !thread.isDone())) {
      work(20);
    }
    for (Future<?> thread : threads) {
      thread.get();
    }
    work(100);
    eventually(() -> assertEquals(1, registry.sessions().size()));
    eventually(() -> assertEquals(1, registry.connectionCount()));
    long after = heap();
    System.out.printf(
        "%d logins granted, %d refused: heap %d -> %d KiB, at most %d bytes of text; %d commands"
            + " beside them%n",
        granted.get(), refused.get(), before >> 10, after >> 10, mostText.get(), commands);
    assertEquals(8 * rounds, granted.get());
    assertEquals(8 * rounds * 2, refused.get());
    assertTrue(after - before < 32L * MIB, () -> "the heap has grown by " + (after - before));
  }

  private int logIn(int thread, int round) throws IOException {
    TestInitiator initiator = connect().login(thread, keys(thread));
    switch (round % 3) {
      case 0 -> initiator.logout();
      case 1 -> initiator.reset();
      default -> {
        // Replaced by the next login of this thread; if there is none, it is closed here.
        try (TestInitiator next = connect().login(thread, keys(thread))) {
          initiator.awaitEnd();
          next.logout();
        }
      }
    }
    initiator.close();
    return 1;
  }

  /** Two logins: to a target that is not there, and one that is broken off within a long text. */
  private int logInInVain(int thread, int round) throws IOException {
    Map<String, String> keys = keys(thread);
    keys.put("TargetName", "iqn.2026-11.no:such" + round);
    try (TestInitiator initiator = connect()) {
      LoginRefusedException answer =
          assertThrows(LoginRefusedException.class, () -> initiator.login(thread, keys));
      assertEquals(0x0203, answer.status());
      initiator.awaitEnd();
    }
    try (TestInitiator initiator = connect()) {
      for (int i = 0; i < 7; i++) {
        initiator.send(stranger(true, ByteString.fromArray(new byte[8000])));
        initiator.receive();
      }
      initiator.reset();
    }
    return 2;
  }

  @Test
  void guessesOfASecret() throws Exception {
    Credentials secret = new Credentials("user", "a secret of some length");
    serve("chap.failure-delay = 0 s");
    directory.admits(new Admission(true, Optional.of(secret), Optional.empty(), Optional.empty()));
    for (int i = 0; i < 200; i++) {
      ChapInitiator guess = new ChapInitiator("user", "guess number " + i, "5,6,7,8");
      try (TestInitiator initiator = connect()) {
        LoginRefusedException answer =
            assertThrows(LoginRefusedException.class, () -> initiator.login(7, keys(7), guess));
        assertEquals(0x0201, answer.status());
      }
    }
    assertEquals(1, registry.sessions().size());
    work(100);
  }

  // ---- sessions

  @Test
  void sessionsThatReadNothing() throws Exception {
    readNothing(16, 2);
  }

  @Test
  @Tag("long")
  void manySessionsThatReadNothing() throws Exception {
    readNothing(500, 2);
  }

  /** Each asks for as much as its window lets it, and reads none of it. */
  private void readNothing(int count, int timeout) throws Exception {
    serve(
        "max-gateway-bytes = 32 MiB, max-connection-bytes = 4 MiB, send-timeout = %d s"
            .formatted(timeout));
    long before = heap();
    long most = 0;
    List<TestInitiator> sessions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      TestInitiator idle = TestInitiator.connect(server.localAddress(), 4096);
      sessions.add(idle.login(100 + i, keys(i)));
      for (int j = 0; j < 30; j++) {
        idle.send(command(idle, false, MIB, ByteString.emptyByteString()));
      }
      for (int j = 0; j < 20; j++) {
        idle.send(command(idle, true, 65_536, ByteString.fromArray(new byte[65_536])));
      }
      most = Math.max(most, registry.bytes() + registry.budget().early.used());
      work(2);
    }
    long after = heap();
    while (registry.sessions().size() > 1) {
      most = Math.max(most, registry.bytes() + registry.budget().early.used());
      work(2);
    }
    System.out.printf(
        "%d sessions that read nothing: heap %d -> %d KiB, at most %d KiB held; %d commands beside"
            + " them%n",
        count, before >> 10, after >> 10, most >> 10, commands);
    // An eighth more of data that came before there was memory for it.
    assertTrue(most <= 36L * MIB, "held " + most);
    assertTrue(after - before < 64L * MIB, () -> "the heap has grown by " + (after - before));
    for (TestInitiator session : sessions) {
      session.close();
    }
    work(100);
  }

  @Test
  void sessionsThatSendNoData() throws Exception {
    sendNoData(16, 2, 8);
  }

  @Test
  @Tag("long")
  void manySessionsThatSendNoData() throws Exception {
    sendNoData(200, 10, 20);
  }

  /** Each has memory put aside for writes, whose data never comes; again and again. */
  private void sendNoData(int count, int rounds, int writes) throws Exception {
    serve(
        "max-gateway-bytes = 32 MiB, max-connection-bytes = 4 MiB, command-deadline = 1 s,"
            + " data-out-timeout = 2 s");
    long before = heap();
    long most = 0;
    int earlier = commands;
    for (int round = 0; round < rounds; round++) {
      List<TestInitiator> sessions = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        TestInitiator idle = connect().login(100 + i, keys(i));
        sessions.add(idle);
        for (int j = 0; j < writes; j++) {
          idle.send(command(idle, true, MIB, ByteString.emptyByteString()));
        }
      }
      while (registry.sessions().size() > 1) {
        most = Math.max(most, registry.bytes());
        work(2);
      }
      for (TestInitiator session : sessions) {
        session.close();
      }
    }
    long after = heap();
    System.out.printf(
        "%d sessions that send no data, %d times: heap %d -> %d KiB, at most %d KiB held; %d"
            + " commands beside them%n",
        count, rounds, before >> 10, after >> 10, most >> 10, commands - earlier);
    assertTrue(most <= 33L * MIB, "held " + most);
    work(100);
  }

  private static ScsiCommand command(
      TestInitiator session, boolean write, int length, ByteString data) {
    byte[] cdb = write ? Harness.write10(0, length / 512) : Harness.read10(0, length / 512);
    return new ScsiCommand(
        false,
        true,
        !write,
        write,
        1,
        0,
        session.takeTaskTag(),
        length,
        session.takeCmdSn(),
        0,
        ByteString.fromArray(cdb),
        0,
        data);
  }
}
