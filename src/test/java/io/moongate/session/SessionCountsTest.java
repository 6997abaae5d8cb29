package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.Admission;
import io.moongate.wire.TargetPdu.LoginResponse;
import java.util.Map;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Logins are counted by what they were answered. */
class SessionCountsTest {
  private static final ByteString NAMES =
      Harness.text(
          "InitiatorName",
          Harness.INITIATOR,
          "SessionType",
          "Normal",
          "TargetName",
          FakeDirectory.TARGET);

  private final FakeDirectory directory = FakeDirectory.of(new FakeUnit(1 << 20));
  private final Harness host = new Harness(directory);

  @Test
  void aLoginThatIsGranted() {
    host.answer(LoginResponse.class, host.login(1, 3, NAMES));
    assertEquals(Map.of("success", 1L), host.registry.counts().logins());
  }

  @Test
  void aLoginThatIsRefused() {
    directory.admits(Admission.REFUSED);
    host.answer(LoginResponse.class, host.login(1, 3, NAMES));
    assertEquals(Map.of("authorization_failure", 1L), host.registry.counts().logins());
  }
}
