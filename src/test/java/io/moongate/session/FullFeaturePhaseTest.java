package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TextResponse;
import io.moongate.wire.TextKeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Numbering, text, pings, logout and violations in full feature phase. */
class FullFeaturePhaseTest {
  private static final ByteString NOTHING = ByteString.emptyByteString();

  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final Harness host = new Harness(directory).loggedIn();

  private static List<Integer> tags(List<TargetPdu> pdus) {
    return pdus.stream().map(Pdu::initiatorTaskTag).toList();
  }

  @Test
  void deliversInTheOrderOfCmdSn() {
    int first = host.nextCmdSn();
    ScsiCommand third = host.ready(first + 2);
    ScsiCommand second = host.ready(first + 1);
    assertEquals(List.of(), host.exchange(third, second));
    ScsiCommand due = host.ready(first);
    List<TargetPdu> answers = host.exchange(due);
    assertEquals(
        List.of(due.initiatorTaskTag(), second.initiatorTaskTag(), third.initiatorTaskTag()),
        tags(answers));
    assertEquals(first + 3, ((ScsiResponse) answers.get(2)).expCmdSn());
  }

  @Test
  void dropsDuplicatesAndWhatIsOutsideTheWindow() {
    int sn = host.nextCmdSn();
    host.exchange(host.ready(sn));
    assertEquals(List.of(), host.exchange(host.ready(sn), host.ready(sn + 200)));
    assertEquals(1, unit.executed().size());
    int next = host.nextCmdSn();
    ScsiCommand held = host.ready(next + 1);
    host.exchange(held, host.ready(next + 1));
    List<TargetPdu> answers = host.exchange(host.ready(next));
    assertEquals(2, answers.size());
    assertEquals(held.initiatorTaskTag(), answers.get(1).initiatorTaskTag());
  }

  @Test
  void opensTheWindowAsCommandsEnd() {
    unit.hold();
    int first = host.nextCmdSn();
    List<ScsiCommand> commands = new ArrayList<>();
    for (int i = 0; i < 130; i++) {
      commands.add(host.ready(first + i));
    }
    host.receive(commands.toArray(ScsiCommand[]::new));
    assertEquals(128, unit.held().size(), "no more than the queue depth");
    unit.release();
    List<TargetPdu> answers = host.sent();
    assertEquals(128, answers.size());
    ScsiResponse one = (ScsiResponse) answers.get(0);
    assertEquals(first + 128, one.expCmdSn());
    assertEquals(first + 128, one.maxCmdSn(), "one has ended, one may come");
    ScsiResponse last = (ScsiResponse) answers.get(127);
    assertEquals(first + 255, last.maxCmdSn());
    assertEquals(one.statSn() + 127, last.statSn());
  }

  @Test
  void answersPings() {
    NopOut ping = host.ping(true, ByteString.fromString("are you there"));
    NopIn answer = host.answer(NopIn.class, ping);
    assertEquals(ping.initiatorTaskTag(), answer.initiatorTaskTag());
    assertEquals(Pdu.RESERVED_TAG, answer.targetTransferTag());
    assertEquals(ping.data(), answer.data());
    int before = answer.expCmdSn();
    NopIn second = host.answer(NopIn.class, host.ping(false, NOTHING));
    assertEquals(before + 1, second.expCmdSn());
    assertEquals(answer.statSn() + 1, second.statSn());
  }

  @Test
  void asksASilentInitiatorAndDropsIt() {
    host.pass(host.settings.nopInterval());
    NopIn question = Harness.only(NopIn.class, host.sent());
    assertEquals(Pdu.RESERVED_TAG, question.initiatorTaskTag());
    assertFalse(question.targetTransferTag() == Pdu.RESERVED_TAG);
    host.receive(
        new NopOut(true, 0, Pdu.RESERVED_TAG, question.targetTransferTag(), 101, 0, NOTHING));
    host.pass(host.settings.nopInterval());
    NopIn again = Harness.only(NopIn.class, host.sent());
    assertEquals(question.statSn(), again.statSn(), "a ping of the target's takes no StatSN");
    host.pass(host.settings.nopTimeout());
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
  }

  /** Longer than what is taken may be old. */
  private void fallSilent() {
    host.pass(host.settings.mostAge().plusMillis(1));
  }

  @Test
  void whatMayBeOldIsTakenOnceTheInitiatorHasAnswered() {
    fallSilent();
    ScsiCommand first = host.write(0, 1, 512, true, Harness.bytes(512, 1));
    NopIn question = host.answer(NopIn.class, first);
    assertFalse(question.targetTransferTag() == Pdu.RESERVED_TAG);
    ScsiCommand second = host.write(1, 1, 512, true, Harness.bytes(512, 2));
    assertEquals(List.of(), host.exchange(second));
    assertEquals(List.of(), unit.executed());
    List<TargetPdu> answers = host.exchange(host.acknowledge(question));
    assertEquals(
        List.of(first.initiatorTaskTag(), second.initiatorTaskTag()),
        answers.stream().map(answer -> ((ScsiResponse) answer).initiatorTaskTag()).toList());
    assertEquals(2, unit.executed().size());
  }

  @Test
  void whatWasGivenUpIsNotExecuted() {
    fallSilent();
    host.answer(NopIn.class, host.write(0, 1, 512, true, Harness.bytes(512, 1)));
    host.connection.disconnected();
    host.settle();
    assertEquals(List.of(), unit.executed());
  }

  @Test
  void anAnswerToAnEarlierQuestionProvesNothing() {
    host.pass(host.settings.nopInterval());
    NopIn earlier = Harness.only(NopIn.class, host.sent());
    ScsiCommand write = host.write(0, 1, 512, true, Harness.bytes(512, 1));
    NopIn question = host.answer(NopIn.class, write);
    assertEquals(List.of(), host.exchange(host.acknowledge(earlier)));
    assertEquals(List.of(), unit.executed());
    host.answer(ScsiResponse.class, host.acknowledge(question));
  }

  @Test
  void whatCameLongAfterTheQuestionIsAskedForAnew() {
    fallSilent();
    ScsiCommand first = host.write(0, 1, 512, true, Harness.bytes(512, 1));
    NopIn question = host.answer(NopIn.class, first);
    fallSilent();
    ScsiCommand second = host.write(0, 1, 512, true, Harness.bytes(512, 2));
    assertEquals(List.of(), host.exchange(second));
    List<TargetPdu> answers = host.exchange(host.acknowledge(question));
    assertEquals(2, answers.size());
    NopIn again = (NopIn) answers.get(0);
    assertEquals(first.initiatorTaskTag(), ((ScsiResponse) answers.get(1)).initiatorTaskTag());
    assertEquals(1, unit.executed().size());
    host.answer(ScsiResponse.class, host.acknowledge(again));
  }

  @Test
  void whoSendsOnWithoutAnAnswerIsDropped() {
    fallSilent();
    host.answer(NopIn.class, host.write(0, 1, 512, true, Harness.bytes(512, 1)));
    host.pass(host.settings.nopTimeout().minusSeconds(1));
    host.receive(host.read(0, 1, 512));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    host.pass(Duration.ofSeconds(1));
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
    assertEquals(List.of(), unit.executed());
  }

  @Test
  void whatChangesNothingIsTakenHoweverOldItIs() {
    fallSilent();
    host.answer(DataIn.class, host.read(0, 1, 512));
    host.answer(ScsiResponse.class, host.ready(host.nextCmdSn()));
    host.answer(NopIn.class, host.ping(true, NOTHING));
    assertEquals(0, host.answer(LogoutResponse.class, host.logout(0, 0)).response());
  }

  private ScsiCommand write(int expStatSn) {
    return host.write(0, 1, 512, true, Harness.bytes(512, 1), expStatSn);
  }

  @Test
  void whoAcknowledgesWhatItWasSentLatelyIsNotAsked() {
    int expStatSn = 0;
    for (int i = 0; i < 40; i++) {
      host.pass(host.settings.mostAge().dividedBy(2));
      expStatSn = host.answer(ScsiResponse.class, write(expStatSn)).statSn() + 1;
    }
  }

  @Test
  void toAcknowledgeWhatWasSentLongAgoProvesNothing() {
    int expStatSn = host.answer(ScsiResponse.class, write(0)).statSn() + 1;
    fallSilent();
    host.answer(NopIn.class, write(expStatSn));
  }

  @Test
  void toAcknowledgeWhatWasNeverSentProvesNothing() {
    int expStatSn = host.answer(ScsiResponse.class, write(0)).statSn() + 1;
    fallSilent();
    host.answer(NopIn.class, write(expStatSn + 1));
  }

  @Test
  void whatIsAnsweredAfterALongTimeProvesWhatFollowsIt() {
    unit.hold();
    host.receive(write(0));
    fallSilent();
    unit.release();
    int expStatSn = Harness.only(ScsiResponse.class, host.sent()).statSn() + 1;
    host.answer(ScsiResponse.class, write(expStatSn));
  }

  @Test
  void boundsImmediateCommands() {
    unit.hold();
    List<TargetPdu> answers = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      ScsiCommand command = host.ready(100);
      answers.addAll(
          host.exchange(
              new ScsiCommand(
                  true,
                  true,
                  false,
                  false,
                  1,
                  0,
                  command.initiatorTaskTag(),
                  0,
                  100,
                  0,
                  command.cdb(),
                  0,
                  NOTHING)));
    }
    Reject reject = Harness.only(Reject.class, answers);
    assertEquals(RejectReason.IMMEDIATE_COMMAND_REJECT.code(), reject.reason());
    assertEquals(48, reject.data().size());
    unit.release();
    assertEquals(16, host.sent().size());
    host.answer(NopIn.class, host.ping(true, NOTHING));
  }

  @Test
  void refusesATagThatIsInUse() {
    unit.hold();
    ScsiCommand command = host.ready(host.nextCmdSn());
    host.receive(command);
    ScsiCommand same =
        new ScsiCommand(
            false,
            true,
            false,
            false,
            1,
            0,
            command.initiatorTaskTag(),
            0,
            host.nextCmdSn(),
            0,
            command.cdb(),
            0,
            NOTHING);
    Reject reject = host.answer(Reject.class, same);
    assertEquals(RejectReason.TASK_IN_PROGRESS.code(), reject.reason());
    unit.release();
    assertEquals(command.initiatorTaskTag(), host.sent().get(0).initiatorTaskTag());
  }

  @Test
  void rejectsSnack() {
    Reject reject = host.answer(Reject.class, new SnackRequest(0, 0, 5, -1, 0, 0, 0));
    assertEquals(RejectReason.SNACK_REJECT.code(), reject.reason());
    assertFalse(host.connection.over());
  }

  @Test
  void endsOnALoginInFullFeaturePhase() {
    Reject reject = host.answer(Reject.class, host.login(1, 3, NOTHING));
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
    assertTrue(host.connection.over());
  }

  @Test
  void goesOnAfterAnUnknownOpcodeAndEndsAfterAFormatError() {
    ByteString header = Harness.bytes(48, 3);
    host.connection.malformed(
        ProtocolException.rejected(RejectReason.COMMAND_NOT_SUPPORTED, "what", true, header));
    assertEquals(header, Harness.only(Reject.class, host.sent()).data());
    assertFalse(host.connection.over());
    host.connection.malformed(
        ProtocolException.rejected(RejectReason.INVALID_PDU_FIELD, "broken", false, header));
    Harness.only(Reject.class, host.sent());
    assertTrue(host.connection.over());
  }

  @Test
  void endsOnADamagedCommandAsNothingRecoversItAtLevel0() {
    host.connection.malformed(
        ProtocolException.rejected(
            RejectReason.DATA_DIGEST_ERROR, "damaged", true, ByteString.fromArray(new byte[48])));
    Reject reject = Harness.only(Reject.class, host.sent());
    assertEquals(RejectReason.DATA_DIGEST_ERROR.code(), reject.reason());
    assertTrue(host.connection.over());
  }

  @Test
  void logsOut() {
    assertEquals(1, host.registry.sessions().size());
    LogoutResponse response = host.answer(LogoutResponse.class, host.logout(0, 1));
    assertEquals(0, response.response());
    assertTrue(host.connection.over());
    assertEquals(List.of(), unit.attached());
    host.connection.disconnected();
    assertEquals(List.of(), host.registry.sessions());
  }

  @Test
  void logsOutOnlyWhenRunningTasksHaveEnded() {
    unit.hold();
    unit.holdFunctions();
    host.receive(host.read(0, 1, 512));
    assertEquals(List.of(), host.exchange(host.logout(1, 1)));
    assertFalse(host.connection.over());
    unit.releaseFunctions();
    assertEquals(0, Harness.only(LogoutResponse.class, host.sent()).response());
    assertTrue(host.connection.over());
  }

  @Test
  void logsOutAfterABoundAllTheSame() {
    unit.hold();
    unit.holdFunctions();
    host.receive(host.read(0, 1, 512));
    host.receive(host.logout(0, 1));
    host.pass(host.settings.taskManagementTimeout());
    Harness.only(LogoutResponse.class, host.sent());
    unit.releaseFunctions();
    assertEquals(List.of(), host.sent());
  }

  @Test
  void refusesLogoutsThatItCannotDo() {
    assertEquals(1, host.answer(LogoutResponse.class, host.logout(1, 9)).response());
    assertEquals(2, host.answer(LogoutResponse.class, host.logout(2, 1)).response());
    assertFalse(host.connection.over());
    assertEquals(
        RejectReason.INVALID_PDU_FIELD.code(),
        host.answer(Reject.class, host.logout(3, 1)).reason());
  }

  @Test
  void asksForALogoutAndDropsWhoDoesNot() {
    host.requestLogout(Duration.ofSeconds(5));
    host.requestLogout(Duration.ofSeconds(50));
    AsyncMessage message = Harness.only(AsyncMessage.class, host.sent());
    assertEquals(1, message.asyncEvent());
    assertEquals(5, message.parameter3());
    host.exchange(host.ready(host.nextCmdSn()));
    host.pass(Duration.ofSeconds(4));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    host.pass(Duration.ofSeconds(1));
    AsyncMessage dropped = Harness.only(AsyncMessage.class, host.sent());
    assertEquals(2, dropped.asyncEvent());
    assertEquals(1, dropped.parameter1(), "the CID");
    assertEquals(2, dropped.parameter2(), "DefaultTime2Wait");
    assertEquals(0, dropped.parameter3(), "nothing is retained");
    assertEquals(message.statSn() + 2, dropped.statSn(), "a command was answered between them");
    assertTrue(host.connection.over());
  }

  @Test
  void asksForALogoutWithoutPromisingMoreTimeThanThereIs() {
    host.requestLogout(Duration.ofMillis(2_900));
    assertEquals(2, Harness.only(AsyncMessage.class, host.sent()).parameter3());
    host.pass(Duration.ofMillis(2_899));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    assertEquals(0, host.answer(LogoutResponse.class, host.logout(0, 1)).response());
    assertTrue(host.connection.over());
  }

  @Test
  void asksALoginThatIsUnderWayWhenItHasEnded() {
    unit.hold();
    unit.holdFunctions();
    host.receive(host.read(0, 1, 512));
    Harness second = new Harness(host.settings, directory, host.registry);
    second.receive(
        second.login(
            1, 3, Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET))));
    host.settle();
    assertEquals(Connection.Phase.BEGINNING, second.connection.phase());
    host.registry.requestLogout(Duration.ofSeconds(5));
    unit.releaseFunctions();
    List<TargetPdu> sent = second.sent();
    assertEquals(2, sent.size(), () -> "sent " + sent);
    assertEquals(1, ((AsyncMessage) sent.get(1)).asyncEvent());
  }

  @Test
  void asksForALogoutFromDiscoveryToo() {
    Harness discovery = discovery();
    discovery.registry.requestLogout(Duration.ofSeconds(5));
    assertEquals(1, Harness.only(AsyncMessage.class, discovery.sent()).asyncEvent());
  }

  @Test
  void boundsTheWaitForWhatIsStillToBeSent() {
    host.receive(host.logout(0, 1));
    assertEquals(Connection.Phase.FLUSHING, host.connection.phase());
    host.pass(host.settings.sendTimeout().minusNanos(1));
    assertTrue(host.connection.hasOutput());
    host.pass(Duration.ofNanos(1));
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
  }

  @Test
  void detachesAndForgetsWhenTheConnectionEnds() {
    unit.hold();
    host.receive(host.read(0, 8, 4096));
    assertTrue(host.registry.bytes() > 0);
    host.connection.disconnected();
    assertEquals(List.of(), unit.attached());
    assertEquals(List.of(), host.registry.sessions());
    assertEquals(0, host.registry.bytes());
    unit.release();
    assertEquals(List.of(), host.sent());
  }

  @Test
  void sendsTheSessionsOwnTarget() {
    directory.add("iqn.2026-11.io.moongate:two");
    TextResponse own =
        host.answer(
            TextResponse.class,
            host.textRequest(9, Pdu.RESERVED_TAG, true, Harness.text("SendTargets", "")));
    assertTrue(own.finalBit());
    assertEquals(Pdu.RESERVED_TAG, own.targetTransferTag());
    assertEquals(
        List.of(FakeDirectory.TARGET, "192.0.2.1:3260,7", "[2001:db8::1]:3260,8"),
        TextKeys.parseSendTargets(own.data()).pairs().stream().map(TextKeys.Pair::value).toList());
    TextResponse all =
        host.answer(
            TextResponse.class,
            host.textRequest(9, Pdu.RESERVED_TAG, true, Harness.text("SendTargets", "All")));
    assertEquals("Reject", TextKeys.parse(all.data()).value("SendTargets").orElseThrow());
  }

  private Harness discovery() {
    return discovery(new Harness(directory));
  }

  private static Harness discovery(Harness discovery) {
    discovery.exchange(
        discovery.login(
            1, 3, Harness.text("InitiatorName", Harness.INITIATOR, "SessionType", "Discovery")));
    return discovery;
  }

  @Test
  void sendsAllTargetsInParts() {
    for (int i = 0; i < 200; i++) {
      directory.add("iqn.2026-11.io.moongate:target-" + i);
    }
    Harness discovery = discovery();
    ByteString answer = NOTHING;
    ByteString request = Harness.text("SendTargets", "All");
    int tag = Pdu.RESERVED_TAG;
    int parts = 0;
    while (true) {
      TextResponse response =
          discovery.answer(TextResponse.class, discovery.textRequest(9, tag, true, request));
      assertTrue(response.data().size() <= 8192);
      answer = answer.concat(response.data());
      parts++;
      if (response.finalBit()) {
        break;
      }
      assertTrue(response.continued());
      tag = response.targetTransferTag();
      request = NOTHING;
    }
    assertTrue(parts > 1);
    assertEquals(
        201,
        TextKeys.parseSendTargets(answer).pairs().stream()
            .filter(pair -> pair.key().equals("TargetName"))
            .count());
  }

  private static String sendTargets(Harness host, String value) {
    TextResponse response =
        host.answer(
            TextResponse.class,
            host.textRequest(9, Pdu.RESERVED_TAG, true, Harness.text("SendTargets", value)));
    assertTrue(response.finalBit());
    return String.join(
        " ",
        TextKeys.parseSendTargets(response.data()).pairs().stream()
            .map(TextKeys.Pair::value)
            .toList());
  }

  @Test
  void sendsTargetsByWhoAsks() {
    String two = "iqn.2026-11.io.moongate:two";
    directory.add(two);
    String addresses = " 192.0.2.1:3260,7 [2001:db8::1]:3260,8";
    assertEquals(FakeDirectory.TARGET + addresses, sendTargets(host, FakeDirectory.TARGET));
    assertEquals("Reject", sendTargets(host, two));
    assertEquals("Reject", sendTargets(host, "All"));
    Harness discovery = discovery();
    assertEquals(two + addresses, sendTargets(discovery, two));
    assertEquals("", sendTargets(discovery, "iqn.2026-11.io.moongate:three"));
    assertEquals("Reject", sendTargets(discovery, ""));
  }

  /** Asks for all of many targets; the Target Transfer Tag of the rest of the answer. */
  private int beginLongAnswer(Harness discovery) {
    for (int i = 0; i < 200; i++) {
      directory.add("iqn.2026-11.io.moongate:target-" + i);
    }
    TextResponse response =
        discovery.answer(
            TextResponse.class,
            discovery.textRequest(9, Pdu.RESERVED_TAG, true, Harness.text("SendTargets", "All")));
    assertTrue(response.continued());
    assertFalse(response.finalBit());
    return response.targetTransferTag();
  }

  @Test
  void takesNoTextWhileItsAnswerIsFetched() {
    Harness discovery = discovery();
    int tag = beginLongAnswer(discovery);
    Reject reject =
        discovery.answer(
            Reject.class, discovery.textRequest(9, tag, true, Harness.text("SendTargets", "All")));
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
    assertEquals(
        RejectReason.INVALID_PDU_FIELD.code(),
        discovery.answer(Reject.class, discovery.textRequest(9, tag, true, NOTHING)).reason(),
        "the negotiation is over");
  }

  @Test
  void forgetsAnAnswerThatIsNotFetched() {
    Harness discovery = discovery();
    int tag = beginLongAnswer(discovery);
    discovery.pass(discovery.settings.loginTimeout());
    discovery.sent();
    assertEquals(
        RejectReason.INVALID_PDU_FIELD.code(),
        discovery.answer(Reject.class, discovery.textRequest(9, tag, true, NOTHING)).reason());
  }

  @Test
  void boundsTheTextThatWaitsOverAllConnections() {
    SessionSettings small = Harness.settings("moongate.iscsi.max-gateway-bytes = 1 MiB");
    SessionRegistry registry = new SessionRegistry(small);
    for (int i = 0; i < 400; i++) {
      directory.add("iqn.2026-11.io.moongate:a-target-with-a-long-name-" + i);
    }
    ByteString all = Harness.text("SendTargets", "All");
    List<Harness> sessions = new ArrayList<>();
    List<TargetPdu> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Harness one = discovery(new Harness(small, directory, registry));
      sessions.add(one);
      answers.addAll(one.exchange(one.textRequest(9, Pdu.RESERVED_TAG, true, all)));
    }
    assertTrue(((TextResponse) answers.get(0)).continued());
    assertEquals(RejectReason.LONG_OPERATION_REJECT.code(), ((Reject) answers.get(2)).reason());
    sessions.get(0).connection.disconnected();
    sessions.get(1).connection.disconnected();
    Harness last = sessions.get(2);
    assertTrue(
        last.answer(TextResponse.class, last.textRequest(9, Pdu.RESERVED_TAG, true, all))
            .continued(),
        "there is room again");
  }

  @Test
  void rejectsAKeyThatComesTwiceInANegotiation() {
    ByteString length = Harness.text("MaxRecvDataSegmentLength", "4096");
    TextResponse first =
        host.answer(
            TextResponse.class,
            new TextRequest(
                false, false, false, 0, 9, Pdu.RESERVED_TAG, host.nextCmdSn(), 0, length));
    assertFalse(first.finalBit());
    assertFalse(first.continued());
    Reject reject =
        host.answer(Reject.class, host.textRequest(9, first.targetTransferTag(), true, length));
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
  }

  @Test
  void doesNothingButDiscoverInADiscoverySession() {
    Harness discovery = discovery();
    Reject reject = discovery.answer(Reject.class, discovery.read(0, 1, 512));
    assertEquals(RejectReason.COMMAND_NOT_SUPPORTED.code(), reject.reason());
    assertEquals(
        RejectReason.COMMAND_NOT_SUPPORTED.code(),
        discovery.answer(Reject.class, discovery.manage(5, 0, -1, 0)).reason());
    assertEquals(List.of(), unit.executed());
    discovery.answer(NopIn.class, discovery.ping(true, NOTHING));
    discovery.answer(LogoutResponse.class, discovery.logout(0, 1));
  }

  @Test
  void rejectsTextOfAnUnknownNegotiation() {
    assertEquals(
        RejectReason.INVALID_PDU_FIELD.code(),
        host.answer(Reject.class, host.textRequest(9, 4711, true, NOTHING)).reason());
    assertEquals(
        RejectReason.PROTOCOL_ERROR.code(),
        host.answer(
                Reject.class,
                host.textRequest(9, Pdu.RESERVED_TAG, true, ByteString.fromString("x")))
            .reason());
    assertFalse(host.connection.over());
  }

  @Test
  void takesANewLengthOfDataSegmentsAndNothingElse() {
    TextResponse response =
        host.answer(
            TextResponse.class,
            host.textRequest(
                9,
                Pdu.RESERVED_TAG,
                true,
                Harness.text(
                    "MaxRecvDataSegmentLength", "512", "MaxBurstLength", "512", "X-new", "1")));
    TextKeys keys = TextKeys.parse(response.data());
    assertEquals("Reject", keys.value("MaxBurstLength").orElseThrow());
    assertEquals("NotUnderstood", keys.value("X-new").orElseThrow());
    List<TargetPdu> data = host.exchange(host.read(0, 4, 2048));
    assertEquals(4, data.size());
    assertTrue(data.stream().allMatch(pdu -> pdu instanceof DataIn in && in.data().size() == 512));
  }

  @Test
  void stopsReadingWhenAnswersPileUp() {
    int pings = 0;
    while (host.connection.wantsInput()) {
      host.receive(host.ping(false, NOTHING));
      if (++pings > 10_000) {
        throw new AssertionError("no bound");
      }
      host.receive(new SnackRequest(0, 0, 5, -1, 0, 0, 0));
    }
    assertFalse(host.sent().isEmpty());
    assertTrue(host.connection.wantsInput());
  }

  @Test
  void boundsTheBytesOfPings() {
    ByteString large = Harness.bytes(256 * 1024, 1);
    int pings = 0;
    while (host.connection.wantsInput() && pings < 100) {
      host.receive(host.ping(false, large));
      pings++;
    }
    assertEquals(4, pings);
  }
}
