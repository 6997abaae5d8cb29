package io.moongate.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class OutstandingTest {
  private static final long MS = 1_000_000;
  private static final long DEADLINE = 2_000 * MS;

  private final RelaySettings settings =
      TestSettings.with("max-in-flight = 4, max-in-flight-per-unit = 3, reply-bound = 5s");
  private final Room room = new Room(settings);
  private final Outstanding outstanding = new Outstanding(settings, new RelayCounts(), room);
  private final List<Status> replies = new ArrayList<>();

  private boolean offer(String unit) {
    return outstanding.offer(unit, 1, command(1, DEADLINE), 0, r -> replies.add(r.status()));
  }

  static Command command(int tag, long deadline) {
    return new Command(
        new Nexus("iqn.i", 1, "iqn.t", 1),
        tag,
        TaskAttribute.SIMPLE,
        new byte[6],
        ByteBuffer.allocate(0),
        0,
        deadline);
  }

  @Test
  void aReplyIsPassedOnOnce() {
    outstanding.connected(1, -1);
    assertTrue(offer("u"));
    long id = outstanding.take(1, 0).id();
    outstanding.replied(id, Response.good(0));
    outstanding.replied(id, Response.good(0));
    outstanding.disconnected(1);
    outstanding.sweep(Long.MAX_VALUE / 2);
    assertEquals(List.of(Status.GOOD), replies);
    assertEquals(0, room.commands());
  }

  @Test
  void whatWasNeverSentWaitsForAConnectionButNotForLong() {
    offer("u");
    outstanding.sweep(settings.connectWait().toNanos() - 1);
    assertEquals(List.of(), replies);
    outstanding.sweep(settings.connectWait().toNanos());
    assertEquals(List.of(Status.BUSY), replies);
    outstanding.connected(1, -1);
    assertNull(outstanding.take(1, 0));
    assertEquals(0, room.commands());
  }

  @Test
  void withAConnectionItWaitsUntilItsDeadline() {
    outstanding.connected(1, -1);
    offer("u");
    outstanding.sweep(DEADLINE - 1);
    assertEquals(List.of(), replies);
    assertNull(outstanding.take(1, DEADLINE));
    assertEquals(List.of(Status.BUSY), replies);
  }

  @Test
  void whatMayHaveBeenSentIsNotAnsweredBeforeItsDeadlineWhenTheConnectionBreaks() {
    outstanding.connected(1, -1);
    offer("u");
    outstanding.take(1, 0);
    outstanding.disconnected(1);
    outstanding.sweep(DEADLINE);
    assertEquals(List.of(), replies);
    outstanding.sweep(DEADLINE + settings.clockMargin().toNanos());
    assertEquals(List.of(Status.BUSY), replies);
    assertTrue(outstanding.isEmpty());
  }

  @Test
  void whileTheConnectionIsUpTheTrueReplyIsWaitedForLonger() {
    outstanding.connected(1, -1);
    offer("u");
    long id = outstanding.take(1, 0).id();
    outstanding.sweep(DEADLINE + 4_999 * MS);
    assertEquals(List.of(), replies);
    outstanding.sweep(DEADLINE + 5_000 * MS);
    assertEquals(List.of(Status.BUSY), replies);
    // The owner is still at it, so its room is taken.
    assertEquals(1, room.commands());
    outstanding.replied(id, Response.good(0));
    assertEquals(List.of(Status.BUSY), replies);
    assertEquals(0, room.commands());
  }

  @Test
  void aReconnectSettlesWhatHadNotBegun() {
    outstanding.connected(1, -1);
    offer("u");
    offer("u");
    long begun = outstanding.take(1, 0).id();
    outstanding.take(1, 0);
    outstanding.disconnected(1);
    outstanding.connected(2, begun);
    assertEquals(List.of(Status.BUSY), replies);
    outstanding.sweep(DEADLINE);
    assertEquals(1, replies.size());
    outstanding.sweep(DEADLINE + settings.clockMargin().toNanos());
    assertEquals(List.of(Status.BUSY, Status.BUSY), replies);
  }

  @Test
  void aReconnectAtAnOwnerThatForgotSettlesNothing() {
    outstanding.connected(1, -1);
    offer("u");
    outstanding.take(1, 0);
    outstanding.disconnected(1);
    outstanding.connected(2, Frame.Welcome.UNKNOWN);
    assertEquals(List.of(), replies);
  }

  @Test
  void aReconnectDoesNotTouchWhatIsSentOverTheNewConnection() {
    outstanding.connected(1, -1);
    outstanding.disconnected(1);
    outstanding.connected(2, 0);
    offer("u");
    long id = outstanding.take(2, 0).id();
    outstanding.connected(2, 0);
    assertEquals(List.of(), replies);
    outstanding.replied(id, Response.good(0));
    assertEquals(List.of(Status.GOOD), replies);
  }

  @Test
  void theOwnersDeathSettlesEverything() {
    outstanding.connected(1, -1);
    offer("u");
    offer("u");
    outstanding.take(1, 0);
    outstanding.ownerDead();
    assertEquals(List.of(Status.BUSY, Status.BUSY), replies);
    assertFalse(offer("u"));
    assertEquals(0, room.commands());
  }

  @Test
  void thereIsABoundForTheUnitAndForAll() {
    assertTrue(offer("a"));
    assertTrue(offer("a"));
    assertTrue(offer("a"));
    assertFalse(offer("a"));
    assertTrue(offer("b"));
    assertFalse(offer("c"));
    outstanding.refuseWaiting();
    assertTrue(offer("c"));
  }

  @Test
  void thereIsABoundForTheBytes() {
    RelaySettings few = TestSettings.with("max-data = 4KiB, max-in-flight-bytes = 8KiB");
    Outstanding small = new Outstanding(few, new RelayCounts(), new Room(few));
    Command expecting =
        new Command(
            new Nexus("i", 1, "t", 1),
            1,
            TaskAttribute.SIMPLE,
            new byte[6],
            ByteBuffer.allocate(0),
            1L << 40,
            DEADLINE);
    assertTrue(small.offer("u", 1, expecting, 0, r -> replies.add(r.status())));
    assertTrue(small.offer("u", 1, expecting, 0, r -> replies.add(r.status())));
    assertFalse(small.offer("u", 1, expecting, 0, r -> replies.add(r.status())));
  }

  @Test
  void closingWaitsForWhatWasSentOnly() {
    outstanding.connected(1, -1);
    offer("u");
    long id = outstanding.take(1, 0).id();
    offer("u");
    CompletionStage<Void> closed = outstanding.close();
    assertEquals(List.of(Status.BUSY), replies);
    assertFalse(closed.toCompletableFuture().isDone());
    assertFalse(offer("u"));
    outstanding.replied(id, Response.good(0));
    assertTrue(closed.toCompletableFuture().isDone());
    assertEquals(List.of(Status.BUSY, Status.GOOD), replies);
  }
}
