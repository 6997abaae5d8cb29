package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.OTHER;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.CopyFixture.ListOf;
import io.moongate.scsi.CopyFixture.Unit;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.sense.Sense;
import io.moongate.volume.VolumeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A copy under way: aborts, changes of ownership, deadlines, failures, list identifiers. */
class CopyExecutionTest {
  private static final int BLOCK = 512;
  private static final int BLOCKS = 80;
  private static final int BYTES = BLOCKS * BLOCK;

  private final CopyFixture fixture = new CopyFixture();
  private final Unit a = fixture.a;
  private final Unit b = fixture.b;
  private final byte[] content = new byte[BYTES];

  @BeforeEach
  void fill() {
    new Random(1).nextBytes(content);
    a.volume.fill(0, content);
  }

  private static ListOf list() {
    return new ListOf();
  }

  /** Ten pieces of a to the beginning of b. */
  private ListOf aToB() {
    return list().unit(a).unit(b).blocks(0, 1, BLOCKS, 0, 0);
  }

  private byte[] copied() {
    return b.volume.bytes(0, BYTES);
  }

  private void passTime(long millis) {
    for (long passed = 0; passed < millis; passed += 10) {
      fixture.timer.advance(Duration.ofMillis(10).toNanos());
    }
  }

  private static void completeAll(Unit unit) {
    while (unit.volume.pending() > 0) {
      unit.volume.completeNext();
    }
  }

  private List<Boolean> manage(Unit at, TaskManagement function, Command command) {
    List<Boolean> done = new ArrayList<>();
    at.unit.manage(function, command.nexus(), command.tag(), done::add);
    return done;
  }

  // ---- aborts

  @Test
  void anAbortedCopyWritesNothingOnceTheAbortIsAnswered() {
    for (TaskManagement function :
        List.of(
            TaskManagement.ABORT_TASK,
            TaskManagement.ABORT_TASK_SET,
            TaskManagement.CLEAR_TASK_SET,
            TaskManagement.LOGICAL_UNIT_RESET)) {
      CopyFixture own = new CopyFixture();
      own.a.volume.fill(0, content);
      own.b.volume.hold();
      Outcome copy =
          own.copy(own.large, list().unit(own.a).unit(own.b).blocks(0, 1, BLOCKS, 0, 0).list());
      own.b.volume.completeNext();
      int begun = own.b.volume.started.size();
      assertEquals(2, own.b.volume.pending(), "pieces in flight");
      List<Boolean> done = manage(own.large, function, copy.command);
      assertEquals(List.of(), done, "before what is under way has ended");
      own.b.volume.completeNext();
      assertEquals(List.of(), done);
      own.b.volume.completeNext();
      assertEquals(List.of(true), done, function.toString());
      assertEquals(begun, own.b.volume.started.size(), "begun after the abort");
      assertFalse(copy.ended(), "a response to an aborted command");
      assertEquals(List.of(false), manage(own.large, TaskManagement.QUERY_TASK, copy.command));
    }
  }

  @Test
  void aCopyThatWaitsForATransitionIsAborted() {
    transition(b, 2, 6);
    Outcome copy = fixture.copy(a, aToB().list());
    List<Boolean> done = manage(a, TaskManagement.ABORT_TASK, copy.command);
    assertEquals(List.of(), done);
    b.unit.publish(states(3, 6, true), new Route.Local(b.volume));
    // What was held goes on, for it was the owner's to end; nothing follows it.
    assertEquals(List.of(true), done);
    assertTrue(b.volume.started.size() <= 2, b.volume.started::toString);
    assertFalse(copy.ended());
  }

  @Test
  void theEndOfTheNexusEndsItsCopies() {
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    a.unit.detach(NEXUS);
    completeAll(b);
    assertEquals(2, b.volume.started.size(), "writes");
    assertFalse(copy.ended());
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 1));
  }

  @Test
  void taskManagementOfTheDestinationEndsTheCopyWithAResponse() {
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    List<Boolean> done = new ArrayList<>();
    b.unit.manage(TaskManagement.LOGICAL_UNIT_RESET, OTHER, 0, done::add);
    assertFalse(copy.ended());
    completeAll(b);
    assertEquals(List.of(true), done);
    Sense sense = assertSense("0a/0d01", copy.response());
    assertEquals(0x800030, sense.specific());
    assertEquals(Status.TASK_ABORTED.code(), copy.response().sense()[18] & 0xFF);
    assertEquals(2, b.volume.started.size());
  }

  @Test
  void commandsOfACopyAreNoTasksOfTheInitiator() {
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    assertEquals(List.of(true), manage(a, TaskManagement.QUERY_TASK, copy.command));
    assertEquals(List.of(false), manage(b, TaskManagement.QUERY_TASK, copy.command));
    assertEquals(List.of(false), manage(b, TaskManagement.QUERY_TASK_SET, copy.command));
    completeAll(b);
    copy.assertGood();
    assertArrayEquals(content, copied());
  }

  @Test
  void unitAttentionsStayWhereTheyAre() {
    b.unit.attach(NEXUS);
    fixture.copy(a, aToB().list()).assertGood();
    assertSense("06/2900", fixture.start(b, NEXUS, "00 00 00 00 00 00").response());
    a.unit.attach(NEXUS);
    assertSense("06/2900", fixture.copy(a, aToB().list()).response());
    fixture.copy(a, aToB().list()).assertGood();
  }

  // ---- ownership

  private void transition(Unit unit, long version, long epoch) {
    unit.unit.publish(
        states(version, epoch, false, AccessState.TRANSITIONING), new Route.Transition());
  }

  /** An owner elsewhere: the same volume behind a device server of another gateway. */
  private Route.Remote relayTo(Unit owner, List<Long> epochs) {
    return new Route.Remote(
        (id, epoch, command, reply) -> {
          epochs.add(epoch);
          owner.unit.executeRelayed(epoch, command, reply);
        });
  }

  @Test
  void theOwnerOfTheDestinationMayChangeInTheMiddle() {
    CopyFixture elsewhere = new CopyFixture();
    Unit owner = elsewhere.b;
    owner.unit.publish(states(2, 6, true), new Route.Local(b.volume));
    List<Long> epochs = new ArrayList<>();
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    b.volume.completeNext();
    b.unit.drain();
    transition(b, 2, 6);
    completeAll(b);
    assertFalse(copy.ended());
    assertEquals(3, b.volume.started.size());
    b.unit.publish(states(3, 6, true), relayTo(owner, epochs));
    completeAll(b);
    copy.assertGood();
    assertArrayEquals(content, copied());
    assertFalse(epochs.isEmpty());
    assertTrue(epochs.stream().allMatch(epoch -> epoch == 6), epochs::toString);
  }

  @Test
  void whatTheOwnerAnswersBusyIsSentAgain() {
    List<Consumer<Response>> replies = new ArrayList<>();
    List<Command> forwarded = new ArrayList<>();
    b.unit.publish(
        states(2, 6, true),
        new Route.Remote(
            (id, epoch, command, reply) -> {
              forwarded.add(command);
              replies.add(reply);
            }));
    Outcome copy = fixture.copy(a, list().unit(a).unit(b).blocks(0, 1, 8, 0, 0).list());
    assertEquals(1, forwarded.size());
    assertEquals(NEXUS, forwarded.get(0).nexus());
    assertEquals(copy.command.deadlineNanos(), forwarded.get(0).deadlineNanos());
    replies.get(0).accept(Response.status(Status.BUSY));
    passTime(20);
    assertEquals(2, forwarded.size());
    assertEquals(8 * BLOCK, forwarded.get(1).dataOut().remaining());
    replies.get(1).accept(Response.status(Status.TASK_SET_FULL));
    passTime(20);
    assertEquals(3, forwarded.size());
    replies.get(2).accept(Response.good(8 * BLOCK));
    copy.assertGood();
  }

  @Test
  void whatConflictsWithAReservationIsToldWithItsStatus() {
    b.unit.publish(
        states(2, 6, true),
        new Route.Remote(
            (id, epoch, command, reply) ->
                reply.accept(Response.status(Status.RESERVATION_CONFLICT))));
    Response response = fixture.copy(a, aToB().list()).response();
    Sense sense = assertSense("0a/0d01", response);
    assertEquals(0x800030, sense.specific());
    assertEquals(19, response.sense().length);
    assertEquals(11, response.sense()[7]);
    assertEquals("00120000", HexFormat.of().formatHex(response.sense(), 8, 12));
    assertEquals(Status.RESERVATION_CONFLICT.code(), response.sense()[18]);
  }

  // ---- deadlines

  @Test
  void aCopyThatCouldNotBeginInTimeIsBusy() {
    transition(b, 2, 6);
    Outcome copy = fixture.copy(a, aToB().list());
    passTime(4_100);
    assertEquals(Status.BUSY, copy.status());
    assertEquals(List.of(), b.volume.started);
  }

  @Test
  void aCopyThatIsLateSaysHowFarItCame() {
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    for (int i = 0; i < 3; i++) {
      b.volume.completeNext();
    }
    fixture.timer.advance(CopyFixture.DEADLINE);
    assertFalse(copy.ended(), "what is under way is waited for");
    int begun = b.volume.started.size();
    completeAll(b);
    Sense sense = assertSense("0a/0000", copy.response());
    assertEquals(OptionalLong.of(BLOCKS - 5 * 8), sense.information(), "blocks not copied");
    assertEquals(begun, b.volume.started.size());
    assertArrayEquals(Arrays.copyOf(Arrays.copyOf(content, 5 * 8 * BLOCK), BYTES), copied());
  }

  /** Begun anew it would not come to the same, so the host must not be told to ask again. */
  @Test
  void anOverlappingCopyThatMayHaveWrittenIsNotBusy() {
    List<Consumer<Response>> replies = new ArrayList<>();
    a.unit.publish(
        states(2, 6, true), new Route.Remote((id, epoch, command, reply) -> replies.add(reply)));
    Outcome copy = fixture.copy(a, list().unit(a).blocks(0, 0, 16, 0, 4).list());
    replies.get(0).accept(Response.data(ByteBuffer.allocate(8 * BLOCK)));
    fixture.timer.advance(CopyFixture.DEADLINE);
    replies.get(1).accept(Response.status(Status.BUSY));
    assertSense("0a/0d01", copy.response());
  }

  // ---- failures

  @Test
  void aFailureOfTheDestinationIsToldWithSenseData() {
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    b.volume.completeNext();
    b.volume.failWith(VolumeException.Reason.FULL);
    completeAll(b);
    byte[] fixed = copy.response().sense();
    Sense sense = assertSense("0a/0d01", copy.response());
    assertEquals(OptionalLong.of(BLOCKS - 8), sense.information());
    assertEquals(0x800030, sense.specific());
    assertEquals(fixed.length - 8, fixed[7]);
    assertEquals("00120000", HexFormat.of().formatHex(fixed, 8, 12));
    assertEquals(Status.CHECK_CONDITION.code(), fixed[18]);
    Sense forwarded = Sense.decode(Arrays.copyOfRange(fixed, 19, fixed.length)).orElseThrow();
    assertEquals(0x07, forwarded.key());
    assertEquals(0x2707, forwarded.additional());
    byte[] details = UnitFixture.bytes(fixture.receive(a, NEXUS, 4, 1));
    assertEquals(details.length - 4, ByteBuffer.wrap(details).getInt());
    assertEquals(Status.CHECK_CONDITION.code(), details[56]);
    assertEquals(fixed.length, ByteBuffer.wrap(details).getShort(58));
    assertArrayEquals(fixed, Arrays.copyOfRange(details, 60, details.length));
    assertSense("05/2400", fixture.receive(a, NEXUS, 4, 1));
  }

  @Test
  void aFailureOfTheSourceIsToldAsItsOwn() {
    a.volume.failWith(VolumeException.Reason.IO);
    Response response = fixture.copy(a, aToB().list()).response();
    Sense sense = assertSense("0a/0d01", response);
    assertEquals(0x800010, sense.specific());
    assertTrue(sense.information().isEmpty(), "nothing was written");
    assertEquals("12000000", HexFormat.of().formatHex(response.sense(), 8, 12));
    byte[] forwarded = Arrays.copyOfRange(response.sense(), 19, response.sense().length);
    assertEquals(0x1100, Sense.decode(forwarded).orElseThrow().additional());
  }

  // ---- list identifiers

  private static String status(Response response) {
    return HexFormat.of().formatHex(UnitFixture.bytes(response));
  }

  @Test
  void theStatusOfACopyIsToldUntilItHasEndedAndOnceMore() {
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 1));
    b.volume.hold();
    Outcome copy = fixture.copy(a, aToB().list());
    b.volume.completeNext();
    assertEquals("0000000800000000" + "00001000", status(fixture.receive(a, NEXUS, 0, 1)));
    assertSense("05/0016", fixture.copy(a, aToB().list()).response());
    assertSense("05/2400", fixture.receive(a, OTHER, 0, 1));
    assertSense("05/2400", fixture.receive(b, NEXUS, 0, 1));
    assertSense("05/2400", fixture.receive(a, NEXUS, 1, 1));
    assertSense("05/2400", fixture.receive(a, NEXUS, 4, 1));
    completeAll(b);
    copy.assertGood();
    assertEquals("00000000", status(fixture.receive(a, NEXUS, 1, 1)));
    assertEquals("00000000", status(fixture.receive(a, NEXUS, 4, 1)));
    assertEquals("0000000801000100" + "0000a000", status(fixture.receive(a, NEXUS, 0, 1)));
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 1));
  }

  @Test
  void aFailedCopyIsKnownAsSuch() {
    byte[] twoSegments = aToB().blocks(0, 5, 1, 0, 0).list();
    assertSense("0a/0804", fixture.copy(a, twoSegments).response());
    assertEquals("0000000802000100" + "0000a000", status(fixture.receive(a, NEXUS, 0, 1)));
    assertEquals(0x02, UnitFixture.bytes(fixture.receive(a, NEXUS, 4, 1))[56]);
    assertSense("05/2400", fixture.receive(a, NEXUS, 4, 1));
  }

  @Test
  void resultsAreHeldOnlyWhenTheyAreWanted() {
    fixture.copy(a, aToB().id(7, 2).list()).assertGood();
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 7));
    fixture.copy(a, aToB().id(0, 3).list()).assertGood();
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 0));
    fixture.copy(a, aToB().id(7, 0).list()).assertGood();
    fixture.copy(a, aToB().id(7, 2).list()).assertGood();
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 7));
  }

  @Test
  void theOldestResultsGoFirst() {
    for (int id = 1; id <= 6; id++) {
      fixture.copy(a, aToB().id(id, 0).list()).assertGood();
    }
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 2));
    assertEquals(Status.GOOD, fixture.receive(a, NEXUS, 0, 3).status());
    assertEquals(Status.GOOD, fixture.receive(a, NEXUS, 0, 6).status());
    // Another unit finds two places of four, and then gives up its own.
    for (int id = 1; id <= 3; id++) {
      fixture.copy(b, aToB().id(id, 0).list()).assertGood();
    }
    assertSense("05/2400", fixture.receive(b, NEXUS, 0, 1));
    assertEquals(Status.GOOD, fixture.receive(b, NEXUS, 0, 3).status());
    a.unit.manage(TaskManagement.LOGICAL_UNIT_RESET, NEXUS, 0, done -> {});
    fixture.start(a, NEXUS, "00 00 00 00 00 00");
    assertSense("05/2400", fixture.receive(a, NEXUS, 0, 4));
    b.unit.detach(NEXUS);
    assertSense("05/2400", fixture.receive(b, NEXUS, 0, 2));
    for (int id = 11; id <= 14; id++) {
      fixture.copy(a, aToB().id(id, 0).list()).assertGood();
    }
    assertEquals(Status.GOOD, fixture.receive(a, NEXUS, 0, 11).status(), "places were given back");
  }

  @Test
  void moreCopiesThanMayBeUnderWayAreBusy() {
    b.volume.hold();
    Outcome first = fixture.copy(a, aToB().id(0, 3).list());
    Outcome second = fixture.copy(a, aToB().id(0, 3).list());
    assertEquals(Status.BUSY, fixture.copy(a, aToB().id(0, 3).list()).status());
    Outcome third = fixture.copy(b, aToB().id(0, 3).list());
    assertEquals(Status.BUSY, fixture.copy(b, aToB().id(0, 3).list()).status(), "of the gateway");
    completeAll(b);
    List.of(first, second, third).forEach(Outcome::assertGood);
    assertArrayEquals(content, copied());
    Outcome again = fixture.copy(a, aToB().id(0, 3).list());
    completeAll(b);
    again.assertGood();
  }
}
