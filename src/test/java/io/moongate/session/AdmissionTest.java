package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.scsi.TargetDirectory.Portal;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TextKeys;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may log in, and where: RFC 7143 sections 11.13.5 and 13.8. */
class AdmissionTest {
  private static final ByteString NAMES =
      Harness.text(
          "InitiatorName",
          Harness.INITIATOR,
          "SessionType",
          "Normal",
          "TargetName",
          FakeDirectory.TARGET);
  private static final ByteString DISCOVERY =
      Harness.text("InitiatorName", Harness.INITIATOR, "SessionType", "Discovery");

  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final Harness host = new Harness(directory);

  private static Admission redirect(String address) {
    return new Admission(
        true,
        Optional.of(new Credentials("user", "a secret of some length")),
        Optional.empty(),
        Optional.of(new Portal(address, 3261, 4)));
  }

  private static LoginStatus status(LoginResponse response) {
    return LoginStatus.of(response.statusClass(), response.statusDetail()).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void refusesWhoIsNotOnTheList(int stage) {
    directory.admits(Admission.REFUSED);
    LoginResponse response = host.answer(LoginResponse.class, host.login(stage, 3, NAMES));
    assertEquals(LoginStatus.AUTHORIZATION_FAILURE, status(response));
    assertTrue(host.connection.over());
    assertTrue(host.connection.loginRefused());
    assertEquals(0, unit.attached().size());
    assertTrue(host.connection.reason().contains(Harness.INITIATOR));
  }

  @Test
  void refusesWhoWasTakenOffTheListDuringTheLogin() {
    assertEquals(0, host.answer(LoginResponse.class, host.login(0, 1, NAMES)).statusClass());
    directory.admits(Admission.REFUSED);
    LoginResponse response =
        host.answer(LoginResponse.class, host.login(1, 3, ByteString.emptyByteString()));
    assertEquals(LoginStatus.AUTHORIZATION_FAILURE, status(response));
    assertEquals(0, unit.attached().size());
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.7, 192.0.2.7:3261",
    "2001:db8::7, [2001:db8::7]:3261",
    "gw2.example.com, gw2.example.com:3261"
  })
  void sendsElsewhereWithoutALogin(String address, String expected) {
    directory.admits(redirect(address));
    LoginResponse response = host.answer(LoginResponse.class, host.login(1, 3, NAMES));
    assertEquals(LoginStatus.TARGET_MOVED_TEMPORARILY, status(response));
    assertFalse(response.transit());
    assertEquals(TextKeys.none().with("TargetAddress", expected), TextKeys.parse(response.data()));
    assertTrue(host.connection.over());
    assertFalse(host.connection.loginRefused(), "nothing to warn of");
    assertEquals(0, unit.attached().size());
  }

  @Test
  void sendsALoginElsewhereThatHasBegun() {
    host.exchange(host.login(0, 1, NAMES));
    directory.admits(redirect("192.0.2.7"));
    LoginResponse response =
        host.answer(LoginResponse.class, host.login(1, 3, ByteString.emptyByteString()));
    assertEquals(LoginStatus.TARGET_MOVED_TEMPORARILY, status(response));
  }

  @Test
  void redirectsNoOneItWouldNotLetIn() {
    directory.admits(
        new Admission(
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.of(new Portal("192.0.2.7", 3260, 1))));
    LoginResponse response = host.answer(LoginResponse.class, host.login(1, 3, NAMES));
    assertEquals(LoginStatus.AUTHORIZATION_FAILURE, status(response));
    assertEquals(0, response.data().size());
  }

  @Test
  void redirectsNoFurtherConnectionOfASession() {
    directory.admits(redirect("192.0.2.7"));
    LoginRequest join =
        new LoginRequest(true, false, 0, 1, 0, 0, Harness.ISID, 77, 0, 2, 100, 0, NAMES);
    assertEquals(
        LoginStatus.SESSION_DOES_NOT_EXIST, status(host.answer(LoginResponse.class, join)));
  }

  @Test
  void asksForCredentialsInDiscovery() {
    Credentials credentials = new Credentials("discoverer", "a secret of some length");
    directory
        .admits(Admission.REFUSED)
        .admitsToDiscovery(
            new Admission(true, Optional.of(credentials), Optional.empty(), Optional.empty()));
    Harness stranger = new Harness(directory);
    stranger.receive(stranger.login(1, 3, DISCOVERY));
    stranger.pass(stranger.settings.chap().failureDelay());
    assertEquals(
        LoginStatus.AUTHENTICATION_FAILURE,
        status(Harness.only(LoginResponse.class, stranger.sent())));

    ChapInitiator initiator = new ChapInitiator("discoverer", "a secret of some length", "8");
    host.exchange(host.stay(0, DISCOVERY));
    host.exchange(host.stay(0, Harness.text("AuthMethod", "CHAP")));
    LoginResponse asked =
        host.answer(LoginResponse.class, host.stay(0, Harness.text(initiator.proposal())));
    LoginResponse last =
        host.answer(
            LoginResponse.class,
            host.login(0, 3, Harness.text(initiator.response(TextKeys.parse(asked.data())))));
    assertEquals(LoginStatus.SUCCESS, status(last));
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
  }

  @Test
  void refusesDiscoveryToWhoMayNot() {
    directory.admitsToDiscovery(Admission.REFUSED);
    assertEquals(
        LoginStatus.AUTHORIZATION_FAILURE,
        status(host.answer(LoginResponse.class, host.login(1, 3, DISCOVERY))));
  }
}
