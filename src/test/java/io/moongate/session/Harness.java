package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TextKeys;
import java.io.File;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;

/** A {@link Connection} without streams, threads and clocks: PDUs in, PDUs out, time by hand. */
final class Harness implements Reentry, ConnectionControl {
  static final String INITIATOR = "iqn.2026-11.io.moongate:host";
  static final long ISID = 0x4000_0000_0001L;
  static final int LUN_0 = 0;

  final SessionSettings settings;
  final SessionRegistry registry;
  final DigestSettings digests = new DigestSettings();
  final PduDecoder decoder = new PduDecoder(digests);
  final Connection connection;
  private final Queue<Runnable> reentries = new ArrayDeque<>();
  private Numbers numbers = new Numbers();
  private long now;
  private int expStatSn;
  private boolean woken;

  /** What a session has one of: shared by the harnesses of its connections. */
  private static final class Numbers {
    private int cmdSn = 100;
    private int tag = 1;
  }

  Harness(FakeDirectory directory) {
    this(settings(""), directory);
  }

  Harness(SessionSettings settings, FakeDirectory directory) {
    this(settings, directory, new SessionRegistry(settings));
  }

  Harness(SessionSettings settings, FakeDirectory directory, SessionRegistry registry) {
    this.settings = settings;
    this.registry = registry;
    this.connection =
        new Connection(
            settings, directory, registry, this, this, digests, decoder, "peer", "portal", 0);
  }

  /** The settings of conf/iscsi.conf with some changed. */
  static SessionSettings settings(String changed) {
    return SessionSettings.from(config(changed));
  }

  static Config config(String changed) {
    return ConfigFactory.parseString(changed)
        .withFallback(ConfigFactory.parseFile(new File(conf())))
        .resolve();
  }

  private static String conf() {
    return new File("conf/iscsi.conf").exists() ? "conf/iscsi.conf" : System.getProperty("conf");
  }

  @Override
  public <T> Consumer<T> guard(Consumer<T> handler) {
    return value -> {
      synchronized (reentries) {
        reentries.add(() -> handler.accept(value));
      }
    };
  }

  @Override
  public void wake() {
    woken = true;
  }

  /** Whether another connection has asked for a turn since this was last asked. */
  boolean woken() {
    boolean was = woken;
    woken = false;
    return was;
  }

  /** As from another thread: nothing happens before the next turn. */
  @Override
  public void close(String reason) {
    synchronized (reentries) {
      reentries.add(
          () -> {
            connection.now(reason);
            connection.disconnected();
          });
    }
  }

  @Override
  public CompletionStage<Void> caughtUp(Duration within) {
    return CompletableFuture.completedStage(null);
  }

  @Override
  public void requestLogout(Duration within) {
    connection.requestLogout(within);
  }

  /** Lets time pass. */
  void pass(Duration time) {
    now += time.toNanos();
    connection.at(now);
    connection.tick();
    settle();
  }

  /** Gives PDUs to the connection. */
  void receive(InitiatorPdu... pdus) {
    connection.at(now);
    for (InitiatorPdu pdu : pdus) {
      connection.received(pdu, now);
    }
    settle();
  }

  /** Runs what logical units have answered. */
  void settle() {
    Runnable next;
    do {
      for (next = poll(); next != null; next = poll()) {
        next.run();
      }
      connection.turnEnded();
      next = poll();
      if (next != null) {
        next.run();
      }
    } while (next != null);
  }

  private Runnable poll() {
    synchronized (reentries) {
      return reentries.poll();
    }
  }

  /** Everything that is to be sent. */
  List<TargetPdu> sent() {
    List<TargetPdu> all = new ArrayList<>();
    settle();
    while (connection.hasOutput()) {
      connection.take(all);
      settle();
    }
    for (TargetPdu pdu : all) {
      if (!(pdu instanceof DataIn data && !data.statusBit())
          && !(pdu instanceof ReadyToTransfer)
          && !(pdu instanceof NopIn ping && ping.initiatorTaskTag() == Pdu.RESERVED_TAG)) {
        expStatSn = pdu.statSn() + 1;
      }
    }
    return all;
  }

  /** Tells what was received: an answer to a NOP-In of the target's. */
  NopOut acknowledge(NopIn question) {
    return new NopOut(
        true,
        0,
        Pdu.RESERVED_TAG,
        question.targetTransferTag(),
        numbers.cmdSn,
        expStatSn,
        ByteString.emptyByteString());
  }

  /** Gives a PDU and returns all that is sent then. */
  List<TargetPdu> exchange(InitiatorPdu... pdus) {
    receive(pdus);
    return sent();
  }

  /** Gives a PDU and returns the only answer. */
  <T extends TargetPdu> T answer(Class<T> kind, InitiatorPdu... pdus) {
    return only(kind, exchange(pdus));
  }

  static <T extends TargetPdu> T only(Class<T> kind, List<TargetPdu> pdus) {
    if (pdus.size() != 1 || !kind.isInstance(pdus.get(0))) {
      throw new AssertionError("expected one " + kind.getSimpleName() + ": " + pdus);
    }
    return kind.cast(pdus.get(0));
  }

  /** Logs in with some keys beside the usual. */
  Harness loggedIn(String... keysAndValues) {
    Map<String, String> keys = TestInitiator.keys(INITIATOR, FakeDirectory.TARGET);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      keys.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    LoginResponse response = answer(LoginResponse.class, login(1, 3, text(keys)));
    if (response.statusClass() != 0 || !response.transit()) {
      throw new AssertionError("not logged in: " + response);
    }
    return this;
  }

  /** A connection that joins the session of this one. */
  Harness joinedBy(int cid, FakeDirectory directory) {
    Harness joining = joining(directory);
    LoginResponse response =
        joining.answer(LoginResponse.class, joining.join(tsih(), cid, text(names())));
    if (response.statusClass() != 0 || !response.transit() || response.tsih() != tsih()) {
      throw new AssertionError("not joined: " + response);
    }
    return joining;
  }

  /** A connection that numbers its commands together with this one. */
  Harness joining(FakeDirectory directory) {
    Harness joining = new Harness(settings, directory, registry);
    joining.numbers = numbers;
    return joining;
  }

  static String[] names() {
    return new String[] {"InitiatorName", INITIATOR, "TargetName", FakeDirectory.TARGET};
  }

  /** TSIH of the only session. */
  int tsih() {
    return registry.sessions().get(0).tsih();
  }

  static ByteString text(Map<String, String> keys) {
    TextKeys text = TextKeys.none();
    for (Map.Entry<String, String> key : keys.entrySet()) {
      text = text.with(key.getKey(), key.getValue());
    }
    return text.format();
  }

  static ByteString text(String... keysAndValues) {
    Map<String, String> keys = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      keys.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return text(keys);
  }

  LoginRequest login(int current, int next, ByteString data) {
    return new LoginRequest(
        true, false, current, next, 0, 0, ISID, 0, 0, 1, numbers.cmdSn, 0, data);
  }

  /** A login that joins a session. */
  LoginRequest join(int tsih, int cid, ByteString data) {
    return new LoginRequest(true, false, 1, 3, 0, 0, ISID, tsih, 0, cid, numbers.cmdSn, 0, data);
  }

  /** The same without the T bit. */
  LoginRequest stay(int current, ByteString data) {
    return new LoginRequest(false, false, current, 0, 0, 0, ISID, 0, 0, 1, numbers.cmdSn, 0, data);
  }

  int nextCmdSn() {
    return numbers.cmdSn++;
  }

  /** The CmdSN that comes next. */
  int peekCmdSn() {
    return numbers.cmdSn;
  }

  int nextTag() {
    return numbers.tag++;
  }

  static byte[] read10(int block, int count) {
    return ByteBuffer.allocate(16)
        .put((byte) 0x28)
        .put((byte) 0)
        .putInt(block)
        .put((byte) 0)
        .putShort((short) count)
        .array();
  }

  static byte[] write10(int block, int count) {
    byte[] cdb = read10(block, count);
    cdb[0] = 0x2A;
    return cdb;
  }

  /** A READ(10) that expects so many bytes. */
  ScsiCommand read(int block, int count, long expected) {
    return new ScsiCommand(
        false,
        true,
        true,
        false,
        1,
        LUN_0,
        nextTag(),
        expected,
        nextCmdSn(),
        0,
        ByteString.fromArray(read10(block, count)),
        0,
        ByteString.emptyByteString());
  }

  /** A WRITE(10) with immediate data. */
  ScsiCommand write(int block, int count, long expected, boolean finalBit, ByteString data) {
    return write(block, count, expected, finalBit, data, 0);
  }

  /** The same that acknowledges what it was sent. */
  ScsiCommand write(
      int block, int count, long expected, boolean finalBit, ByteString data, int expStatSn) {
    return new ScsiCommand(
        false,
        finalBit,
        false,
        true,
        1,
        LUN_0,
        nextTag(),
        expected,
        nextCmdSn(),
        expStatSn,
        ByteString.fromArray(write10(block, count)),
        0,
        data);
  }

  /** A TEST UNIT READY with this CmdSN. */
  ScsiCommand ready(int sn) {
    return new ScsiCommand(
        false,
        true,
        false,
        false,
        1,
        LUN_0,
        nextTag(),
        0,
        sn,
        0,
        ByteString.fromArray(new byte[16]),
        0,
        ByteString.emptyByteString());
  }

  DataOut data(
      ScsiCommand task, int transferTag, int dataSn, long offset, boolean last, ByteString bytes) {
    return new DataOut(last, LUN_0, task.initiatorTaskTag(), transferTag, 0, dataSn, offset, bytes);
  }

  TaskManagementRequest manage(int function, long lun, int referenced, int refCmdSn) {
    return new TaskManagementRequest(
        true, function, lun, nextTag(), referenced, numbers.cmdSn, 0, refCmdSn, 0);
  }

  NopOut ping(boolean immediate, ByteString data) {
    return new NopOut(
        immediate,
        0,
        nextTag(),
        Pdu.RESERVED_TAG,
        immediate ? numbers.cmdSn : nextCmdSn(),
        0,
        data);
  }

  TextRequest textRequest(int itt, int transferTag, boolean last, ByteString data) {
    return new TextRequest(false, last, !last, 0, itt, transferTag, nextCmdSn(), 0, data);
  }

  LogoutRequest logout(int reason, int cid) {
    return new LogoutRequest(false, reason, nextTag(), cid, nextCmdSn(), 0);
  }

  static ByteString bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (seed + i * 31 + (i >> 8));
    }
    return ByteString.fromArray(bytes);
  }
}
