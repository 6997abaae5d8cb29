package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TextKeys;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CHAP in the security stage: RFC 7143 sections 9.2.1 and 12.1.3, RFC 1994. */
class ChapTest {
  private static final String USER = "host-user";
  private static final String SECRET = "correct horse battery";
  private static final String TARGET_USER = "target-user";
  private static final String TARGET_SECRET = "staple of another kind";
  private static final byte[] CHALLENGE =
      HexFormat.of().parseHex("00112233445566778899aabbccddeeff");

  private static final Admission ONE_WAY =
      new Admission(
          true, Optional.of(new Credentials(USER, SECRET)), Optional.empty(), Optional.empty());
  private static final Admission MUTUAL =
      new Admission(
          true,
          Optional.of(new Credentials(USER, SECRET)),
          Optional.of(new Credentials(TARGET_USER, TARGET_SECRET)),
          Optional.empty());

  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit).admits(ONE_WAY);
  private Harness host = new Harness(directory);

  private static Map<String, String> names(String... more) {
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("InitiatorName", Harness.INITIATOR);
    keys.put("SessionType", "Normal");
    keys.put("TargetName", FakeDirectory.TARGET);
    for (int i = 0; i < more.length; i += 2) {
      keys.put(more[i], more[i + 1]);
    }
    return keys;
  }

  /** A request without the T bit, which has to be answered well. */
  private TextKeys step(Map<String, String> keys) {
    LoginResponse response = host.answer(LoginResponse.class, host.stay(0, Harness.text(keys)));
    assertEquals(0, response.statusClass(), () -> host.connection.reason());
    assertFalse(response.transit());
    return TextKeys.parse(response.data());
  }

  private static String value(TextKeys keys, String key) {
    return keys.value(key).orElse("");
  }

  /** Goes as far as the challenge. */
  private TextKeys challenged(ChapInitiator initiator) {
    assertEquals("CHAP", value(step(names("AuthMethod", "CHAP,None")), "AuthMethod"));
    return step(initiator.proposal());
  }

  private static ChapInitiator initiator() {
    return new ChapInitiator(USER, SECRET, "5");
  }

  private void assertRefused(int current, Map<String, String> keys) {
    host.receive(host.login(current, current == 0 ? 1 : 3, Harness.text(keys)));
    assertRefused(LoginStatus.AUTHENTICATION_FAILURE);
  }

  private void assertRefused(LoginStatus status) {
    host.pass(host.settings.chap().failureDelay());
    LoginResponse response = Harness.only(LoginResponse.class, host.sent());
    assertEquals(
        Optional.of(status), LoginStatus.of(response.statusClass(), response.statusDetail()));
    assertFalse(response.transit());
    assertTrue(host.connection.over());
    assertTrue(host.connection.loginRefused());
    String reason = host.connection.reason();
    assertTrue(reason.contains(Harness.INITIATOR), reason);
    assertTrue(reason.contains(FakeDirectory.TARGET), reason);
    assertFalse(reason.contains(SECRET) || reason.contains(TARGET_SECRET), reason);
    assertFalse(reason.contains("0x"), reason);
    assertEquals(0, unit.attached().size());
  }

  private void assertLoggedIn(LoginResponse last) {
    assertEquals(0, last.statusClass(), () -> host.connection.reason());
    assertTrue(last.transit());
    assertEquals(1, last.nextStage());
    LoginResponse end =
        host.answer(LoginResponse.class, host.login(1, 3, Harness.text("ImmediateData", "Yes")));
    assertEquals(0, end.statusClass());
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    host.exchange(host.ready(host.nextCmdSn()));
    assertEquals(1, unit.attached().size());
  }

  /** What other programs compute for the secret "moongate-secret". */
  @ParameterizedTest
  @CsvSource({
    "5, a6adfbf2b3a9bc5c32afa582edf5463b",
    "6, e143ea06b2539a8c71f18aab5e39d0f9b67353d0",
    "7, faa9357708de9f861fbc24f6cd97f8fd493faac4a213a09e44eb51157ce37587",
    "8, 0b5071fb14f856aeabb37a560ed53b25a7ccbfa11c91d8b7969145eb79a4d033",
  })
  void computesWhatEverybodyDoes(int number, String expected) {
    byte[] challenge = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
    ChapAlgorithm algorithm = ChapAlgorithm.of(number).orElseThrow();
    byte[] response = algorithm.response(0x2A, "moongate-secret", challenge);
    assertEquals(expected, HexFormat.of().formatHex(response));
    assertEquals(algorithm.length(), response.length);
  }

  @ParameterizedTest
  @EnumSource(ChapAlgorithm.class)
  void letsInWhoKnowsTheSecret(ChapAlgorithm algorithm) {
    ChapInitiator initiator = new ChapInitiator(USER, SECRET, Integer.toString(algorithm.number()));
    TextKeys asked = challenged(initiator);
    assertEquals(Integer.toString(algorithm.number()), value(asked, "CHAP_A"));
    int length = ChapInitiator.hex(value(asked, "CHAP_C")).length;
    assertTrue(length >= algorithm.length() && length <= 1024, "length " + length);
    LoginResponse last =
        host.answer(LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked))));
    assertEquals(TextKeys.none(), TextKeys.parse(last.data()));
    assertLoggedIn(last);
  }

  @ParameterizedTest
  @EnumSource(ChapAlgorithm.class)
  void provesItselfToo(ChapAlgorithm algorithm) {
    directory.admits(MUTUAL);
    ChapInitiator initiator =
        new ChapInitiator(USER, SECRET, Integer.toString(algorithm.number()))
            .asking(TARGET_USER, TARGET_SECRET, 255, CHALLENGE)
            .inBase64();
    TextKeys asked = challenged(initiator);
    LoginResponse last =
        host.answer(LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked))));
    assertTrue(initiator.believes(TextKeys.parse(last.data())));
    assertLoggedIn(last);
  }

  @Test
  void needNotProveItselfWhenItIsNotAsked() {
    directory.admits(MUTUAL);
    ChapInitiator initiator = initiator();
    TextKeys asked = challenged(initiator);
    assertLoggedIn(
        host.answer(
            LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked)))));
  }

  @Test
  void letsTheInitiatorLeaveTheStageLater() {
    ChapInitiator initiator = initiator();
    assertEquals(TextKeys.none(), step(initiator.response(challenged(initiator))));
    assertLoggedIn(host.answer(LoginResponse.class, host.login(0, 1, Harness.text(Map.of()))));
  }

  @Test
  void takesSecretsAndNamesThatAreNotAscii() {
    directory.admits(
        new Admission(
            true,
            Optional.of(new Credentials("hôte", "pässword-日本語-🔒")),
            Optional.empty(),
            Optional.empty()));
    ChapInitiator initiator = new ChapInitiator("hôte", "pässword-日本語-🔒", "7");
    TextKeys asked = challenged(initiator);
    assertLoggedIn(
        host.answer(
            LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked)))));
  }

  @ParameterizedTest
  @CsvSource({
    "'7,5', all, 7",
    "'5,7', all, 5",
    "'99,8,5', all, 8",
    "'nonsense,-5,+7,,6', all, 6",
    "'5,6,7,8', SHA-256, 7",
    "'0x7', all, 7",
  })
  void takesTheFirstAlgorithmOfTheListThatIsAllowed(String list, String allowed, String chosen) {
    String setting =
        allowed.equals("all") ? "" : "moongate.iscsi.chap.algorithms = \"" + allowed + "\"";
    host = new Harness(Harness.settings(setting), directory);
    assertEquals(chosen, value(challenged(new ChapInitiator(USER, SECRET, list)), "CHAP_A"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "99", "", "MD5", "261", "256,1", "8 "})
  void refusesAlgorithmsThatAreNotAllowed(String list) {
    host = new Harness(Harness.settings("moongate.iscsi.chap.algorithms = SHA3-256"), directory);
    step(names("AuthMethod", "CHAP"));
    assertRefused(0, Map.of("CHAP_A", list));
  }

  @ParameterizedTest
  @CsvSource({
    "host-user, wrong horse battery",
    "other-user, correct horse battery",
    "HOST-USER, correct horse battery",
    "'', correct horse battery",
    "host-user, 'correct horse battery '",
    "host-user, ''",
  })
  void refusesWrongCredentials(String name, String secret) {
    ChapInitiator initiator = new ChapInitiator(name, secret, "7");
    TextKeys asked = challenged(initiator);
    assertRefused(0, initiator.response(asked));
  }

  @Test
  void refusesAResponseWithAnyBitChanged() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 20; i++) {
      host = new Harness(directory);
      ChapInitiator initiator = initiator();
      Map<String, String> keys = initiator.response(challenged(initiator));
      byte[] response = ChapInitiator.hex(keys.get("CHAP_R"));
      response[random.nextInt(response.length)] ^= (byte) (1 << random.nextInt(8));
      keys.put("CHAP_R", initiator.text(response));
      assertRefused(0, keys);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0x", "0b", "12345", "0xzz", "short", "0x00", "0b!!"})
  void refusesResponsesThatAreNone(String response) {
    ChapInitiator initiator = initiator();
    Map<String, String> keys = initiator.response(challenged(initiator));
    keys.put("CHAP_R", response);
    assertRefused(0, keys);
  }

  @Test
  void refusesValuesThatAreTooLong() {
    directory.admits(MUTUAL);
    String[][] tooLong = {
      {"CHAP_R", "0x" + "00".repeat(1025)},
      {"CHAP_C", "0x" + "00".repeat(1025)},
      {"CHAP_C", "0b" + "AAAA".repeat(342)},
      {"CHAP_N", "n".repeat(256)},
      {"CHAP_I", "256"},
      {"CHAP_I", "-1"},
      {"CHAP_I", ""},
      {"CHAP_C", "0x"},
      {"CHAP_C", ""},
      {"CHAP_C", "77"},
    };
    for (String[] change : tooLong) {
      host = new Harness(directory);
      ChapInitiator initiator = initiator().asking(TARGET_USER, TARGET_SECRET, 1, CHALLENGE);
      Map<String, String> keys = initiator.response(challenged(initiator));
      keys.put(change[0], change[1]);
      assertRefused(0, keys);
    }
  }

  @Test
  void answersTheLongestChallenge() {
    directory.admits(MUTUAL);
    ChapInitiator initiator = initiator().asking(TARGET_USER, TARGET_SECRET, 0, new byte[1024]);
    TextKeys asked = challenged(initiator);
    LoginResponse last =
        host.answer(LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked))));
    assertTrue(initiator.believes(TextKeys.parse(last.data())));
  }

  @Test
  void refusesItsOwnChallenge() {
    directory.admits(MUTUAL);
    TextKeys asked = challenged(initiator());
    ChapInitiator reflecting =
        initiator()
            .asking(TARGET_USER, TARGET_SECRET, 9, ChapInitiator.hex(value(asked, "CHAP_C")));
    assertRefused(0, reflecting.response(asked));
    assertTrue(host.connection.reason().contains("own challenge"), host.connection.reason());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusesOneSecretForBothDirections(boolean mutual) {
    directory.admits(
        new Admission(
            true,
            Optional.of(new Credentials(USER, SECRET)),
            Optional.of(new Credentials(TARGET_USER, SECRET)),
            Optional.empty()));
    ChapInitiator initiator = initiator();
    if (mutual) {
      initiator.asking(TARGET_USER, SECRET, 1, CHALLENGE);
    }
    TextKeys asked = challenged(initiator);
    assertRefused(0, initiator.response(asked));
    assertTrue(host.connection.reason().contains("same CHAP secret"), host.connection.reason());
  }

  @Test
  void saysNothingOfSharedSecretsToWhoDoesNotKnowThem() {
    directory.admits(
        new Admission(
            true,
            Optional.of(new Credentials(USER, SECRET)),
            Optional.of(new Credentials(TARGET_USER, SECRET)),
            Optional.empty()));
    ChapInitiator initiator = new ChapInitiator(USER, "something else", "5");
    TextKeys asked = challenged(initiator);
    assertRefused(0, initiator.response(asked));
    assertTrue(host.connection.reason().contains("wrong CHAP"), host.connection.reason());
  }

  @Test
  void refusesToProveItselfWithoutCredentials() {
    ChapInitiator initiator = initiator().asking(TARGET_USER, TARGET_SECRET, 1, CHALLENGE);
    TextKeys asked = challenged(initiator);
    assertRefused(0, initiator.response(asked));
    assertTrue(
        host.connection.reason().contains("has no CHAP credentials"), host.connection.reason());
  }

  @Test
  void answersNoChallengeOfWhoIsNotProven() {
    directory.admits(MUTUAL);
    ChapInitiator initiator =
        new ChapInitiator(USER, "guess", "5").asking(TARGET_USER, TARGET_SECRET, 1, CHALLENGE);
    TextKeys asked = challenged(initiator);
    host.receive(host.stay(0, Harness.text(initiator.response(asked))));
    host.pass(host.settings.chap().failureDelay());
    assertEquals(0, Harness.only(LoginResponse.class, host.sent()).data().size());
  }

  @Test
  void refusesAResponseOfAnotherLogin() {
    ChapInitiator initiator = initiator();
    Map<String, String> overheard = initiator.response(challenged(initiator));
    host = new Harness(directory);
    challenged(initiator());
    assertRefused(0, overheard);
  }

  @Test
  void challengesEveryLoginAnew() {
    TextKeys one = challenged(initiator());
    host = new Harness(directory);
    assertNotEquals(value(one, "CHAP_C"), value(challenged(initiator()), "CHAP_C"));
  }

  @Test
  void refusesStepsOutOfOrder() {
    Map<String, String> response = Map.of("CHAP_N", USER, "CHAP_R", "0x00");
    assertRefused(0, names("CHAP_A", "5"));
    host = new Harness(directory);
    assertRefused(0, names("AuthMethod", "CHAP", "CHAP_A", "5"));
    host = new Harness(directory);
    assertRefused(0, names("CHAP_N", USER, "CHAP_R", "0x00"));
    host = new Harness(directory);
    step(names("AuthMethod", "CHAP"));
    assertRefused(0, response);
    host = new Harness(directory);
    step(names("AuthMethod", "CHAP"));
    assertRefused(0, Map.of("CHAP_A", "5", "CHAP_N", USER, "CHAP_R", "0x00"));
    host = new Harness(directory);
    step(names("AuthMethod", "CHAP"));
    assertRefused(0, Map.of("CHAP_A", "5", "CHAP_I", "1", "CHAP_C", "0x00"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"})
  void refusesAResponseThatIsNotWhole(String missing) {
    directory.admits(MUTUAL);
    ChapInitiator initiator = initiator().asking(TARGET_USER, TARGET_SECRET, 1, CHALLENGE);
    Map<String, String> keys = new HashMap<>(initiator.response(challenged(initiator)));
    keys.remove(missing);
    assertRefused(0, keys);
  }

  @Test
  void refusesTheMutualHalfAfterTheEnd() {
    directory.admits(MUTUAL);
    ChapInitiator initiator = initiator();
    step(initiator.response(challenged(initiator)));
    assertRefused(0, Map.of("CHAP_I", "1", "CHAP_C", "0x0011"));
  }

  @Test
  void refusesAnythingTwice() {
    ChapInitiator initiator = initiator();
    challenged(initiator);
    host.receive(host.stay(0, Harness.text(initiator.proposal())));
    assertRefused(LoginStatus.INITIATOR_ERROR);

    host = new Harness(directory);
    Map<String, String> response = initiator.response(challenged(initiator));
    step(response);
    host.receive(host.stay(0, Harness.text(response)));
    assertRefused(LoginStatus.INITIATOR_ERROR);

    host = new Harness(directory);
    step(names("AuthMethod", "CHAP"));
    host.receive(host.stay(0, Harness.text("AuthMethod", "None")));
    assertRefused(LoginStatus.INITIATOR_ERROR);
  }

  @Test
  void refusesWhoSkipsTheSecurityStage() {
    assertRefused(1, names());
  }

  @ParameterizedTest
  @ValueSource(strings = {"None", "KRB5,None", "", "Reject", "chap", "SRP"})
  void refusesWhoOffersNoChap(String methods) {
    assertRefused(0, names("AuthMethod", methods));
  }

  @Test
  void prefersChapEvenWhenTheInitiatorDoesNot() {
    assertEquals("CHAP", value(step(names("AuthMethod", "None,CHAP")), "AuthMethod"));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 3"})
  void leavesTheStageForNobodyWhoIsNotProven(int current, int next) {
    LoginResponse first =
        host.answer(
            LoginResponse.class,
            host.login(current, next, Harness.text(names("AuthMethod", "CHAP,None"))));
    assertEquals(0, first.statusClass());
    assertFalse(first.transit());
    assertEquals(0, first.nextStage());
    assertFalse(
        host.answer(LoginResponse.class, host.login(current, next, Harness.text(Map.of())))
            .transit());
    LoginResponse challenge =
        host.answer(
            LoginResponse.class, host.login(current, next, Harness.text(initiator().proposal())));
    assertFalse(challenge.transit());
    assertFalse(
        host.answer(LoginResponse.class, host.login(current, next, Harness.text(Map.of())))
            .transit());
    assertEquals(Connection.Phase.LOGIN, host.connection.phase());
    host.receive(host.login(1, 3, Harness.text(Map.of())));
    assertRefused(LoginStatus.INITIATOR_ERROR);
  }

  @Test
  void passesStraightToFullFeatureWhenProven() {
    ChapInitiator initiator = initiator();
    TextKeys asked = challenged(initiator);
    LoginResponse last =
        host.answer(LoginResponse.class, host.login(0, 3, Harness.text(initiator.response(asked))));
    assertTrue(last.transit());
    assertEquals(3, last.nextStage());
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
  }

  @Test
  void proposesChapToWhoProposesNothing() {
    assertEquals("CHAP", value(step(names()), "AuthMethod"));
    assertEquals(TextKeys.none(), step(Map.of("AuthMethod", "CHAP")));
    ChapInitiator initiator = initiator();
    TextKeys asked = step(initiator.proposal());
    assertLoggedIn(
        host.answer(
            LoginResponse.class, host.login(0, 1, Harness.text(initiator.response(asked)))));
  }

  @Test
  void proposesChapOnlyOnce() {
    step(names());
    assertRefused(0, Map.of());
  }

  @Test
  void refusesAnAnswerOfNoneToItsProposal() {
    step(names());
    assertRefused(0, Map.of("AuthMethod", "None"));
  }

  @Test
  void keepsTheAnswerToAFailureBack() {
    host = new Harness(Harness.settings("moongate.iscsi.chap.failure-delay = 3 s"), directory);
    host.receive(host.login(1, 3, Harness.text(names())));
    host.pass(host.settings.chap().failureDelay().minusNanos(1));
    assertFalse(host.connection.hasOutput());
    assertFalse(host.connection.wantsInput());
    assertFalse(host.connection.over());
    host.pass(java.time.Duration.ofNanos(1));
    assertTrue(host.connection.hasOutput());
  }

  @Test
  void letsNobodyInWithASecretThatWasChangedMeanwhile() {
    ChapInitiator initiator = initiator();
    TextKeys asked = challenged(initiator);
    host.exchange(host.login(0, 1, Harness.text(initiator.response(asked))));
    directory.admits(
        new Admission(
            true,
            Optional.of(new Credentials(USER, "a new secret")),
            Optional.empty(),
            Optional.empty()));
    assertRefused(1, Map.of());
  }
}
