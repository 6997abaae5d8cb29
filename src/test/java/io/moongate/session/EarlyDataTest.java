package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.Pdu;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** What an initiator sends before it can be used is counted, and bounded over all connections. */
class EarlyDataTest {
  private static final int BUSY = 0x08;
  private static final int MIB = 1 << 20;
  private static final int CHUNK = 65_536;

  /** An eighth of max-gateway-bytes may be early data, a sixteenth text of unfinished logins. */
  private static final SessionSettings SETTINGS =
      Harness.settings(
          "moongate.iscsi { max-gateway-bytes = 4 MiB, max-connection-bytes = 4 MiB }");

  private final FakeUnit unit = new FakeUnit(8 * MIB);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final SessionRegistry registry = new SessionRegistry(SETTINGS);

  private Harness host() {
    return new Harness(SETTINGS, directory, registry);
  }

  private static ScsiCommand numbered(ScsiCommand command, int cmdSn) {
    return new ScsiCommand(
        false,
        true,
        false,
        true,
        1,
        0,
        command.initiatorTaskTag(),
        command.expectedDataTransferLength(),
        cmdSn,
        0,
        command.cdb(),
        0,
        command.data());
  }

  private void assertNothingHeld() {
    assertEquals(0, registry.bytes());
    assertEquals(0, registry.budget().early.used());
    assertEquals(0, registry.budget().text.used());
    assertEquals(0, registry.budget().logins.used());
  }

  @Test
  void commandsOutOfOrderEndTheConnectionWhenTheirDataIsTooMuch() {
    Harness host = host().loggedIn();
    int first = host.nextCmdSn();
    int sent = 0;
    while (host.connection.phase() == Connection.Phase.FULL_FEATURE) {
      assertTrue(sent < 100, "no end to it");
      sent++;
      host.receive(
          numbered(host.write(0, 128, CHUNK, true, Harness.bytes(CHUNK, 1)), first + sent));
      assertTrue(registry.budget().early.used() <= MIB / 2);
    }
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
    assertEquals(9, sent);
    host.connection.disconnected();
    assertNothingHeld();
  }

  @Test
  void fewOutOfOrderWaitForTheirTurn() {
    Harness host = host().loggedIn();
    int first = host.nextCmdSn();
    host.receive(numbered(host.write(8, 128, CHUNK, true, Harness.bytes(CHUNK, 1)), first + 1));
    assertEquals(CHUNK, registry.budget().early.used());
    List<TargetPdu> answers = host.exchange(host.ready(first));
    assertEquals(2, answers.size());
    assertEquals(0, ((ScsiResponse) answers.get(1)).status());
    assertEquals(0, registry.budget().early.used());
  }

  /** Takes all the memory of the gateway, by a command whose data does not come. */
  private Harness hog() {
    Harness hog = new Harness(SETTINGS, directory, registry);
    hog.receive(
        new InitiatorPdu.LoginRequest(
            true,
            false,
            1,
            3,
            0,
            0,
            Harness.ISID + 1,
            0,
            0,
            1,
            100,
            0,
            Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET))));
    hog.sent();
    hog.receive(hog.write(0, 8192, 4L * MIB, true, ByteString.emptyByteString()));
    assertEquals(4L * MIB, registry.bytes());
    return hog;
  }

  @Test
  void commandsThatWaitForMemoryAreAnsweredBusyWhenTheirDataIsTooMuch() {
    Harness hog = hog();
    Harness host = host().loggedIn();
    List<TargetPdu> answers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      answers.addAll(host.exchange(host.write(0, 128, CHUNK, true, Harness.bytes(CHUNK, i))));
      assertTrue(registry.budget().early.used() <= MIB / 2);
    }
    assertEquals(13, answers.size());
    for (TargetPdu answer : answers) {
      assertEquals(BUSY, ((ScsiResponse) answer).status());
    }
    hog.connection.disconnected();
    assertEquals(7, host.sent().size(), "those that were kept are executed");
    host.connection.disconnected();
    assertNothingHeld();
  }

  @Test
  void anAbortedCommandThatWaitsForMemoryGivesItsDataUp() {
    Harness hog = hog();
    Harness host = host().loggedIn();
    ScsiCommand first = host.write(0, 128, CHUNK, true, Harness.bytes(CHUNK, 1));
    host.receive(first);
    for (int i = 0; i < 200; i++) {
      ScsiCommand command = host.write(0, 128, CHUNK, true, Harness.bytes(CHUNK, i));
      host.receive(command);
      host.answer(TaskManagementResponse.class, host.manage(1, 0, command.initiatorTaskTag(), 0));
      assertEquals(CHUNK + DataOutTransfer.PIECE_BYTES, registry.budget().early.used());
    }
    host.pass(SETTINGS.commandDeadline());
    assertEquals(BUSY, Harness.only(ScsiResponse.class, host.sent()).status());
    assertEquals(0, registry.budget().early.used());
    hog.connection.disconnected();
    host.connection.disconnected();
    assertNothingHeld();
  }

  @Test
  void textOfUnfinishedLoginsIsBoundedOverAllOfThem() {
    ByteString part = ByteString.fromArray(new byte[8000]);
    List<Harness> strangers = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < 10; i++) {
      Harness stranger = host();
      strangers.add(stranger);
      for (int j = 0; j < 8 && stranger.connection.phase() == Connection.Phase.LOGIN; j++) {
        LoginResponse response = stranger.answer(LoginResponse.class, continued(part));
        if (response.statusClass() != 0) {
          assertEquals(LoginStatus.OUT_OF_RESOURCES.statusClass(), response.statusClass());
          assertEquals(LoginStatus.OUT_OF_RESOURCES.detail(), response.statusDetail());
          refused++;
        }
        assertTrue(registry.budget().logins.used() <= MIB / 4);
      }
    }
    assertEquals(6, refused, "four of 64,000 bytes fit");
    Harness usual = host().loggedIn();
    usual.connection.disconnected();
    strangers.forEach(stranger -> stranger.pass(Duration.ofSeconds(15)));
    strangers.forEach(stranger -> stranger.connection.disconnected());
    assertNothingHeld();
  }

  private static InitiatorPdu continued(ByteString part) {
    return new InitiatorPdu.LoginRequest(
        false, true, 1, 0, 0, 0, Harness.ISID, 0, 0, 1, 100, 0, part);
  }

  @Test
  void aLongAnswerOfALoginIsCountedUntilItIsFetched() {
    Harness host = host();
    StringBuilder keys = new StringBuilder();
    TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET)
        .forEach((key, value) -> keys.append(key).append('=').append(value).append('\0'));
    for (int i = 0; i < 900; i++) {
      keys.append("X-%03d=\0".formatted(i));
    }
    ByteString text = ByteString.fromArray(keys.toString().getBytes(StandardCharsets.UTF_8));
    LoginResponse response = host.answer(LoginResponse.class, host.login(1, 3, text.take(8192)));
    assertEquals(0, response.statusClass(), () -> "not cut at a key: " + response);
    assertTrue(response.continued());
    assertTrue(registry.budget().logins.used() > 8192);
    while (!response(host).transit()) {
      assertEquals(Connection.Phase.LOGIN, host.connection.phase());
    }
    assertEquals(0, registry.budget().logins.used());
    host.connection.disconnected();
    assertNothingHeld();
  }

  private static LoginResponse response(Harness host) {
    return host.answer(LoginResponse.class, host.login(1, 3, ByteString.emptyByteString()));
  }

  @Test
  void textOfSessionsThatGoesOnIsBounded() {
    List<Harness> hosts = new ArrayList<>();
    int refused = 0;
    for (int i = 0; i < 10; i++) {
      Harness host = host();
      hosts.add(host);
      host.exchange(
          new InitiatorPdu.LoginRequest(
              true,
              false,
              1,
              3,
              0,
              0,
              Harness.ISID + i,
              0,
              0,
              1,
              100,
              0,
              Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET))));
      TargetPdu answer =
          Harness.only(
              TargetPdu.class,
              host.exchange(
                  new TextRequest(
                      false,
                      false,
                      true,
                      0,
                      7,
                      Pdu.RESERVED_TAG,
                      host.nextCmdSn(),
                      0,
                      ByteString.fromArray(new byte[60_000]))));
      refused += answer instanceof Reject ? 1 : 0;
      assertTrue(registry.budget().text.used() <= MIB / 4);
    }
    assertEquals(6, refused);
    hosts.forEach(host -> host.connection.disconnected());
    assertNothingHeld();
  }
}
