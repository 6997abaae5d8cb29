package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Nexus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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

  /** Whether what has arrived at the connections of a session that is made now has been read. */
  private CompletableFuture<Void> caughtUp = CompletableFuture.completedFuture(null);

  private LiveSession create(String initiator, long isid, Optional<String> target) {
    String label = initiator + "@" + target.orElse("discovery");
    CompletableFuture<Void> own = caughtUp;
    ConnectionControl control =
        new ConnectionControl() {
          @Override
          public void close(String reason) {
            closed.add(label + ": " + reason);
          }

          @Override
          public CompletionStage<Void> caughtUp(Duration within) {
            return own;
          }

          @Override
          public void requestLogout(Duration within) {
            closed.add(label + ": asked to log out within " + within);
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
  void oneSessionIsAskedToLogOutAndNoOtherOne() {
    LiveSession one = session("a", 1, Optional.of("t"));
    session("a", 2, Optional.of("t"));
    Instant since = one.info().since();
    Duration within = Duration.ofMinutes(1);
    assertTrue(registry.requestLogout(one.tsih() + 7, 1, since, within).isEmpty());
    assertTrue(registry.requestLogout(one.tsih(), 2, since, within).isEmpty(), "another ISID");
    assertTrue(
        registry.requestLogout(one.tsih(), 1, since.minusMillis(1), within).isEmpty(),
        "one that had this TSIH before");
    assertEquals(List.of(), closed);
    CompletableFuture<Void> over =
        registry.requestLogout(one.tsih(), 1, since, within).orElseThrow().toCompletableFuture();
    assertEquals(List.of("a@t: asked to log out within PT1M"), closed);
    assertFalse(over.isDone());
    registry.ended(one);
    assertFalse(over.isDone(), "its tasks have not ended");
    one.ended().complete(null);
    assertTrue(over.isDone());
    assertTrue(registry.requestLogout(one.tsih(), 1, since, within).isEmpty(), "it is gone");
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
  void whoComesBackAsAnotherPortWaitsUntilWhatHasArrivedOfTheFormerIsRead() {
    CompletableFuture<Void> unread = new CompletableFuture<>();
    caughtUp = unread;
    LiveSession former = session("a", 1, Optional.of("t"));
    caughtUp = CompletableFuture.completedFuture(null);
    session("b", 2, Optional.of("t"));
    assertTrue(begun.isDone(), "another initiator");
    session("a", 2, Optional.of("u"));
    assertTrue(begun.isDone(), "with another target");
    session("a", 3, Optional.of("t"));
    CompletableFuture<Void> third = begun;
    assertFalse(third.isDone(), "it may have been its end");
    session("a", 4, Optional.of("t"));
    CompletableFuture<Void> fourth = begun;
    unread.complete(null);
    assertTrue(third.isDone(), "it was not: the former goes on");
    assertTrue(fourth.isDone());

    caughtUp = new CompletableFuture<>();
    LiveSession another = session("c", 1, Optional.of("t"));
    caughtUp = CompletableFuture.completedFuture(null);
    session("c", 2, Optional.of("t"));
    assertFalse(begun.isDone());
    registry.ended(another);
    assertFalse(begun.isDone(), "it was its end; what it had reserved is not released yet");
    another.ended().complete(null);
    assertTrue(begun.isDone());
    assertFalse(former.gone().isDone());
  }

  /**
   * What it reserved is worth a short wait; what it may still write, one until it can't any more.
   */
  @Test
  void whoComesBackAsAnotherPortWaitsForTheTasksOfTheFormerAsLongAsForItsOwn() throws Exception {
    LiveSession former = session("a", 1, Optional.of("t"));
    registry.ended(former);
    session("a", 2, Optional.of("t"));
    assertThrows(TimeoutException.class, () -> begun.get(3, TimeUnit.SECONDS));
    former.releasing(new CompletableFuture<>());
    former.ended().complete(null);
    begun.get(10, TimeUnit.SECONDS);
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
