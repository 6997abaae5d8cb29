package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.TargetDevice;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TextKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sessions of several connections: RFC 7143 sections 4.2.2, 4.2.5, 6.3, 7.14 and 11.14. */
class MultipleConnectionsTest {
  private static final ByteString NOTHING = ByteString.emptyByteString();
  private static final int ABORT_TASK = 1;
  private static final int ABORT_TASK_SET = 2;
  private static final int LOGICAL_UNIT_RESET = 5;
  private static final int TARGET_WARM_RESET = 6;
  private static final int COMPLETE = 0;
  private static final int REJECTED = 255;
  private static final int SESSION_DROP = 3;

  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final SessionSettings settings = Harness.settings("moongate.iscsi.initial-r2t = no");
  private final Harness one =
      new Harness(settings, directory).loggedIn("MaxConnections", "2", "InitialR2T", "No");

  private Harness two() {
    return one.joinedBy(2, directory);
  }

  private static int status(LoginResponse response) {
    return response.statusClass() << 8 | response.statusDetail();
  }

  private int joins(LoginRequest request) {
    Harness joining = one.joining(directory);
    return status(joining.answer(LoginResponse.class, request));
  }

  private LoginRequest join(long isid, int tsih, int cid, String... keys) {
    return new LoginRequest(
        true, false, 1, 3, 0, 0, isid, tsih, 0, cid, 100, 0, Harness.text(keys));
  }

  private static List<Integer> tags(List<TargetPdu> pdus) {
    return pdus.stream().map(Pdu::initiatorTaskTag).toList();
  }

  private List<Integer> executed() {
    return unit.executed().stream().map(command -> command.tag()).toList();
  }

  /** Lets the target know on each connection what was received, until it asks no more. */
  private static List<TargetPdu> acknowledged(Harness... connections) {
    List<TargetPdu> all = new ArrayList<>();
    boolean more = true;
    while (more) {
      more = false;
      for (Harness connection : connections) {
        for (TargetPdu pdu : connection.sent()) {
          if (pdu instanceof NopIn question && question.targetTransferTag() != Pdu.RESERVED_TAG) {
            connection.receive(connection.acknowledge(question));
          } else {
            all.add(pdu);
          }
          more = true;
        }
      }
      for (Harness connection : connections) {
        more |= connection.woken();
      }
    }
    return all;
  }

  // ---- joining

  @Test
  void joinsASession() {
    Harness two = two();
    SessionInfo session = one.registry.sessions().get(0);
    assertEquals(1, one.registry.sessions().size());
    assertEquals(List.of(1, 2), session.connections().stream().map(c -> c.cid()).toList());
    two.answer(DataIn.class, two.read(0, 1, 512));
    one.answer(DataIn.class, one.read(0, 1, 512));
    assertEquals(1, unit.attached().size(), "one nexus, however many connections");
  }

  @Test
  void numbersEachConnectionsStatusByItself() {
    Harness two = two();
    DataIn first = two.answer(DataIn.class, two.read(0, 1, 512));
    DataIn second = one.answer(DataIn.class, one.read(0, 1, 512));
    DataIn third = two.answer(DataIn.class, two.read(0, 1, 512));
    assertEquals(first.statSn() + 1, third.statSn());
    assertEquals(first.expCmdSn() + 1, second.expCmdSn());
    assertEquals(second.expCmdSn() + 1, third.expCmdSn());
    assertEquals(first.maxCmdSn() + 2, third.maxCmdSn());
  }

  @Test
  void keepsWhatWasAgreedForTheSession() {
    Harness two = one.joining(directory);
    List<String> keys = new ArrayList<>(List.of(Harness.names()));
    keys.addAll(
        List.of(
            "MaxConnections", "4",
            "InitialR2T", "Yes",
            "MaxBurstLength", "512",
            "ErrorRecoveryLevel", "0",
            "DataDigest", "CRC32C",
            "MaxRecvDataSegmentLength", "512"));
    LoginResponse response =
        two.answer(
            LoginResponse.class,
            two.join(one.tsih(), 2, Harness.text(keys.toArray(String[]::new))));
    assertEquals(0, status(response));
    TextKeys answers = TextKeys.parse(response.data());
    for (String leadingOnly :
        List.of("MaxConnections", "InitialR2T", "MaxBurstLength", "ErrorRecoveryLevel")) {
      assertEquals("Reject", answers.value(leadingOnly).orElseThrow(), leadingOnly);
    }
    assertEquals("CRC32C", answers.value("DataDigest").orElseThrow(), "digests are its own");
    assertTrue(two.digests.data());
    assertFalse(one.digests.data());
    assertEquals(2, two.exchange(two.read(0, 2, 1024)).size(), "its own data segment length");
    assertEquals(1, one.exchange(one.read(0, 2, 1024)).size());
    ScsiCommand write = two.write(0, 1, 512, false, NOTHING);
    assertEquals(List.of(), two.exchange(write), "InitialR2T=No is the session's");
    two.answer(ScsiResponse.class, two.data(write, -1, 0, 0, true, Harness.bytes(512, 1)));
  }

  @Test
  void tellsNothingOfTheSessionsNumbersBeforeTheLoginIsGranted() {
    Harness joining = one.joining(directory);
    LoginResponse response =
        joining.answer(
            LoginResponse.class,
            new LoginRequest(
                true,
                false,
                0,
                1,
                0,
                0,
                Harness.ISID,
                one.tsih(),
                0,
                2,
                100,
                0,
                Harness.text(Harness.names())));
    assertEquals(0, status(response));
    assertTrue(response.maxCmdSn() - (response.expCmdSn() - 1) < 0, "both are to be ignored");
    LoginResponse last = joining.answer(LoginResponse.class, joining.join(one.tsih(), 2, NOTHING));
    assertEquals(one.tsih(), last.tsih());
    assertEquals(100 + 127, last.maxCmdSn());
  }

  @Test
  void refusesWhoHasNothingToDoInASession() {
    int tsih = one.tsih();
    String[] names = Harness.names();
    assertEquals(0x020A, joins(join(Harness.ISID, tsih + 1, 2, names)), "another TSIH");
    assertEquals(0x020A, joins(join(Harness.ISID + 1, tsih, 2, names)), "another ISID");
    assertEquals(
        0x020A,
        joins(
            join(
                Harness.ISID,
                tsih,
                2,
                "InitiatorName",
                "iqn.2026-11.io.moongate:thief",
                "TargetName",
                FakeDirectory.TARGET)),
        "another initiator");
    directory.add("iqn.2026-11.io.moongate:two", unit);
    assertEquals(
        0x020A,
        joins(
            join(
                Harness.ISID,
                tsih,
                2,
                "InitiatorName",
                Harness.INITIATOR,
                "TargetName",
                "iqn.2026-11.io.moongate:two")),
        "another target");
    assertEquals(
        0x020A,
        joins(
            join(
                Harness.ISID,
                tsih,
                2,
                "InitiatorName",
                Harness.INITIATOR,
                "SessionType",
                "Discovery")),
        "no target");
    assertEquals(1, one.registry.sessions().get(0).connections().size());
    one.answer(DataIn.class, one.read(0, 1, 512));
  }

  @Test
  void spansNoPortalGroups() {
    TargetDevice device = directory.target(FakeDirectory.TARGET, "").orElseThrow();
    directory.group = FakeDirectory.GROUP + 1;
    assertEquals(FakeDirectory.GROUP + 1, device.portalGroupTag());
    assertEquals(0x0208, joins(join(Harness.ISID, one.tsih(), 2, Harness.names())));
  }

  @Test
  void boundsTheConnectionsOfASession() {
    two();
    assertEquals(0x0206, joins(join(Harness.ISID, one.tsih(), 3, Harness.names())));
  }

  @Test
  void allowsOneConnectionWhenNothingElseWasAgreed() {
    Harness alone = new Harness(Harness.settings(""), directory).loggedIn();
    Harness second = new Harness(alone.settings, directory, alone.registry);
    assertEquals(
        0x0206,
        status(
            second.answer(
                LoginResponse.class, second.join(alone.tsih(), 2, Harness.text(Harness.names())))));
  }

  @Test
  void canBeSwitchedOff() {
    Harness alone =
        new Harness(Harness.settings("moongate.iscsi.max-connections-per-session = 1"), directory)
            .loggedIn("MaxConnections", "8");
    Harness second = new Harness(alone.settings, directory, alone.registry);
    assertEquals(
        0x0206,
        status(
            second.answer(
                LoginResponse.class, second.join(alone.tsih(), 2, Harness.text(Harness.names())))));
  }

  // ---- order

  @Test
  void deliversInTheOrderOfCmdSnOverAllConnections() {
    Harness two = two();
    int first = one.nextCmdSn();
    ScsiCommand a = one.ready(first);
    ScsiCommand b = two.ready(first + 1);
    ScsiCommand c = one.ready(first + 2);
    ScsiCommand d = two.ready(first + 3);
    assertEquals(List.of(), two.exchange(b, d));
    assertEquals(List.of(), executed());
    List<TargetPdu> ofOne = one.exchange(a);
    assertTrue(two.woken(), "what came on the other connection was delivered");
    assertEquals(List.of(a.initiatorTaskTag()), tags(ofOne));
    assertEquals(List.of(b.initiatorTaskTag()), tags(two.sent()));
    assertEquals(List.of(c.initiatorTaskTag()), tags(one.exchange(c)));
    assertEquals(List.of(d.initiatorTaskTag()), tags(two.sent()));
    assertEquals(
        List.of(
            a.initiatorTaskTag(), b.initiatorTaskTag(), c.initiatorTaskTag(), d.initiatorTaskTag()),
        executed());
  }

  @Test
  void keepsUnsolicitedDataOfACommandThatWaits() {
    Harness two = two();
    int first = one.nextCmdSn();
    ScsiCommand write = two.write(0, 2, 1024, false, NOTHING);
    assertEquals(
        List.of(),
        two.exchange(
            write,
            two.data(write, -1, 0, 0, false, Harness.bytes(512, 1)),
            two.data(write, -1, 1, 512, true, Harness.bytes(512, 9))));
    one.exchange(one.ready(first));
    ScsiResponse response = Harness.only(ScsiResponse.class, two.sent());
    assertEquals(0, response.status());
    assertEquals(
        Harness.bytes(512, 1).concat(Harness.bytes(512, 9)),
        ByteString.fromArray(unit.blocks(), 0, 1024));
  }

  @Test
  void boundsUnsolicitedDataOfACommandThatWaits() {
    Harness two = two();
    one.nextCmdSn();
    ScsiCommand write = two.write(0, 256, 131_072, false, NOTHING);
    two.receive(write, two.data(write, -1, 0, 0, false, Harness.bytes(65_536, 1)));
    assertFalse(two.connection.over());
    Reject reject =
        two.answer(Reject.class, two.data(write, -1, 1, 65_536, true, Harness.bytes(65_536, 1)));
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
    assertTrue(two.connection.over());
  }

  @Test
  void asksForDataAndAnswersWhereTheCommandCame() {
    Harness two = two();
    ScsiCommand write = two.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = two.answer(ReadyToTransfer.class, write);
    assertEquals(List.of(), one.sent());
    two.answer(
        ScsiResponse.class,
        two.data(write, asked.targetTransferTag(), 0, 0, true, Harness.bytes(1024, 1)));
    assertEquals(List.of(), one.sent());
  }

  @Test
  void failsWhenDataComesOnAnotherConnection() {
    Harness two = two();
    ScsiCommand write = two.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = two.answer(ReadyToTransfer.class, write);
    ByteString data = Harness.bytes(1024, 1);
    assertEquals(
        RejectReason.PROTOCOL_ERROR.code(),
        one.answer(Reject.class, one.data(write, asked.targetTransferTag(), 0, 0, true, data))
            .reason());
    assertEquals(List.of(), executed());
  }

  @Test
  void refusesATagThatAnotherConnectionUses() {
    Harness two = two();
    unit.hold();
    ScsiCommand read = one.read(0, 1, 512);
    one.receive(read);
    ScsiCommand shape = two.ready(two.nextCmdSn());
    ScsiCommand same =
        new ScsiCommand(
            false,
            true,
            false,
            false,
            1,
            0,
            read.initiatorTaskTag(),
            0,
            shape.cmdSn(),
            0,
            shape.cdb(),
            0,
            NOTHING);
    assertEquals(RejectReason.TASK_IN_PROGRESS.code(), two.answer(Reject.class, same).reason());
    unit.release();
    one.answer(DataIn.class);
  }

  @Test
  void countsImmediateCommandsOverAllConnections() {
    Harness two = two();
    unit.hold();
    for (int i = 0; i < 16; i++) {
      Harness on = i % 2 == 0 ? one : two;
      assertEquals(List.of(), on.exchange(immediate(on)));
    }
    assertEquals(
        RejectReason.IMMEDIATE_COMMAND_REJECT.code(),
        two.answer(Reject.class, immediate(two)).reason());
    unit.release();
    assertEquals(8, one.sent().size());
    assertEquals(8, two.sent().size());
  }

  private static ScsiCommand immediate(Harness on) {
    ScsiCommand shape = on.ready(0);
    return new ScsiCommand(
        true,
        true,
        false,
        false,
        1,
        0,
        shape.initiatorTaskTag(),
        0,
        100,
        0,
        shape.cdb(),
        0,
        NOTHING);
  }

  @Test
  void sharesTheWindow() {
    Harness two = two();
    unit.hold();
    int first = one.nextCmdSn();
    for (int i = 0; i < 140; i++) {
      (i % 2 == 0 ? one : two).receive(one.ready(first + i));
    }
    assertEquals(100, unit.executed().size(), "as many as a fake unit remembers");
    assertEquals(128, unit.held().size());
    unit.release();
    assertEquals(64, one.sent().size());
    assertEquals(64, two.sent().size());
  }

  // ---- task management

  private TaskManagementRequest manage(Harness on, int function, ScsiCommand task) {
    return on.manage(
        function, 0, task == null ? -1 : task.initiatorTaskTag(), task == null ? 0 : task.cmdSn());
  }

  @Test
  void abortsATaskOnlyThroughItsOwnConnection() {
    Harness two = two();
    unit.hold();
    ScsiCommand read = one.read(0, 1, 512);
    one.receive(read);
    assertEquals(
        REJECTED,
        two.answer(TaskManagementResponse.class, manage(two, ABORT_TASK, read)).response());
    assertEquals(List.of(), unit.managed());
    assertEquals(
        COMPLETE,
        one.answer(TaskManagementResponse.class, manage(one, ABORT_TASK, read)).response());
  }

  @Test
  void doesNotCountACommandAsReceivedThatWaitsOnAnotherConnection() {
    Harness two = two();
    int missing = one.nextCmdSn();
    ScsiCommand held = one.ready(one.nextCmdSn());
    one.receive(held);
    assertEquals(
        REJECTED,
        two.answer(TaskManagementResponse.class, manage(two, ABORT_TASK, held)).response());
    two.exchange(two.ready(missing));
    assertEquals(2, unit.executed().size());
  }

  @ParameterizedTest
  @CsvSource({"2, ABORT_TASK_SET", "4, CLEAR_TASK_SET", "5, LOGICAL_UNIT_RESET", "6, TARGET_RESET"})
  void endsTheTasksOfAllConnections(int function, String asked) {
    Harness two = two();
    unit.hold();
    ScsiCommand write = one.write(0, 2, 1024, true, NOTHING);
    one.answer(ReadyToTransfer.class, write);
    one.receive(one.read(0, 1, 512));
    two.receive(two.read(1, 1, 512));
    two.receive(manage(two, function, null));
    List<TargetPdu> answers = acknowledged(one, two);
    assertEquals(COMPLETE, Harness.only(TaskManagementResponse.class, answers).response());
    assertEquals(List.of(asked + " 0"), unit.managed());
    unit.release();
    assertEquals(List.of(), acknowledged(one, two));
    assertEquals(0, one.registry.bytes());
    assertEquals(0, one.registry.sessions().get(0).commands());
    two.answer(DataIn.class, two.read(0, 1, 512));
  }

  @Test
  void respondsToAResetWhenEarlierResponsesAreAcknowledged() {
    Harness two = two();
    one.receive(one.read(0, 1, 512));
    two.receive(manage(two, LOGICAL_UNIT_RESET, null));
    assertEquals(List.of(), two.sent(), "before the response on the other connection was sent");
    List<TargetPdu> ofOne = one.sent();
    assertTrue(ofOne.get(0) instanceof DataIn);
    NopIn question = (NopIn) ofOne.get(1);
    assertEquals(List.of(), two.sent(), "before that one is acknowledged");
    one.receive(one.acknowledge(question));
    one.receive(one.read(1, 1, 512));
    List<TargetPdu> ofTwo = two.sent();
    assertTrue(ofTwo.get(0) instanceof TaskManagementResponse, ofTwo.toString());
    assertEquals(List.of(), one.sent(), "a later response waits until the reset's is known");
    two.receive(two.acknowledge((NopIn) ofTwo.get(1)));
    assertTrue(one.woken());
    Harness.only(DataIn.class, one.sent());
  }

  @Test
  void dropsASessionThatDoesNotAcknowledge() {
    Harness two = two();
    one.receive(one.read(0, 1, 512));
    two.exchange(manage(two, LOGICAL_UNIT_RESET, null));
    one.sent();
    Duration most = settings.taskManagementTimeout();
    one.pass(most.dividedBy(2));
    one.exchange(one.ping(true, NOTHING));
    assertEquals(Connection.Phase.FULL_FEATURE, one.connection.phase());
    one.pass(most.minus(most.dividedBy(2)));
    assertEquals(Connection.Phase.ENDED, one.connection.phase());
  }

  @Test
  void waitsForCommandsThatWereSentBeforeAReset() {
    Harness two = two();
    ScsiCommand onItsWay = one.read(0, 1, 512);
    two.receive(manage(two, LOGICAL_UNIT_RESET, null));
    assertEquals(List.of(), acknowledged(one, two));
    assertEquals(List.of(), unit.managed());
    unit.hold();
    one.receive(onItsWay);
    assertEquals(List.of("LOGICAL_UNIT_RESET 0"), unit.managed());
    assertEquals(
        COMPLETE, Harness.only(TaskManagementResponse.class, acknowledged(one, two)).response());
    unit.release();
    assertEquals(List.of(), acknowledged(one, two), "the command was covered");
  }

  @Test
  void rejectsAFunctionWhoseCommandsNeverCome() {
    Harness two = two();
    one.nextCmdSn();
    two.receive(manage(two, ABORT_TASK_SET, null));
    two.pass(settings.nopInterval().minusSeconds(1));
    acknowledged(one, two);
    two.receive(two.ping(true, NOTHING));
    two.pass(settings.taskManagementTimeout().minus(settings.nopInterval().minusSeconds(1)));
    TaskManagementResponse response =
        (TaskManagementResponse)
            acknowledged(one, two).stream()
                .filter(TaskManagementResponse.class::isInstance)
                .findFirst()
                .orElseThrow();
    assertEquals(REJECTED, response.response());
  }

  @Test
  void countsCommandsAsReceivedThatATargetResetOvertakes() {
    Harness two = two();
    ScsiCommand late = one.read(0, 1, 512);
    ScsiCommand held = two.read(0, 1, 512);
    ScsiCommand alsoLate = one.read(0, 1, 512);
    two.receive(held);
    two.receive(manage(two, TARGET_WARM_RESET, null));
    TaskManagementResponse response =
        Harness.only(TaskManagementResponse.class, acknowledged(one, two));
    assertEquals(COMPLETE, response.response());
    assertEquals(late.cmdSn() + 3, response.expCmdSn());
    assertEquals(List.of(), one.exchange(late, alsoLate));
    assertEquals(List.of(), unit.executed());
    one.answer(DataIn.class, one.read(0, 1, 512));
  }

  // ---- the end of a connection

  @Test
  void dropsTheSessionWhenAConnectionFails() {
    Harness two = two();
    unit.hold();
    one.receive(one.read(0, 1, 512));
    two.receive(two.read(0, 1, 512));
    two.connection.disconnected();
    assertEquals(List.of(), unit.attached());
    assertEquals(List.of("ABORT_TASK_SET 0"), unit.managed());
    assertEquals(List.of(), one.registry.sessions());
    assertTrue(one.woken());
    AsyncMessage message = Harness.only(AsyncMessage.class, one.sent());
    assertEquals(SESSION_DROP, message.asyncEvent());
    assertEquals(2, message.parameter2(), "Time2Wait");
    assertEquals(0, message.parameter3(), "Time2Retain");
    assertTrue(one.connection.over());
    unit.release();
    assertEquals(List.of(), one.sent());
    one.connection.disconnected();
    assertEquals(0, one.registry.bytes());
  }

  @Test
  void dropsTheSessionOnAFormatError() {
    Harness two = two();
    two.connection.malformed(
        ProtocolException.rejected(
            RejectReason.INVALID_PDU_FIELD, "broken", false, Harness.bytes(48, 3)));
    Harness.only(AsyncMessage.class, one.sent());
    assertTrue(one.connection.over());
    Harness.only(Reject.class, two.sent());
    assertTrue(two.connection.over());
    assertEquals(List.of(), unit.attached());
  }

  @Test
  void goesOnWhenALoginToItFails() {
    Harness joining = one.joining(directory);
    joining.connection.disconnected();
    one.answer(DataIn.class, one.read(0, 1, 512));
    two();
  }

  @Test
  void closesEveryConnectionOfASession() {
    Harness two = two();
    assertTrue(one.registry.close(one.tsih(), "asked to"));
    one.settle();
    two.settle();
    assertEquals(Connection.Phase.ENDED, one.connection.phase());
    assertEquals(Connection.Phase.ENDED, two.connection.phase());
    assertEquals(List.of(), unit.attached());
  }

  @Test
  void reinstatesASessionWithAllItsConnections() {
    Harness two = two();
    unit.hold();
    unit.holdFunctions();
    two.receive(two.read(0, 1, 512));
    Harness anew = one.joining(directory);
    anew.receive(anew.login(1, 3, Harness.text(Harness.names())));
    one.settle();
    two.settle();
    assertEquals(List.of(), anew.sent(), "a task of the second connection runs");
    unit.releaseFunctions();
    assertEquals(0, status(Harness.only(LoginResponse.class, anew.sent())));
    assertEquals(0, unit.attached().size(), "the old nexus is gone");
    assertEquals(1, one.registry.sessions().size());
  }

  @Test
  void reinstatesAConnection() {
    Harness two = two();
    unit.hold();
    unit.holdFunctions();
    ScsiCommand lost = two.read(0, 1, 512);
    two.receive(lost);
    ScsiCommand kept = one.read(0, 1, 512);
    one.receive(kept);
    Harness anew = one.joining(directory);
    anew.receive(anew.join(one.tsih(), 2, Harness.text(Harness.names())));
    assertEquals(Connection.Phase.ENDED, two.connection.phase());
    assertTrue(two.woken());
    two.connection.disconnected();
    assertEquals(List.of("ABORT_TASK " + lost.initiatorTaskTag()), unit.managed());
    assertEquals(List.of(), anew.sent(), "before the old connection's task has ended");
    unit.releaseFunctions();
    assertEquals(0, status(Harness.only(LoginResponse.class, anew.sent())));
    unit.release();
    assertEquals(List.of(kept.initiatorTaskTag()), tags(one.sent()), "others' tasks go on");
    assertEquals(1, unit.attached().size());
    assertEquals(
        List.of(1, 2),
        one.registry.sessions().get(0).connections().stream().map(c -> c.cid()).toList());
  }

  @Test
  void givesBackTheWindowOfAConnectionThatIsReinstated() {
    Harness two = two();
    for (int i = 0; i < 20; i++) {
      ScsiCommand unanswered = two.read(0, 1, 512);
      two.receive(unanswered, two.ready(two.nextCmdSn()));
      Harness anew = one.joinedBy(2, directory);
      two.connection.disconnected();
      two = anew;
    }
    DataIn last = one.answer(DataIn.class, one.read(0, 1, 512));
    assertEquals(last.expCmdSn() + 127, last.maxCmdSn());
    assertEquals(0, one.registry.bytes());
  }

  @Test
  void forgetsWhatWaitedOnAConnectionThatIsReinstated() {
    Harness two = two();
    int missing = one.nextCmdSn();
    int again = one.nextCmdSn();
    two.receive(two.ready(again));
    Harness anew = one.joinedBy(2, directory);
    assertEquals(1, one.exchange(one.ready(missing)).size());
    assertEquals(List.of(), anew.sent());
    assertEquals(1, unit.executed().size());
    anew.answer(ScsiResponse.class, anew.ready(again));
  }

  @Test
  void reinstatesTheOnlyConnectionOfASession() {
    Harness alone = new Harness(Harness.settings(""), directory).loggedIn();
    Harness anew = alone.joinedBy(1, directory);
    assertEquals(Connection.Phase.ENDED, alone.connection.phase());
    alone.connection.disconnected();
    anew.answer(DataIn.class, anew.read(0, 1, 512));
    assertEquals(1, alone.registry.sessions().size());
    anew.connection.disconnected();
    assertEquals(List.of(), alone.registry.sessions());
  }

  @Test
  void endsWithAReinstatementThatIsNotCompleted() {
    unit.hold();
    unit.holdFunctions();
    one.receive(one.read(0, 1, 512));
    Harness anew = one.joining(directory);
    anew.receive(anew.join(one.tsih(), 1, Harness.text(Harness.names())));
    one.connection.disconnected();
    assertEquals(1, one.registry.sessions().size());
    anew.connection.disconnected();
    assertEquals(List.of(), one.registry.sessions());
    assertEquals(List.of(), unit.attached());
  }

  // ---- logout

  private static LogoutRequest logout(Harness on, int reason, int cid) {
    return on.logout(reason, cid);
  }

  @Test
  void logsOutOneConnection() {
    Harness two = two();
    unit.hold();
    ScsiCommand kept = one.read(0, 1, 512);
    one.receive(kept);
    ScsiCommand ended = two.read(0, 1, 512);
    two.receive(ended);
    assertEquals(0, two.answer(LogoutResponse.class, logout(two, 1, 2)).response());
    assertTrue(two.connection.over());
    two.connection.disconnected();
    assertEquals(List.of("ABORT_TASK " + ended.initiatorTaskTag()), unit.managed());
    unit.release();
    assertEquals(List.of(kept.initiatorTaskTag()), tags(one.sent()));
    assertEquals(1, unit.attached().size());
    DataIn last = one.answer(DataIn.class, one.read(0, 1, 512));
    assertEquals(last.expCmdSn() + 127, last.maxCmdSn(), "its places in the window came back");
    assertEquals(0, one.registry.bytes());
  }

  @Test
  void logsOutAnotherConnection() {
    Harness two = two();
    unit.hold();
    unit.holdFunctions();
    two.receive(two.read(0, 1, 512));
    assertEquals(List.of(), one.exchange(logout(one, 1, 2)));
    assertEquals(Connection.Phase.ENDED, two.connection.phase());
    unit.releaseFunctions();
    assertEquals(0, Harness.only(LogoutResponse.class, one.sent()).response());
    assertFalse(one.connection.over());
    assertEquals(1, one.answer(LogoutResponse.class, logout(one, 1, 2)).response());
  }

  @Test
  void tellsThatALogoutOfAnotherConnectionTakesTooLong() {
    Harness two = two();
    unit.hold();
    unit.holdFunctions();
    two.receive(two.read(0, 1, 512));
    one.receive(logout(one, 1, 2));
    one.pass(settings.nopInterval().minusSeconds(1));
    one.exchange(one.ping(true, NOTHING));
    one.pass(settings.taskManagementTimeout().minus(settings.nopInterval().minusSeconds(1)));
    assertEquals(3, Harness.only(LogoutResponse.class, one.sent()).response());
    unit.releaseFunctions();
    assertEquals(List.of(), one.sent());
  }

  @Test
  void logsOutTheSession() {
    Harness two = two();
    unit.hold();
    one.receive(one.read(0, 1, 512));
    assertEquals(0, two.answer(LogoutResponse.class, logout(two, 0, 2)).response());
    assertTrue(two.connection.over());
    assertTrue(one.woken());
    assertTrue(one.connection.over());
    assertEquals(List.of(), one.sent());
    assertEquals(List.of(), unit.attached());
    assertEquals(List.of(), one.registry.sessions());
    one.connection.disconnected();
    two.connection.disconnected();
    assertEquals(0, one.registry.bytes());
  }

  @Test
  void takesNothingMoreOnAnyConnectionWhileTheSessionIsLoggedOut() {
    Harness two = two();
    unit.hold();
    unit.holdFunctions();
    one.receive(one.read(0, 1, 512));
    two.receive(logout(two, 0, 2));
    one.receive(one.read(0, 1, 512));
    assertEquals(1, unit.executed().size());
    assertEquals(0x020A, joins(join(Harness.ISID, one.tsih(), 3, Harness.names())));
    unit.releaseFunctions();
    assertEquals(0, Harness.only(LogoutResponse.class, two.sent()).response());
  }

  @Test
  void endsWithItsLastConnection() {
    Harness two = two();
    two.answer(LogoutResponse.class, logout(two, 1, 2));
    two.connection.disconnected();
    one.answer(LogoutResponse.class, logout(one, 1, 1));
    assertEquals(List.of(), unit.attached());
    assertEquals(List.of(), one.registry.sessions());
  }

  @Test
  void doesNotRecoverConnections() {
    Harness two = two();
    assertEquals(2, one.answer(LogoutResponse.class, logout(one, 2, 2)).response());
    two.answer(DataIn.class, two.read(0, 1, 512));
  }

  @Test
  void asksEveryConnectionToLogOut() {
    Harness two = two();
    one.registry.requestLogout(Duration.ofSeconds(30));
    assertEquals(1, Harness.only(AsyncMessage.class, one.sent()).asyncEvent());
    assertEquals(1, Harness.only(AsyncMessage.class, two.sent()).asyncEvent());
  }

  @Test
  void resetsTheTargetOnEveryConnection() {
    Harness two = two();
    two.receive(manage(two, 7, null));
    one.receive(one.acknowledge((NopIn) one.sent().get(0)));
    assertTrue(two.sent().get(0) instanceof TaskManagementResponse);
    assertTrue(two.connection.over());
    assertTrue(one.connection.over());
  }
}
