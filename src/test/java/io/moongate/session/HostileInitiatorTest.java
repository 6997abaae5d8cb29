package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.session.TestInitiator.Result;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An initiator that breaks every rule, at every stage, over real sockets: it loses its own
 * connection and what was kept for it; the session beside it notices nothing.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class HostileInitiatorTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final int NONE = Pdu.RESERVED_TAG;

  private final ExecutorService store = Executors.newFixedThreadPool(2);
  private final FakeUnit unit = new FakeUnit(8 << 20, store);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private ActorTestKit kit;
  private TestProbe<Object> probe;
  private SessionRegistry registry;
  private IscsiServer server;

  /**
   * Answers the gateway's NOP-Ins also while a test takes long: whoever is silent is dropped. Used
   * under its own lock, by the tests and by the pulse.
   */
  private TestInitiator neighbour;

  private final ScheduledExecutorService pulse = Executors.newSingleThreadScheduledExecutor();
  private int written;

  /** How far it gets before it attacks. */
  enum Stage {
    CONNECTED,
    LOGGING_IN,
    FULL_FEATURE,
    WITH_DIGESTS,
    DISCOVERY,
    WRITING
  }

  /** What it does; an exception says only that the target has closed the connection. */
  private interface Attack {
    void on(TestInitiator hostile) throws IOException;
  }

  @BeforeAll
  void start() throws Exception {
    System.out.println("seed " + seed);
    Config config =
        Harness.config(
                "moongate.iscsi { data-out-timeout = 2 s, initial-r2t = no, nop-interval = 2 s,"
                    + " nop-timeout = 6 s }")
            .withFallback(ConfigFactory.load());
    kit = ActorTestKit.create("hostile", config);
    probe = kit.createTestProbe();
    SessionSettings settings = SessionSettings.from(config);
    registry = new SessionRegistry(settings);
    server =
        IscsiServer.bind(kit.system(), "127.0.0.1", 0, settings, directory, registry)
            .toCompletableFuture()
            .get();
    neighbour = TestInitiator.connect(server.localAddress());
    neighbour.login(Harness.INITIATOR + "-good", 5, FakeDirectory.TARGET);
    pulse.scheduleWithFixedDelay(this::answerPings, 1, 1, TimeUnit.SECONDS);
  }

  private void answerPings() {
    synchronized (neighbour) {
      try {
        neighbour.ping(ByteString.emptyByteString());
      } catch (IOException e) {
        throw new UncheckedIOException(e); // No more of them; the next test meets it too.
      }
    }
  }

  @AfterAll
  void stop() throws IOException {
    pulse.shutdownNow();
    synchronized (neighbour) {
      neighbour.logout();
    }
    kit.shutdownTestKit();
    store.shutdownNow();
  }

  @BeforeEach
  @AfterEach
  void neighbourWorks() throws IOException {
    byte[] data = new byte[64 * 512];
    Arrays.fill(data, (byte) ++written);
    synchronized (neighbour) {
      assertEquals(0, neighbour.command(0, Harness.write10(9000, 64), data, 0).status());
      Result read = neighbour.command(0, Harness.read10(9000, 64), new byte[0], data.length);
      assertEquals(0, read.status());
      assertArrayEquals(data, read.dataIn());
    }
  }

  @AfterEach
  void everythingIsGivenBack() {
    probe.awaitAssert(
        BOUND,
        () -> {
          assertEquals(1, registry.connectionCount());
          assertEquals(1, registry.sessions().size());
          assertEquals(1, unit.attached().size());
          assertEquals(0, registry.bytes());
          assertEquals(0, registry.budget().text.used());
          assertEquals(0, registry.budget().logins.used());
          assertEquals(0, registry.budget().early.used());
          return null;
        });
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("attacks")
  void loses(Stage stage, String what, Attack attack) throws Exception {
    try (TestInitiator hostile = reach(stage)) {
      try {
        attack.on(hostile);
        hostile.awaitEnd();
      } catch (SocketException closed) {
        // Closed while it was still sending.
      }
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("lapses")
  void goesOn(Stage stage, String what, Attack lapse) throws Exception {
    try (TestInitiator clumsy = reach(stage)) {
      lapse.on(clumsy);
      ByteString data = ByteString.fromString("are you there");
      int tag = clumsy.takeTaskTag();
      clumsy.send(new NopOut(false, 0, tag, NONE, clumsy.takeCmdSn(), 0, data));
      NopIn answer = clumsy.awaitPdu(NopIn.class);
      while (answer.initiatorTaskTag() != tag) {
        answer = clumsy.awaitPdu(NopIn.class);
      }
      assertEquals(data, answer.data());
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("departures")
  void leavesNothingBehind(Stage stage, String what, Attack departure) throws Exception {
    try (TestInitiator hostile = reach(stage)) {
      departure.on(hostile);
    }
  }

  private TestInitiator reach(Stage stage) throws IOException {
    TestInitiator hostile = TestInitiator.connect(server.localAddress());
    Map<String, String> keys = TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET);
    switch (stage) {
      case CONNECTED -> {}
      case LOGGING_IN -> hostile.send(login(false, Harness.text(keys)));
      case FULL_FEATURE -> hostile.login(Harness.ISID, keys);
      case WITH_DIGESTS -> {
        keys.put("HeaderDigest", "CRC32C");
        keys.put("DataDigest", "CRC32C");
        hostile.login(Harness.ISID, keys);
      }
      case DISCOVERY -> hostile.login(Harness.ISID, TestInitiator.discoveryKeys(Harness.INITIATOR));
      case WRITING -> {
        hostile.login(Harness.ISID, keys);
        hostile.send(command(hostile, true, 1 << 20, ByteString.emptyByteString()));
      }
    }
    return hostile;
  }

  // ---- what ends the connection

  private Stream<Arguments> attacks() {
    List<Arguments> all = new ArrayList<>();
    for (Stage stage : Stage.values()) {
      boolean full = stage != Stage.CONNECTED && stage != Stage.LOGGING_IN;
      for (int opcode : new int[] {0x20, 0x21, 0x23, 0x25, 0x31, 0x3F}) {
        add(all, stage, "opcode %02x of a target".formatted(opcode), raw(opcode, 0x80, 0, 0));
      }
      add(all, stage, "a PDU longer than was declared", raw(0x00, 0x80, 0, (1 << 24) - 1));
      add(all, stage, "additional headers to the end", raw(0x01, 0x80, 255, 0));
      add(all, stage, "no final bit", raw(0x06, 0x00, 0, 0));
      add(all, stage, "noise", hostile -> hostile.sendBytes(noise(200_000)));
      add(all, stage, "another protocol", hostile -> hostile.sendBytes(http()));
      if (full) {
        add(
            all,
            stage,
            "a login",
            hostile -> hostile.send(login(true, ByteString.emptyByteString())));
        add(all, stage, "the reserved task tag", HostileInitiatorTest::reservedTag);
      }
      if (full && stage != Stage.DISCOVERY) {
        add(all, stage, "data of no task", dataOut(4711, NONE, 0));
        add(all, stage, "data of an R2T that was never sent", dataOut(1, 0x0123_4567, 0));
        add(all, stage, "more immediate data than agreed", HostileInitiatorTest::tooMuchAtOnce);
      }
    }
    add(all, Stage.LOGGING_IN, "a command", h -> h.send(command(h, false, 0, none())));
    add(all, Stage.LOGGING_IN, "the same request again", HostileInitiatorTest::replayedLogin);
    add(all, Stage.LOGGING_IN, "text without end", HostileInitiatorTest::endlessText);
    add(all, Stage.CONNECTED, "requests without end", HostileInitiatorTest::endlessRequests);
    add(all, Stage.WITH_DIGESTS, "a wrong header digest", h -> h.sendBytes(noise(52)));
    add(all, Stage.WRITING, "data at another offset", afterR2t(8, 0));
    add(all, Stage.WRITING, "data beyond the R2T", afterR2t(0, 1 << 20));
    add(all, Stage.WRITING, "data that does not come", h -> h.awaitPdu(ReadyToTransfer.class));
    return all.stream();
  }

  private static void add(List<Arguments> all, Stage stage, String what, Attack attack) {
    all.add(Arguments.of(stage, what, attack));
  }

  /** A header with the digest that the stage asks for, so that it is looked at. */
  private static Attack raw(int opcode, int flags, int ahsWords, int length) {
    byte[] header = new byte[48];
    ByteBuffer fields = ByteBuffer.wrap(header);
    fields.put(0, (byte) opcode).put(1, (byte) flags).putInt(4, ahsWords << 24 | length);
    fields.putInt(16, 99).putInt(20, NONE);
    return hostile -> hostile.sendHeader(ByteString.fromArray(header), 4 * ahsWords);
  }

  private ByteString noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    bytes[0] = (byte) (bytes[0] & 0x3F | 0x20); // never what a login or a command begins with
    bytes[5] = (byte) 0xFF; // longer than any PDU, so that none is waited for
    return ByteString.fromArray(bytes);
  }

  private static ByteString http() {
    String request = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    byte[] bytes = (request.repeat(2000)).getBytes(StandardCharsets.US_ASCII);
    return ByteString.fromArray(bytes);
  }

  private static ByteString none() {
    return ByteString.emptyByteString();
  }

  private static LoginRequest login(boolean transit, ByteString text) {
    int next = transit ? 3 : 0;
    return new LoginRequest(transit, false, 1, next, 0, 0, Harness.ISID, 0, 0, 1, 1, 0, text);
  }

  private static ScsiCommand command(
      TestInitiator hostile, boolean write, int length, ByteString data) {
    byte[] cdb = write ? Harness.write10(0, length / 512) : new byte[16];
    return new ScsiCommand(
        false,
        true,
        false,
        write,
        1,
        0,
        hostile.takeTaskTag(),
        length,
        hostile.takeCmdSn(),
        0,
        ByteString.fromArray(cdb),
        0,
        data);
  }

  private static void reservedTag(TestInitiator hostile) throws IOException {
    hostile.send(new TaskManagementRequest(true, 1, 0, NONE, 1, 1, 0, 0, 0));
  }

  private static Attack dataOut(int task, int transfer, int offset) {
    return hostile ->
        hostile.send(
            new DataOut(
                true, 0, task, transfer, 0, 0, offset, ByteString.fromArray(new byte[512])));
  }

  private static void tooMuchAtOnce(TestInitiator hostile) throws IOException {
    hostile.send(command(hostile, true, 1 << 20, ByteString.fromArray(new byte[100_000])));
  }

  private static void replayedLogin(TestInitiator hostile) throws IOException {
    Map<String, String> keys = TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET);
    hostile.send(login(false, Harness.text(keys)));
  }

  private static void endlessText(TestInitiator hostile) throws IOException {
    ByteString part = ByteString.fromArray(new byte[8192]);
    for (int i = 0; i < 100; i++) {
      hostile.send(new LoginRequest(false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 1, 0, part));
    }
  }

  private static void endlessRequests(TestInitiator hostile) throws IOException {
    Map<String, String> keys = TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET);
    hostile.send(login(false, Harness.text(keys)));
    for (int i = 0; i < 200; i++) {
      hostile.send(login(false, ByteString.emptyByteString()));
    }
  }

  private static Attack afterR2t(int more, int beyond) {
    return hostile -> {
      ReadyToTransfer r2t = hostile.awaitPdu(ReadyToTransfer.class);
      int length = (int) r2t.desiredDataTransferLength() + beyond;
      for (int at = 0; at < length; at += 65_536) {
        hostile.send(
            new DataOut(
                false,
                0,
                r2t.initiatorTaskTag(),
                r2t.targetTransferTag(),
                0,
                at / 65_536,
                r2t.bufferOffset() + at + more,
                ByteString.fromArray(new byte[65_536])));
      }
    };
  }

  // ---- what the standard lets pass

  private Stream<Arguments> lapses() {
    List<Arguments> all = new ArrayList<>();
    for (Stage stage : List.of(Stage.FULL_FEATURE, Stage.WITH_DIGESTS, Stage.DISCOVERY)) {
      add(all, stage, "an opcode that nobody defined", h -> raw(0x1D, 0x80, 0, 0).on(h));
      add(all, stage, "a command again", HostileInitiatorTest::replayedCommand);
      add(all, stage, "commands outside the window", HostileInitiatorTest::outsideTheWindow);
      add(all, stage, "requests for retransmission", HostileInitiatorTest::snacks);
      add(all, stage, "immediate pings without end", HostileInitiatorTest::pings);
      add(all, stage, "text for no negotiation", HostileInitiatorTest::strayText);
      add(all, stage, "unknown task management", HostileInitiatorTest::strayFunction);
      add(all, stage, "a logout of another connection", HostileInitiatorTest::strayLogout);
    }
    return all.stream();
  }

  private static void replayedCommand(TestInitiator hostile) throws IOException {
    int tag = hostile.takeTaskTag();
    int sn = hostile.takeCmdSn();
    for (int i = 0; i < 50; i++) {
      hostile.send(new NopOut(false, 0, tag, NONE, sn, 0, ByteString.fromString("again")));
    }
  }

  private static void outsideTheWindow(TestInitiator hostile) throws IOException {
    ByteString data = ByteString.fromArray(new byte[4096]);
    for (int i = 0; i < 1000; i++) {
      hostile.send(new NopOut(false, 0, 1000 + i, NONE, 100_000 + i, 0, data));
    }
  }

  private static void snacks(TestInitiator hostile) throws IOException {
    for (int i = 0; i < 1000; i++) {
      hostile.send(new SnackRequest(i & 3, 0, i, NONE, 0, 0, i));
    }
  }

  private static void pings(TestInitiator hostile) throws IOException {
    ByteString data = ByteString.fromArray(new byte[4096]);
    for (int i = 0; i < 500; i++) {
      hostile.send(new NopOut(true, 0, 5000 + i, NONE, 1, 0, data));
    }
  }

  private static void strayText(TestInitiator hostile) throws IOException {
    for (int i = 0; i < 20; i++) {
      hostile.send(
          new TextRequest(
              false,
              true,
              false,
              0,
              hostile.takeTaskTag(),
              77,
              hostile.takeCmdSn(),
              0,
              ByteString.fromString("SendTargets=All\0")));
    }
  }

  private static void strayFunction(TestInitiator hostile) throws IOException {
    for (int function = 15; function < 128; function++) {
      int tag = hostile.takeTaskTag();
      hostile.send(new TaskManagementRequest(true, function, 0, tag, 9, 1, 0, 9, 9));
    }
  }

  private static void strayLogout(TestInitiator hostile) throws IOException {
    hostile.send(new LogoutRequest(false, 1, hostile.takeTaskTag(), 4711, hostile.takeCmdSn(), 0));
  }

  // ---- how it may leave

  private Stream<Arguments> departures() {
    List<Arguments> all = new ArrayList<>();
    for (Stage stage : Stage.values()) {
      add(all, stage, "at once", hostile -> {});
      add(all, stage, "by a reset", TestInitiator::reset);
      add(all, stage, "within a header", hostile -> hostile.sendBytes(http().take(20)));
      add(all, stage, "within a data segment", HostileInitiatorTest::halfOfAPdu);
    }
    add(all, Stage.FULL_FEATURE, "with a full window", HostileInitiatorTest::fullWindow);
    add(all, Stage.FULL_FEATURE, "with a gap in its numbers", HostileInitiatorTest::gap);
    add(all, Stage.FULL_FEATURE, "with commands that read", HostileInitiatorTest::unread);
    add(all, Stage.DISCOVERY, "within a text", HostileInitiatorTest::halfOfAText);
    add(all, Stage.LOGGING_IN, "within a text", HostileInitiatorTest::halfOfALogin);
    return all.stream();
  }

  private static void halfOfAPdu(TestInitiator hostile) throws IOException {
    byte[] bytes = new byte[48 + 100];
    ByteBuffer.wrap(bytes).put(0, (byte) 0x43).put(1, (byte) 0x87).putInt(4, 4096);
    hostile.sendBytes(ByteString.fromArray(bytes));
  }

  private static void fullWindow(TestInitiator hostile) throws IOException {
    for (int i = 0; i < 128; i++) {
      hostile.send(command(hostile, true, 1 << 20, ByteString.fromArray(new byte[4096])));
    }
  }

  private static void gap(TestInitiator hostile) throws IOException {
    hostile.takeCmdSn();
    for (int i = 0; i < 127; i++) {
      hostile.send(command(hostile, true, 65_536, ByteString.fromArray(new byte[65_536])));
    }
  }

  private static void unread(TestInitiator hostile) throws IOException {
    for (int i = 0; i < 100; i++) {
      hostile.start(0, Harness.read10(0, 2048), new byte[0], 1 << 20);
    }
  }

  private static void halfOfAText(TestInitiator hostile) throws IOException {
    ByteString part = ByteString.fromArray(new byte[60_000]);
    hostile.send(
        new TextRequest(
            false, false, true, 0, hostile.takeTaskTag(), NONE, hostile.takeCmdSn(), 0, part));
  }

  private static void halfOfALogin(TestInitiator hostile) throws IOException {
    ByteString part = ByteString.fromArray(new byte[8000]);
    hostile.receive();
    for (int i = 0; i < 7; i++) {
      hostile.send(new LoginRequest(false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 1, 0, part));
    }
  }
}
