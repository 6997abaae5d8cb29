package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.session.TestInitiator.LoginRefusedException;
import io.moongate.session.TestInitiator.Result;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TextKeys;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The whole way of bytes, over loopback. */
class IscsiServerTest {
  private static final String HOST = Harness.INITIATOR;
  private static final long ISID = Harness.ISID;
  private static final Duration BOUND = Duration.ofSeconds(30);

  private final ExecutorService store = Executors.newFixedThreadPool(2);
  private final FakeUnit unit = new FakeUnit(8 << 20, store);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private ActorTestKit kit;
  private TestProbe<Object> probe;
  private SessionSettings settings;
  private SessionRegistry registry;
  private IscsiServer server;

  @BeforeEach
  void start() throws Exception {
    serve("");
  }

  private void serve(String changed) throws Exception {
    stop();
    Config config = Harness.config(changed).withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("iscsi", config);
    probe = kit.createTestProbe();
    settings = SessionSettings.from(config);
    registry = new SessionRegistry(settings);
    server =
        IscsiServer.bind(kit.system(), "127.0.0.1", 0, settings, directory, registry)
            .toCompletableFuture()
            .get();
  }

  private void stop() {
    if (kit != null) {
      kit.shutdownTestKit();
    }
  }

  @AfterEach
  void stopAll() {
    stop();
    store.shutdownNow();
  }

  private TestInitiator connect() throws IOException {
    return TestInitiator.connect(server.localAddress());
  }

  /** The reset may come while the socket is still being set up. */
  private void awaitRefusal() throws IOException {
    try (TestInitiator initiator = connect()) {
      initiator.awaitEnd();
    } catch (SocketException reset) {
      assertEquals("Connection reset by peer", reset.getMessage());
    }
  }

  private void eventually(Runnable assertion) {
    probe.awaitAssert(
        BOUND,
        () -> {
          assertion.run();
          return null;
        });
  }

  @ParameterizedTest
  @CsvSource({
    "None, None, No, 262144",
    "CRC32C, None, No, 8192",
    "None, CRC32C, Yes, 8192",
    "CRC32C, CRC32C, No, 262144"
  })
  void writesAndReads(String header, String data, String initialR2t, String segment)
      throws Exception {
    long seed = System.nanoTime();
    Map<String, String> keys = TestInitiator.keys(HOST, FakeDirectory.TARGET);
    keys.put("HeaderDigest", header);
    keys.put("DataDigest", data);
    keys.put("InitialR2T", initialR2t);
    keys.put("MaxRecvDataSegmentLength", segment);
    try (TestInitiator initiator = connect().login(ISID, keys)) {
      byte[] expected = new byte[4 << 20];
      new Random(seed).nextBytes(expected);
      Result write = initiator.command(0, Harness.write10(0, 8192), expected, 0);
      assertEquals(0, write.status());
      assertEquals(0, write.residual());
      assertArrayEquals(expected, Arrays.copyOf(unit.blocks(), expected.length), "seed " + seed);
      Result read = initiator.command(0, Harness.read10(0, 8192), new byte[0], expected.length);
      assertArrayEquals(expected, read.dataIn(), "seed " + seed);
      int forgotten = unit.lent();
      Random random = new Random(seed);
      for (int i = 0; i < 40; i++) {
        int from = random.nextInt(6000);
        int blocks = 64 + random.nextInt(1985);
        byte[] part = Arrays.copyOfRange(expected, from * 512, (from + blocks) * 512);
        read = initiator.command(0, Harness.read10(from, blocks), new byte[0], part.length);
        assertArrayEquals(part, read.dataIn(), "seed " + seed);
      }
      eventually(() -> assertTrue(unit.lent() <= forgotten, "what was sent is given back"));
      initiator.logout();
    }
    eventually(() -> assertEquals(List.of(), registry.sessions()));
    assertEquals(List.of(), unit.attached());
    eventually(() -> assertEquals(0, registry.bytes()));
  }

  @Test
  void answersManyCommandsFromManyThreads() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    random.nextBytes(unit.blocks());
    try (TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      int left = 5_000;
      List<int[]> underWay = new ArrayList<>();
      while (left > 0 || !underWay.isEmpty()) {
        while (left > 0 && initiator.window() > 0) {
          int block = random.nextInt(8192);
          int count = 1 + random.nextInt(16);
          int tag = initiator.start(0, Harness.read10(block, count), new byte[0], count * 512);
          underWay.add(new int[] {tag, block, count});
          left--;
        }
        int[] next = underWay.remove(0);
        Result result = initiator.await(next[0]);
        assertArrayEquals(
            Arrays.copyOfRange(unit.blocks(), next[1] * 512, (next[1] + next[2]) * 512),
            result.dataIn(),
            "seed " + seed);
      }
    }
  }

  @Test
  void discovers() throws Exception {
    try (TestInitiator initiator = connect().login(ISID, TestInitiator.discoveryKeys(HOST))) {
      TextKeys targets = initiator.sendTargets("All");
      assertEquals(FakeDirectory.TARGET, targets.value("TargetName").orElseThrow());
      assertEquals(ByteString.fromString("ping"), initiator.ping(ByteString.fromString("ping")));
      initiator.logout();
    }
  }

  @Test
  void refusesALoginAndCloses() throws Exception {
    try (TestInitiator initiator = connect()) {
      LoginRefusedException refused =
          assertThrows(
              LoginRefusedException.class,
              () -> initiator.login(HOST, ISID, "iqn.2026-11.no:such"));
      assertEquals(0x0203, refused.status());
      initiator.awaitEnd();
    }
  }

  @Test
  void reinstatesASessionOnceItsTasksHaveEnded() throws Exception {
    unit.hold();
    unit.holdFunctions();
    try (TestInitiator first = connect().login(HOST, ISID, FakeDirectory.TARGET);
        TestInitiator second = connect()) {
      first.start(0, Harness.read10(0, 1), new byte[0], 512);
      eventually(() -> assertEquals(1, unit.held().size()));
      Thread release =
          new Thread(
              () -> {
                eventually(() -> assertEquals(1, unit.managed().size()));
                unit.releaseFunctions();
                unit.release();
              });
      release.start();
      second.login(HOST, ISID, FakeDirectory.TARGET);
      release.join();
      first.awaitEnd();
      assertEquals(0, second.command(0, Harness.read10(0, 1), new byte[0], 512).status());
      assertEquals(1, registry.sessions().size());
      assertEquals(second.tsih(), registry.sessions().get(0).tsih());
      assertEquals(1, unit.attached().size());
    }
  }

  @Test
  void reinstatesASessionThatIsIdle() throws Exception {
    for (int i = 0; i < 20; i++) {
      TestInitiator first = connect().login(HOST, ISID, FakeDirectory.TARGET);
      try (TestInitiator second = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
        first.awaitEnd();
        assertEquals(0, second.command(0, new byte[6], new byte[0], 0).status());
        assertEquals(1, unit.attached().size());
      }
    }
  }

  @Test
  void detachesWhenTheConnectionIsReset() throws Exception {
    TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET);
    unit.hold();
    initiator.start(0, Harness.read10(0, 1), new byte[0], 512);
    eventually(() -> assertEquals(1, unit.held().size()));
    initiator.reset();
    eventually(() -> assertEquals(List.of(), unit.attached()));
    eventually(() -> assertEquals(0, registry.connectionCount()));
    assertEquals(List.of(), unit.held());
    assertEquals(0, registry.bytes());
  }

  @Test
  void dropsAllWithoutLookingAtWhatCame() throws Exception {
    try (TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET);
        TestInitiator loggingIn = connect()) {
      eventually(() -> assertEquals(2, registry.connectionCount()));
      registry.closeAll("the lease is lost");
      int before = unit.executed().size();
      assertThrows(
          IOException.class, () -> initiator.command(0, Harness.read10(0, 1), new byte[0], 512));
      loggingIn.awaitEnd();
      assertEquals(before, unit.executed().size());
      eventually(() -> assertEquals(List.of(), registry.sessions()));
      eventually(() -> assertEquals(List.of(), unit.attached()));
    }
  }

  @Test
  void refusesConnectionsWhileItMust() throws Exception {
    registry.refuse("no lease");
    awaitRefusal();
    registry.admit();
    connect().login(HOST, ISID, FakeDirectory.TARGET).close();
  }

  @Test
  void boundsConnections() throws Exception {
    serve("moongate.iscsi.max-connections = 1");
    try (TestInitiator first = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      awaitRefusal();
      assertEquals(0, first.command(0, new byte[6], new byte[0], 0).status());
    }
  }

  @Test
  void closesOneSessionByItsTsih() throws Exception {
    try (TestInitiator one = connect().login(HOST, ISID, FakeDirectory.TARGET);
        TestInitiator two = connect().login(HOST, ISID + 1, FakeDirectory.TARGET)) {
      SessionInfo info =
          registry.sessions().stream().filter(s -> s.tsih() == one.tsih()).findFirst().get();
      assertEquals(HOST, info.initiatorName());
      assertEquals(ISID, info.isid());
      assertTrue(info.peer().startsWith("127.0.0.1:"), info.peer());
      assertTrue(registry.close(one.tsih(), "asked to"));
      assertFalse(registry.close(0, "none"));
      one.awaitEnd();
      assertEquals(0, two.command(0, new byte[6], new byte[0], 0).status());
    }
  }

  @Test
  void asksForALogout() throws Exception {
    try (TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      CompletableFuture<Void> over =
          registry.requestLogout(Duration.ofMinutes(5)).toCompletableFuture();
      assertEquals(1, initiator.awaitPdu(AsyncMessage.class).asyncEvent());
      assertFalse(over.isDone());
      initiator.logout();
      over.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void authenticatesAndKeepsTheAnswerToAFailureBack() throws Exception {
    serve("moongate.iscsi.chap.failure-delay = 1 s");
    directory.admits(
        new Admission(
            true,
            Optional.of(new Credentials("user", "a secret of some length")),
            Optional.of(new Credentials("target", "another secret of its own")),
            Optional.empty()));
    Map<String, String> keys = TestInitiator.keys(HOST, FakeDirectory.TARGET);
    try (TestInitiator initiator = connect()) {
      ChapInitiator chap =
          new ChapInitiator("user", "a secret of some length", "8,7,6,5")
              .asking("target", "another secret of its own", 3, new byte[] {1, 2, 3, 4});
      initiator.login(ISID, keys, chap);
      assertEquals(0, initiator.command(0, new byte[6], new byte[0], 0).status());
      initiator.logout();
    }
    try (TestInitiator initiator = connect()) {
      LoginRefusedException refused =
          assertThrows(
              LoginRefusedException.class,
              () -> initiator.login(ISID, keys, new ChapInitiator("user", "a guess", "5")));
      assertEquals(0x0201, refused.status());
      initiator.awaitEnd();
    }
  }

  /** Also when its connections end without a logout, by a reset, and with data before the end. */
  @Test
  void whoComesBackAsAnotherPortFindsItsFormerSelfGone() throws Exception {
    for (int round = 0; round < 150; round++) {
      TestInitiator former = connect().login(HOST, ISID + round, FakeDirectory.TARGET);
      assertEquals(0, former.command(0, new byte[6], new byte[0], 0).status());
      if (round % 3 == 0) {
        former.start(0, Harness.write10(0, 64), new byte[64 * 512], 0);
      }
      if (round % 2 == 0) {
        former.close();
      } else {
        former.reset();
      }
      try (TestInitiator next = connect().login(HOST, ISID + round + 1, FakeDirectory.TARGET)) {
        assertEquals(List.of(next.tsih()), tsihs(), "round " + round);
        assertEquals(List.of(), unit.attached(), "round " + round);
        next.logout();
      }
      eventually(() -> assertEquals(List.of(), registry.sessions()));
    }
  }

  @Test
  void whoComesAsAnotherPortLeavesItsOtherSessionsAlone() throws Exception {
    try (TestInitiator one = connect().login(HOST, ISID, FakeDirectory.TARGET);
        TestInitiator other = connect().login(HOST, ISID + 1, FakeDirectory.TARGET)) {
      assertEquals(List.of(one.tsih(), other.tsih()), tsihs());
      assertEquals(0, one.command(0, new byte[6], new byte[0], 0).status());
      assertEquals(0, other.command(0, new byte[6], new byte[0], 0).status());
    }
  }

  private List<Integer> tsihs() {
    return registry.sessions().stream().map(SessionInfo::tsih).toList();
  }

  @Test
  void servesOverIpv6() throws Exception {
    IscsiServer six =
        IscsiServer.bind(kit.system(), "::1", 0, settings, directory, registry)
            .toCompletableFuture()
            .get();
    try (TestInitiator initiator = TestInitiator.connect(six.localAddress())) {
      initiator.login(HOST, ISID, FakeDirectory.TARGET);
      assertEquals(0, initiator.command(0, new byte[6], new byte[0], 0).status());
      assertEquals("[::1]:" + six.localAddress().getPort(), registry.sessions().get(0).portal());
      assertTrue(registry.sessions().get(0).peer().startsWith("[::1]:"));
      assertTrue(
          initiator.sendTargets("").pairs().stream()
              .anyMatch(pair -> pair.value().equals("[2001:db8::1]:3260,8")));
    }
  }

  @Test
  void takesNoMoreConnectionsWhenUnbound() throws Exception {
    InetSocketAddress address = server.localAddress();
    try (TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      server.unbind().toCompletableFuture().get();
      eventually(() -> assertThrows(ConnectException.class, () -> TestInitiator.connect(address)));
      assertEquals(0, initiator.command(0, new byte[6], new byte[0], 0).status());
    }
  }

  @Test
  void boundsTheMemoryOfAnInitiatorThatDoesNotReadAndDropsIt() throws Exception {
    serve("moongate.iscsi { send-timeout = 2 s, max-connection-bytes = 4 MiB }");
    try (TestInitiator idle = TestInitiator.connect(server.localAddress(), 4096)) {
      idle.login(HOST, ISID, FakeDirectory.TARGET);
      int before = unit.executed().size();
      for (int i = 0; i < 100; i++) {
        idle.start(0, Harness.read10(0, 2048), new byte[0], 1 << 20);
      }
      eventually(
          () -> {
            assertTrue(registry.bytes() <= 4 << 20, () -> "bytes " + registry.bytes());
            assertTrue(
                unit.executed().size() - before < 30, () -> "executed " + unit.executed().size());
            assertEquals(List.of(), registry.sessions());
          });
      eventually(() -> assertEquals(0, registry.bytes()));
    }
  }

  @Test
  void endsOnADamagedHeader() throws Exception {
    Map<String, String> keys = TestInitiator.keys(HOST, FakeDirectory.TARGET);
    keys.put("HeaderDigest", "CRC32C");
    try (TestInitiator initiator = connect().login(ISID, keys)) {
      initiator.sendBytes(ByteString.fromArray(new byte[52]));
      initiator.awaitEnd();
      eventually(() -> assertEquals(List.of(), registry.sessions()));
    }
  }

  private List<TestInitiator> session(int connections) throws IOException {
    Map<String, String> keys = TestInitiator.keys(HOST, FakeDirectory.TARGET);
    keys.put("MaxConnections", Integer.toString(connections));
    List<TestInitiator> session = new ArrayList<>();
    session.add(connect().login(ISID, keys));
    Map<String, String> names = new java.util.LinkedHashMap<>();
    names.put("InitiatorName", HOST);
    names.put("TargetName", FakeDirectory.TARGET);
    for (int cid = 1; cid < connections; cid++) {
      session.add(connect().join(session.get(0), cid, ISID, names));
    }
    return session;
  }

  @Test
  void servesSeveralConnectionsOfASessionFromManyThreads() throws Exception {
    List<TestInitiator> session = session(4);
    ExecutorService threads = Executors.newFixedThreadPool(session.size());
    try {
      List<java.util.concurrent.Future<?>> all = new ArrayList<>();
      for (int i = 0; i < session.size(); i++) {
        TestInitiator connection = session.get(i);
        int region = i * 1024;
        all.add(
            threads.submit(
                () -> {
                  Random random = new Random(region);
                  for (int round = 0; round < 100; round++) {
                    List<Integer> tags = new ArrayList<>();
                    List<byte[]> written = new ArrayList<>();
                    for (int n = 0; n < 8; n++) {
                      byte[] data = new byte[8 * FakeUnit.BLOCK];
                      random.nextBytes(data);
                      written.add(data);
                      byte[] write = Harness.write10(region + n * 8, 8);
                      tags.add(connection.start(0, write, data, 0));
                    }
                    for (int tag : tags) {
                      assertEquals(0, connection.await(tag).status());
                    }
                    for (int n = 0; n < 8; n++) {
                      byte[] read = Harness.read10(region + n * 8, 8);
                      Result result = connection.command(0, read, new byte[0], 4096);
                      assertArrayEquals(written.get(n), result.dataIn());
                    }
                  }
                  return null;
                }));
      }
      for (java.util.concurrent.Future<?> each : all) {
        each.get();
      }
      assertEquals(4, registry.sessions().get(0).connections().size());
      session.get(2).logout();
      for (TestInitiator connection : session) {
        connection.awaitEnd();
      }
      eventually(() -> assertEquals(0, registry.connectionCount()));
      assertEquals(List.of(), unit.attached());
      assertEquals(0, registry.bytes());
    } finally {
      threads.shutdownNow();
      for (TestInitiator connection : session) {
        connection.close();
      }
    }
  }

  @Test
  void dropsASessionWhoseConnectionIsCut() throws Exception {
    List<TestInitiator> session = session(3);
    unit.hold();
    for (TestInitiator connection : session) {
      connection.start(0, Harness.read10(0, 1), new byte[0], 512);
    }
    eventually(() -> assertEquals(3, unit.held().size()));
    session.get(1).reset();
    assertEquals(3, session.get(0).awaitPdu(AsyncMessage.class).asyncEvent());
    session.get(0).awaitEnd();
    session.get(2).awaitEnd();
    eventually(() -> assertEquals(0, registry.connectionCount()));
    assertEquals(List.of(), registry.sessions());
    assertEquals(List.of(), unit.attached());
    eventually(() -> assertEquals(0, registry.bytes()));
    unit.release();
    try (TestInitiator anew = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      assertEquals(0, anew.command(0, new byte[6], new byte[0], 0).status());
    }
  }

  @Test
  void reinstatesAConnectionOfASessionInUse() throws Exception {
    List<TestInitiator> session = session(2);
    Map<String, String> names = new java.util.LinkedHashMap<>();
    names.put("InitiatorName", HOST);
    names.put("TargetName", FakeDirectory.TARGET);
    TestInitiator kept = session.get(0);
    TestInitiator replaced = session.get(1);
    for (int i = 0; i < 20; i++) {
      byte[] read = Harness.read10(0, 1);
      replaced.command(0, read, new byte[0], 512);
      TestInitiator anew = connect().join(kept, 1, ISID, names);
      replaced.awaitEnd();
      assertEquals(0, anew.command(0, read, new byte[0], 512).status());
      assertEquals(0, kept.command(0, read, new byte[0], 512).status());
      replaced = anew;
    }
    assertEquals(1, registry.sessions().size());
    replaced.close();
    kept.awaitEnd();
  }

  @Test
  void takesACommandThatComesByteByByte() throws Exception {
    try (TestInitiator initiator = connect().login(HOST, ISID, FakeDirectory.TARGET)) {
      ScsiCommand command =
          new ScsiCommand(
              false,
              true,
              false,
              false,
              1,
              0,
              initiator.takeTaskTag(),
              0,
              initiator.takeCmdSn(),
              0,
              ByteString.fromArray(new byte[16]),
              0,
              ByteString.emptyByteString());
      byte[] bytes =
          new io.moongate.wire.PduEncoder(new io.moongate.wire.DigestSettings())
              .encode(command)
              .toArray();
      for (byte one : bytes) {
        initiator.sendBytes(ByteString.fromArray(new byte[] {one}));
      }
      assertEquals(
          command.initiatorTaskTag(),
          initiator.awaitPdu(io.moongate.wire.TargetPdu.ScsiResponse.class).initiatorTaskTag());
    }
  }
}
