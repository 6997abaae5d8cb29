package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.Nexus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionRegistryTest {
  private final SessionRegistry registry = new SessionRegistry(Harness.settings(""));
  private final List<String> closed = new ArrayList<>();

  private void session(String initiator, Optional<String> target) {
    String label = initiator + "@" + target.orElse("discovery");
    ConnectionControl control =
        new ConnectionControl() {
          @Override
          public void close(String reason) {
            closed.add(label + ": " + reason);
          }

          @Override
          public void requestLogout(Duration within) {
            throw new AssertionError("not asked for");
          }
        };
    LoginPhase.Granted granted =
        new LoginPhase.Granted(initiator, "", 1, 0, 0, Optional.empty(), null, null);
    LiveSession session =
        new LiveSession(granted, target.map(name -> new Nexus(initiator, 1, name, 1)));
    session.add(new LiveConnection(1, "peer", "portal", control));
    registry.begin(session);
  }

  @Test
  void sessionsOfSomeInitiatorsWithOneTargetAreClosed() {
    session("a", Optional.of("t"));
    session("a", Optional.of("u"));
    session("a", Optional.empty());
    session("b", Optional.of("t"));
    registry.closeInitiators("t", "a"::equals, "why");
    assertEquals(List.of("a@t: why"), closed);
    registry.closeInitiators("none", initiator -> true, "why");
    assertEquals(1, closed.size());
  }
}
