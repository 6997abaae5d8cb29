package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TextKeys;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 7143 sections 6 and 11.12, 11.13. */
class LoginPhaseTest {
  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final Harness host = new Harness(directory);

  private static final String[] NAMES = {
    "InitiatorName", Harness.INITIATOR, "SessionType", "Normal", "TargetName", FakeDirectory.TARGET
  };

  private LoginResponse login(int current, int next, String... keys) {
    return host.answer(LoginResponse.class, host.login(current, next, Harness.text(keys)));
  }

  private static int status(LoginResponse response) {
    return response.statusClass() << 8 | response.statusDetail();
  }

  private static Map<String, String> keys(LoginResponse response) {
    return TextKeys.parse(response.data()).pairs().stream()
        .collect(java.util.stream.Collectors.toMap(TextKeys.Pair::key, TextKeys.Pair::value));
  }

  private static String[] with(String... more) {
    String[] all = new String[NAMES.length + more.length];
    System.arraycopy(NAMES, 0, all, 0, NAMES.length);
    System.arraycopy(more, 0, all, NAMES.length, more.length);
    return all;
  }

  @Test
  void goesThroughSecurityAndOperationalStages() {
    LoginResponse security = login(0, 1, with("AuthMethod", "CHAP,None"));
    assertEquals(0, status(security));
    assertTrue(security.transit());
    assertEquals(0, security.currentStage());
    assertEquals(1, security.nextStage());
    assertEquals("None", keys(security).get("AuthMethod"));
    assertEquals("7", keys(security).get("TargetPortalGroupTag"));
    assertEquals(0, security.tsih());

    LoginResponse operational = login(1, 3, "MaxBurstLength", "16776192");
    assertEquals(0, status(operational));
    assertEquals(3, operational.nextStage());
    assertTrue(operational.tsih() > 0);
    assertEquals("1048576", keys(operational).get("MaxBurstLength"));
    assertEquals("262144", keys(operational).get("MaxRecvDataSegmentLength"));
    assertEquals(security.statSn() + 1, operational.statSn());
    assertEquals(100, operational.expCmdSn());
    assertEquals(100 + 127, operational.maxCmdSn());
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    assertEquals(0, unit.attached().size(), "a unit costs nothing before its first command");
    host.exchange(host.ready(host.nextCmdSn()));
    assertEquals(1, unit.attached().size());
  }

  @Test
  void passesFromSecurityToFullFeature() {
    LoginResponse response = login(0, 3, with("AuthMethod", "None"));
    assertEquals(0, status(response));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
  }

  @Test
  void staysInAStageUntilTheInitiatorIsReady() {
    LoginRequest request =
        new LoginRequest(
            false, false, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, Harness.text(NAMES));
    LoginResponse response = host.answer(LoginResponse.class, request);
    assertFalse(response.transit());
    assertEquals(0, status(response));
    assertEquals("262144", keys(response).get("MaxRecvDataSegmentLength"));
    LoginResponse last = login(1, 3);
    assertTrue(last.transit());
    assertEquals(Map.of(), keys(last));
  }

  @ParameterizedTest
  @CsvSource({
    "HeaderDigest, 'CRC32C,None', CRC32C",
    "DataDigest, None, None",
    "DataDigest, MAGIC, Reject",
    "MaxConnections, 8, 4",
    "MaxConnections, 2, 2",
    "MaxConnections, 0, Reject",
    "InitialR2T, No, Yes",
    "InitialR2T, Perhaps, Reject",
    "ImmediateData, Yes, Yes",
    "ImmediateData, No, No",
    "MaxBurstLength, 0x80000, 524288",
    "MaxBurstLength, 100, Reject",
    "MaxBurstLength, many, Reject",
    "FirstBurstLength, 262144, 65536",
    "FirstBurstLength, 4096, 4096",
    "DefaultTime2Wait, 0, 2",
    "DefaultTime2Wait, 5, 5",
    "DefaultTime2Retain, 20, 0",
    "MaxOutstandingR2T, 16, 8",
    "MaxOutstandingR2T, 2, 2",
    "DataPDUInOrder, No, Yes",
    "DataSequenceInOrder, No, Yes",
    "ErrorRecoveryLevel, 2, 0",
    "ErrorRecoveryLevel, 3, Reject",
    "TaskReporting, 'FastAbort,RFC3720', RFC3720",
    "TaskReporting, FastAbort, Reject",
    "IFMarker, Yes, No",
    "OFMarkInt, '1~65535', Reject",
    "AuthMethod, None, Reject",
    "CHAP_A, 5, Reject",
    "MaxBurstLength, +65536, Reject",
    "MaxBurstLength, 0x-10000, Reject",
    "MaxBurstLength, ٦٥٥٣٦, Reject",
    "MaxBurstLength, 0X10000, 65536",
    "MaxBurstLength, 18446744073709551616, Reject",
    "TargetAddress, '192.0.2.1:3260,1', Reject",
    "X-com.example.key, 5, NotUnderstood",
    "SomethingNew, 5, NotUnderstood",
  })
  void answersEachKeyByItsFunction(String key, String offered, String answer) {
    assertEquals(answer, keys(login(1, 3, with(key, offered))).get(key));
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "1, 1", "0, 0", "32, Reject"})
  void agreesOnTheLowerProtocolLevel(String offered, String answer) {
    assertEquals(
        answer,
        new Negotiation(host.settings, false).answer("iSCSIProtocolLevel", offered).orElse(""));
  }

  @Test
  void boundsTheFirstBurstByTheBurstInWhateverOrderTheyCome() {
    Map<String, String> answers =
        keys(login(1, 3, with("FirstBurstLength", "65536", "MaxBurstLength", "8192")));
    assertEquals("8192", answers.get("MaxBurstLength"));
    assertEquals("8192", answers.get("FirstBurstLength"));
  }

  @Test
  void doesNotAnswerDeclarations() {
    Map<String, String> answers =
        keys(login(1, 3, with("MaxRecvDataSegmentLength", "4096", "InitiatorAlias", "me")));
    assertEquals("262144", answers.get("MaxRecvDataSegmentLength"));
    assertFalse(answers.containsKey("InitiatorAlias"));
    assertEquals("me", host.registry.sessions().get(0).initiatorAlias());
  }

  @Test
  void agreesOnDigests() {
    login(1, 3, with("HeaderDigest", "CRC32C", "DataDigest", "CRC32C,None"));
    assertTrue(host.digests.header());
    assertTrue(host.digests.data());
  }

  @Test
  void refusesToDoWithoutARequiredDigest() {
    Harness strict =
        new Harness(Harness.settings("moongate.iscsi.header-digest = required"), directory);
    LoginResponse response =
        strict.answer(LoginResponse.class, strict.login(1, 3, Harness.text(NAMES)));
    assertEquals(0x0200, status(response));
  }

  @Test
  void neverPretendsToAuthenticate() {
    host.receive(host.login(0, 1, Harness.text(with("AuthMethod", "CHAP"))));
    host.pass(host.settings.chap().failureDelay());
    assertEquals(0x0201, status(Harness.only(LoginResponse.class, host.sent())));
    assertTrue(host.connection.over());
    assertEquals(List.of(), unit.attached());
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertEquals(
        0x0203,
        status(
            login(1, 3, "InitiatorName", Harness.INITIATOR, "TargetName", "iqn.2026-11.no:such")));
  }

  @ParameterizedTest
  @CsvSource({
    "TargetName, iqn.2026-11.io.moongate:one, 0x0207",
    "InitiatorName, iqn.2026-11.io.moongate:host, 0x0207",
  })
  void missesParameters(String key, String value, String status) {
    assertEquals(Integer.decode(status), status(login(1, 3, key, value)));
  }

  @Test
  void refusesOtherSessionTypes() {
    assertEquals(
        0x0209, status(login(1, 3, "InitiatorName", Harness.INITIATOR, "SessionType", "Odd")));
  }

  @Test
  void refusesOtherVersions() {
    LoginRequest request =
        new LoginRequest(
            true, false, 1, 3, 2, 1, Harness.ISID, 0, 0, 1, 100, 0, Harness.text(NAMES));
    assertEquals(0x0205, status(host.answer(LoginResponse.class, request)));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 0", "1, 2", "0, 0", "2, 3", "3, 3"})
  void refusesStagesThatDoNotLeadOn(int current, int next) {
    assertEquals(0x0200, status(login(current, next, NAMES)));
  }

  @Test
  void refusesToGoBackAStage() {
    login(0, 1, NAMES);
    assertEquals(0x0200, status(login(0, 1)));
  }

  @Test
  void refusesTransitWithContinuation() {
    LoginRequest request =
        new LoginRequest(
            true, true, 1, 3, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, Harness.text(NAMES));
    assertEquals(0x0200, status(host.answer(LoginResponse.class, request)));
  }

  @Test
  void refusesKeysThatComeTwice() {
    LoginRequest first =
        new LoginRequest(
            false,
            false,
            1,
            0,
            0,
            0,
            Harness.ISID,
            0,
            0,
            1,
            100,
            0,
            Harness.text(with("ImmediateData", "Yes")));
    host.exchange(first);
    assertEquals(0x0200, status(login(1, 3, "ImmediateData", "No")));
  }

  @Test
  void refusesOperationalKeysInTheSecurityStage() {
    assertEquals(0x0200, status(login(0, 1, with("AuthMethod", "None", "ImmediateData", "Yes"))));
  }

  @Test
  void answersUnknownKeysInTheSecurityStage() {
    LoginResponse response = login(0, 1, with("AuthMethod", "None", "X-com.example.key", "5"));
    assertEquals(0, status(response));
    assertEquals("NotUnderstood", keys(response).get("X-com.example.key"));
  }

  @Test
  void boundsTheKeysOfALogin() {
    TextKeys text = TextKeys.none();
    for (int i = 0; i < 1100; i++) {
      text = text.with("X" + i, "");
    }
    ByteString bytes = text.format();
    host.exchange(
        new LoginRequest(false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, bytes.take(8192)));
    assertEquals(
        0x0200, status(host.answer(LoginResponse.class, host.login(1, 3, bytes.drop(8192)))));
    assertTrue(host.connection.reason().contains("more than 1000 keys"), host.connection.reason());
  }

  @Test
  void writesNothingIntoTheLogThatAStrangerChose() {
    login(
        1, 3, "InitiatorName", Harness.INITIATOR, "SessionType", "Odd\nERROR all is lost\u001b[2J");
    String reason = host.connection.reason();
    assertTrue(reason.contains(Harness.INITIATOR), reason);
    assertTrue(reason.contains("Odd?ERROR all is lost?[2J"), reason);
    assertTrue(reason.chars().allMatch(c -> c >= ' '), reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iqn.2026-11.a b",
        "iqn,x",
        "iqn\u0085x",
        "iqn\u2028x",
        "iqn\u00a0x",
        "iqn\u202ex"
      })
  void refusesNamesThatCanNotBeShown(String name) {
    assertEquals(0x0200, status(login(1, 3, "InitiatorName", name, "SessionType", "Discovery")));
  }

  @Test
  void showsAnAliasWithoutWhatATerminalObeys() {
    login(1, 3, with("InitiatorAlias", "me\u001b[31m\n"));
    assertEquals("me[31m", host.registry.sessions().get(0).initiatorAlias());
  }

  @Test
  void refusesTextThatIsNone() {
    LoginResponse response =
        host.answer(LoginResponse.class, host.login(1, 3, ByteString.fromString("nonsense")));
    assertEquals(0x0200, status(response));
  }

  @Test
  void collectsTextOverSeveralRequests() {
    ByteString text = Harness.text(with("MaxOutstandingR2T", "3"));
    LoginRequest start =
        new LoginRequest(false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, text.take(20));
    LoginResponse between = host.answer(LoginResponse.class, start);
    assertEquals(0, between.data().size());
    assertFalse(between.transit());
    LoginResponse last = host.answer(LoginResponse.class, host.login(1, 3, text.drop(20)));
    assertEquals("3", keys(last).get("MaxOutstandingR2T"));
    assertTrue(last.transit());
  }

  @Test
  void boundsCollectedText() {
    LoginRequest part =
        new LoginRequest(
            false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, Harness.bytes(8192, 1));
    LoginResponse last = null;
    for (int i = 0; i < 9; i++) {
      last = host.answer(LoginResponse.class, part);
    }
    assertEquals(0x0200, status(last));
  }

  @Test
  void sendsALongAnswerInParts() {
    TextKeys text = TextKeys.none();
    for (int i = 0; i < NAMES.length; i += 2) {
      text = text.with(NAMES[i], NAMES[i + 1]);
    }
    for (int i = 0; i < 300; i++) {
      text = text.with("X-com.example.a-rather-long-name-of-a-key." + i, "1");
    }
    ByteString bytes = text.format();
    ByteString answer = ByteString.emptyByteString();
    for (int at = 0; at < bytes.size(); at += 8192) {
      boolean more = at + 8192 < bytes.size();
      LoginRequest part =
          new LoginRequest(
              !more,
              more,
              1,
              more ? 0 : 3,
              0,
              0,
              Harness.ISID,
              0,
              0,
              1,
              100,
              0,
              bytes.slice(at, at + 8192));
      LoginResponse response = host.answer(LoginResponse.class, part);
      answer = answer.concat(response.data());
      assertEquals(!more, response.continued());
      assertFalse(response.transit());
    }
    LoginResponse response;
    do {
      response = login(1, 3);
      assertTrue(response.data().size() <= 8192);
      answer = answer.concat(response.data());
    } while (response.continued());
    assertTrue(response.transit());
    assertEquals(
        300,
        TextKeys.parse(answer).pairs().stream()
            .filter(p -> p.value().equals("NotUnderstood"))
            .count());
  }

  @Test
  void knowsNoOtherPduInALogin() {
    assertEquals(
        0x020B,
        status(host.answer(LoginResponse.class, host.ping(true, ByteString.emptyByteString()))));
    assertTrue(host.connection.over());
  }

  @Test
  void answersBrokenBytesInALogin() {
    host.connection.malformed(
        ProtocolException.rejected(
            RejectReason.INVALID_PDU_FIELD, "broken", false, Harness.bytes(48, 0)));
    assertEquals(0x020B, status(Harness.only(LoginResponse.class, host.sent())));
  }

  @Test
  void tellsABrokenLoginFromAnotherPdu() {
    byte[] header = new byte[48];
    header[0] = 0x43;
    host.connection.malformed(
        ProtocolException.rejected(
            RejectReason.PROTOCOL_ERROR, "too long", false, ByteString.fromArray(header)));
    assertEquals(0x0200, status(Harness.only(LoginResponse.class, host.sent())));
  }

  @Test
  void tellsNoSessionFromNoRoomInIt() {
    LoginRequest stranger =
        new LoginRequest(
            true, false, 1, 3, 0, 0, Harness.ISID, 77, 0, 1, 100, 0, Harness.text(NAMES));
    assertEquals(0x020A, status(host.answer(LoginResponse.class, stranger)));

    Harness first = new Harness(directory).loggedIn();
    Harness second = new Harness(first.settings, directory, first.registry);
    int tsih = first.registry.sessions().get(0).tsih();
    LoginRequest join =
        new LoginRequest(
            true, false, 1, 3, 0, 0, Harness.ISID, tsih, 0, 2, 100, 0, Harness.text(NAMES));
    assertEquals(0x0206, status(second.answer(LoginResponse.class, join)));
    assertEquals(Connection.Phase.FULL_FEATURE, first.connection.phase());
  }

  @Test
  void refusesSessionsBeyondTheLimit() {
    SessionSettings few = Harness.settings("moongate.iscsi.max-sessions = 1");
    Harness first = new Harness(few, directory).loggedIn();
    Harness second = new Harness(few, directory, first.registry);
    LoginRequest other =
        new LoginRequest(
            true, false, 1, 3, 0, 0, Harness.ISID + 1, 0, 0, 1, 100, 0, Harness.text(NAMES));
    assertEquals(0x0302, status(second.answer(LoginResponse.class, other)));
  }

  @Test
  void treatsNamesAsTheStandardNormalisesThem() {
    LoginResponse response =
        login(
            1,
            3,
            "InitiatorName",
            "IQN.2026-11.io.Moongate:Host",
            "TargetName",
            "IQN.2026-11.io.Moongate:One");
    assertEquals(0, status(response));
    assertEquals(Harness.INITIATOR, host.registry.sessions().get(0).initiatorName());
  }

  @Test
  void passesOverWhoItIsWhenThatIsSaidAgain() {
    assertEquals(0, status(login(0, 1, with("AuthMethod", "CHAP,None"))));
    assertEquals(0, status(login(1, 3, with("HeaderDigest", "None"))));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
  }

  @Test
  void refusesAnotherNameThanBefore() {
    assertEquals(0, status(login(0, 1, with("AuthMethod", "CHAP,None"))));
    assertEquals(0x0200, status(login(1, 3, "InitiatorName", Harness.INITIATOR + "2")));
  }

  @Test
  void refusesNamesThatAreTooLong() {
    assertEquals(
        0x0200,
        status(login(1, 3, "InitiatorName", "iqn." + "x".repeat(230), "SessionType", "Discovery")));
  }

  @Test
  void dropsALoginThatTakesTooLong() {
    host.pass(host.settings.loginTimeout().minusNanos(1));
    assertEquals(Connection.Phase.LOGIN, host.connection.phase());
    host.pass(Duration.ofNanos(1));
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
  }

  @Test
  void answersIrrelevantInDiscovery() {
    LoginResponse response =
        login(
            1,
            3,
            "InitiatorName",
            Harness.INITIATOR,
            "SessionType",
            "Discovery",
            "MaxBurstLength",
            "65536",
            "DefaultTime2Wait",
            "3");
    assertEquals("Irrelevant", keys(response).get("MaxBurstLength"));
    assertEquals("3", keys(response).get("DefaultTime2Wait"));
    assertFalse(keys(response).containsKey("TargetPortalGroupTag"));
    assertEquals(List.of(), unit.attached());
  }

  @Test
  void reinstatesASession() {
    Harness first = new Harness(directory).loggedIn();
    unit.hold();
    first.receive(first.read(0, 1, 512));
    assertEquals(1, unit.held().size());
    unit.holdFunctions();

    Harness second = new Harness(first.settings, directory, first.registry);
    List<TargetPdu> early = second.exchange(second.login(1, 3, Harness.text(NAMES)));
    assertEquals(List.of(), early, "answered before the old session has ended");
    first.settle();
    assertEquals(List.of(), second.sent(), "answered while the old session's task runs");
    assertEquals(Connection.Phase.ENDED, first.connection.phase());
    assertEquals(List.of("ABORT_TASK_SET 0"), unit.managed());
    assertEquals(1, second.registry.sessions().size());

    unit.releaseFunctions();
    LoginResponse response = Harness.only(LoginResponse.class, second.sent());
    assertEquals(0, status(response));
    assertEquals(0, unit.attached().size(), "the old nexus is gone");
    second.exchange(second.ready(second.nextCmdSn()));
    assertEquals(1, unit.attached().size(), "the new is there");
    assertEquals(List.of(), first.sent());
  }

  @Test
  void reinstatesASessionThatHasNothingToDo() {
    Harness first = new Harness(directory).loggedIn();
    Harness second = new Harness(first.settings, directory, first.registry);
    assertEquals(List.of(), second.exchange(second.login(1, 3, Harness.text(NAMES))));
    first.settle();
    assertEquals(Connection.Phase.ENDED, first.connection.phase());
    assertEquals(0, status(Harness.only(LoginResponse.class, second.sent())));
    assertEquals(Connection.Phase.FULL_FEATURE, second.connection.phase());
    second.exchange(second.ready(second.nextCmdSn()));
    assertEquals(1, unit.attached().size());
    assertEquals(1, second.registry.sessions().size());
  }

  @Test
  void keepsSessionsOfOtherPortsOfTheSameInitiator() {
    Harness first = new Harness(directory).loggedIn();
    Harness second = new Harness(first.settings, directory, first.registry);
    second.exchange(
        new LoginRequest(
            true, false, 1, 3, 0, 0, Harness.ISID + 1, 0, 0, 1, 100, 0, Harness.text(NAMES)));
    assertEquals(Connection.Phase.FULL_FEATURE, first.connection.phase());
    assertEquals(2, second.registry.sessions().size());
    first.exchange(first.ready(first.nextCmdSn()));
    second.exchange(second.ready(second.nextCmdSn()));
    assertEquals(2, unit.attached().size());
  }

  @Test
  void waitsForTheTasksOfEverySessionBefore() {
    Harness first = new Harness(directory).loggedIn();
    unit.hold();
    unit.holdFunctions();
    first.receive(first.read(0, 1, 512));
    Harness second = new Harness(first.settings, directory, first.registry);
    second.receive(second.login(1, 3, Harness.text(NAMES)));
    first.settle();
    Harness third = new Harness(first.settings, directory, first.registry);
    third.receive(third.login(1, 3, Harness.text(NAMES)));
    second.settle();
    assertEquals(Connection.Phase.ENDED, second.connection.phase());
    assertEquals(List.of(), third.sent());
    unit.releaseFunctions();
    assertEquals(0, status(Harness.only(LoginResponse.class, third.sent())));
  }

  @Test
  void dropsWhoeverSendsBeforeTheLoginIsAnswered() {
    Harness first = new Harness(directory).loggedIn();
    unit.hold();
    unit.holdFunctions();
    first.receive(first.read(0, 1, 512));
    Harness second = new Harness(first.settings, directory, first.registry);
    second.receive(second.login(1, 3, Harness.text(NAMES)));
    second.receive(second.ready(100));
    assertEquals(Connection.Phase.ENDED, second.connection.phase());
    assertEquals(1, unit.executed().size());
  }
}
