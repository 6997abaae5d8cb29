package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Nexus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SessionRegistryTest {
  private final SessionRegistry registry = new SessionRegistry(Harness.settings(""));
  private final List<String> closed = new ArrayList<>();
  private CompletableFuture<Void> begun;

  private LiveSession session(String initiator, Optional<String> target) {
    return session(initiator, 1, target);
  }

  private LiveSession session(String initiator, long isid, Optional<String> target) {
    LiveSession session = create(initiator, isid, target);
    begun = registry.begin(session).orElseThrow().toCompletableFuture();
    return session;
  }

  private LiveSession create(String initiator, long isid, Optional<String> target) {
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
        new LoginPhase.Granted(initiator, "", isid, 0, 0, Optional.empty(), null, null);
    LiveSession session =
        new LiveSession(granted, target.map(name -> new Nexus(initiator, isid, name, 1)));
    session.add(new LiveConnection(1, "peer", "portal", control));
    return session;
  }

  @Test
  void whoComesBackAsAnotherPortWaitsForTheEndOfTheFormer() {
    LiveSession former = session("a", 1, Optional.of("t"));
    assertTrue(begun.isDone());
    registry.ended(former);
    session("a", 2, Optional.of("u"));
    assertTrue(begun.isDone(), "with another target");
    session("b", 2, Optional.of("t"));
    assertTrue(begun.isDone(), "another initiator");
    session("a", 2, Optional.of("t"));
    assertFalse(begun.isDone(), "what the former reserved is not released yet");
    former.ended().complete(null);
    assertTrue(begun.isDone());
    session("a", 3, Optional.of("t"));
    assertTrue(begun.isDone(), "nobody is about to end");
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
