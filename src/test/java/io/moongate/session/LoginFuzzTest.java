package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.scsi.ManualTimer;
import io.moongate.scsi.TargetDirectory.Portal;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.LoginResponse;
import io.moongate.wire.TextKeys;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any sequence of PDUs and bytes in the login phase, with and without CHAP: no exception, nothing
 * held afterwards, the next login works, and nobody gets in who does not know the secret.
 */
class LoginFuzzTest {
  private static final SessionSettings USUAL = Harness.settings("");
  private static final SessionSettings FEW =
      Harness.settings("moongate.iscsi { max-sessions = 1, max-gateway-bytes = 1 MiB }");
  private static final String SECRET = "a secret of some length";
  private static final Credentials INITIATOR = new Credentials("user", SECRET);
  private static final Credentials TARGET = new Credentials("target", "another secret of its own");

  private static final List<Admission> ADMISSIONS =
      List.of(
          Admission.OPEN,
          new Admission(true, Optional.of(INITIATOR), Optional.empty(), Optional.empty()),
          new Admission(true, Optional.of(INITIATOR), Optional.of(TARGET), Optional.empty()),
          Admission.REFUSED,
          new Admission(
              true,
              Optional.empty(),
              Optional.empty(),
              Optional.of(new Portal("192.0.2.7", 3260, 1))));

  private static final List<String> TEXTS =
      List.of(
          "InitiatorName=" + Harness.INITIATOR + "\0",
          "TargetName=" + FakeDirectory.TARGET + "\0",
          "SessionType=Discovery\0",
          "SessionType=Normal\0",
          "AuthMethod=CHAP,None\0",
          "AuthMethod=CHAP\0",
          "AuthMethod=None\0",
          "CHAP_A=5,6,7,8\0",
          "CHAP_A=8\0",
          "CHAP_N=user\0",
          "CHAP_I=7\0CHAP_C=0x0102030405060708\0",
          "CHAP_R=0x00112233445566778899aabbccddeeff\0",
          "HeaderDigest=CRC32C,None\0",
          "DataDigest=CRC32C\0",
          "MaxRecvDataSegmentLength=512\0",
          "MaxRecvDataSegmentLength=0x10000\0",
          "MaxBurstLength=16776192\0FirstBurstLength=65536\0",
          "InitialR2T=No\0ImmediateData=No\0MaxOutstandingR2T=8\0",
          "ErrorRecoveryLevel=2\0MaxConnections=8\0",
          "DefaultTime2Wait=0\0DefaultTime2Retain=0\0DataPDUInOrder=No\0",
          "InitiatorAlias=somebody\0",
          "X-com.example.key=1\0",
          "SendTargets=All\0");

  @DictionaryEntries({
    "InitiatorName=",
    "TargetName=",
    "SessionType=Discovery",
    "AuthMethod=CHAP",
    "CHAP_A=5",
    "CHAP_R=0x",
    "CHAP_C=0b",
    "HeaderDigest=CRC32C",
    "MaxConnections=",
    "NotUnderstood",
    "Irrelevant",
    "Reject"
  })
  @FuzzTest(maxDuration = "10m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    Admission admission = script.pick(ADMISSIONS);
    SessionSettings settings = script.flag() ? FEW : USUAL;
    ManualTimer timer = new ManualTimer();
    FakeUnit unit = new FakeUnit(1 << 16);
    FakeDirectory directory = FakeDirectory.of(unit);
    directory.admits(admission);
    directory.admitsToDiscovery(admission);
    SessionRegistry registry = new SessionRegistry(settings);
    FuzzedConnection connection = new FuzzedConnection(settings, directory, registry, timer);
    boolean proven = false;
    TextKeys asked = TextKeys.none();
    while (script.hasMore() && connection.phase() == Connection.Phase.LOGIN) {
      int kind = script.u8();
      switch (kind & 7) {
        case 6 -> connection.feed(ByteString.fromArray(script.take(script.u8())));
        case 7 -> connection.pass(Duration.ofMillis(100L * script.u8()));
        default -> {
          ByteString text = text(script);
          if ((kind & 0x40) != 0 && asked.value("CHAP_C").isPresent()) {
            proven |= (kind & 0x80) != 0;
            text = text.concat(response(asked, (kind & 0x80) != 0 ? SECRET : "a guess"));
          }
          connection.send(request(script, kind, text), 1 + script.u8());
        }
      }
      for (TargetPdu pdu : connection.sent()) {
        asked = check((LoginResponse) pdu, asked);
      }
    }
    if (connection.phase() == Connection.Phase.FULL_FEATURE) {
      assertTrue(admission.allowed(), "let in who is not on the list");
      assertTrue(proven || admission.initiator().isEmpty(), "let in who does not know the secret");
      assertEquals(1, registry.sessions().size());
    }
    connection.end();
    FuzzedConnection.assertNothingHeld(registry);
    assertEquals(List.of(), unit.attached());
    directory.admits(Admission.OPEN);
    assertNextLoginWorks(settings, directory, registry, timer);
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(LoginFuzzTest.class, 20_000, this::fuzz);
  }

  private static TextKeys check(LoginResponse response, TextKeys asked) {
    assertTrue(response.data().size() <= 8192, "longer than any initiator has to take");
    if (response.statusClass() != 0) {
      assertNotEquals(true, response.transit());
    }
    try {
      TextKeys keys = TextKeys.parse(response.data());
      boolean challenge = keys.value("CHAP_C").filter(value -> value.startsWith("0x")).isPresent();
      return challenge ? keys : asked;
    } catch (io.moongate.wire.ProtocolException part) {
      return asked; // of an answer in several parts
    }
  }

  private static LoginRequest request(Script script, int kind, ByteString text) {
    // Most are as they should be: what follows an absurd one is never reached.
    int flags = script.u8();
    boolean transit = (flags & 1) != 0;
    int current = (flags & 2) != 0 ? 0 : 1;
    int next = (flags & 4) != 0 ? 1 : 3;
    boolean odd = (kind & 0x38) == 0x38;
    return new LoginRequest(
        transit,
        (flags & 0x30) == 0x30,
        odd ? script.u8() & 3 : current,
        odd ? script.u8() & 3 : next,
        0,
        odd ? script.below(2) : 0,
        Harness.ISID,
        odd ? script.u16() : 0,
        0,
        1,
        odd ? script.i32() : 100,
        0,
        text);
  }

  private static ByteString text(Script script) {
    ByteString text = ByteString.emptyByteString();
    int parts = script.below(8);
    for (int i = 0; i < parts; i++) {
      int which = script.u8();
      byte[] bytes =
          which == 0xFF
              ? script.take(script.u8())
              : TEXTS.get(which % TEXTS.size()).getBytes(StandardCharsets.UTF_8);
      text = text.concat(ByteString.fromArray(bytes));
    }
    int padding = script.u8();
    if (padding >= 0xF8) {
      // A key without end, to be continued.
      text = text.concat(ByteString.fromArray(new byte[(padding - 0xF7) * 1000 - 200]));
    }
    return text.take(8192);
  }

  private static ByteString response(TextKeys asked, String secret) {
    return Harness.text(new ChapInitiator("user", secret, "5").response(asked));
  }

  private static void assertNextLoginWorks(
      SessionSettings settings,
      FakeDirectory directory,
      SessionRegistry registry,
      ManualTimer timer) {
    FuzzedConnection next = new FuzzedConnection(settings, directory, registry, timer);
    Harness shape = new Harness(settings, directory, registry);
    next.send(
        shape.login(
            1, 3, Harness.text(TestInitiator.keys(Harness.INITIATOR, FakeDirectory.TARGET))),
        48);
    assertEquals(Connection.Phase.FULL_FEATURE, next.phase());
    next.end();
    FuzzedConnection.assertNothingHeld(registry);
  }
}
