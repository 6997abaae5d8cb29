package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.DEADLINE;
import static io.moongate.scsi.UnitFixture.GEOMETRY;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.bytes;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Design rules 3, 4, 6 and 8: when a command touches the medium, and when it must not. */
class OwnershipRulesTest {
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2a 00 00000000 00 0001 00";
  private static final String WRITE_ELSEWHERE = "2a 00 00000010 00 0001 00";

  private final UnitFixture fixture = UnitFixture.serving();
  private final FakeVolume volume = fixture.volume;

  private void assertNothingStarted() {
    assertEquals(List.of(), volume.started);
  }

  // ---- lease and deadline

  @Test
  void withoutTheLeaseNothingIsExecutedNotEvenARead() {
    fixture.leased = false;
    assertEquals(Status.BUSY, fixture.run(READ).status());
    assertEquals(Status.BUSY, fixture.run(WRITE, blocks(1, 1)).status());
    assertEquals(Status.BUSY, fixture.run("35 00 00000000 00 0000 00").status());
    assertEquals(Status.BUSY, fixture.startRelayed(5, fixture.command(READ)).status());
    assertNothingStarted();
    fixture.leased = true;
    assertEquals(Status.GOOD, fixture.run(READ).status());
  }

  @Test
  void theLeaseIsNoMatterOfWhatIsAnsweredHere() {
    fixture.leased = false;
    assertEquals(Status.GOOD, fixture.run("00 00 00 00 00 00").status());
  }

  /** What lay unread while this gateway was stopped may have been given up long ago. */
  @Test
  void withoutTheLeaseNothingIsRelayedEither() {
    fixture.unit.publish(states(2, 5, true), fixture.remote());
    fixture.leased = false;
    assertEquals(Status.BUSY, fixture.run(READ).status());
    assertEquals(Status.BUSY, fixture.run(WRITE, blocks(1, 1)).status());
    assertEquals(List.of(), fixture.forwarded);
    fixture.leased = true;
    fixture.start(READ);
    assertEquals(1, fixture.forwarded.size());
  }

  @Test
  void whatWasHeldIsNotRelayedWithoutTheLease() {
    fixture.transition(2, 6);
    Outcome held = fixture.start(WRITE, blocks(1, 1));
    fixture.leased = false;
    fixture.unit.publish(states(3, 6, true), fixture.remote());
    assertEquals(Status.BUSY, held.status());
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void pastItsDeadlineNothingIsExecuted() {
    Command late = fixture.command(READ);
    Command relayed = fixture.command(READ);
    fixture.timer.advance(DEADLINE);
    assertEquals(Status.BUSY, fixture.start(late).status());
    assertEquals(Status.BUSY, fixture.startRelayed(5, relayed).status());
    assertNothingStarted();
    fixture.unit.publish(states(2, 5, true), fixture.remote());
    assertEquals(Status.BUSY, fixture.start(late).status());
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void everyStepOfACommandIsChecked() {
    volume.hold();
    Outcome orWrite = fixture.start("8b 00 0000000000000000 00000001 00 00", blocks(1, 1));
    fixture.timer.advance(DEADLINE);
    volume.completeNext();
    assertEquals(Status.BUSY, orWrite.status());
    assertEquals(List.of("read 0+512"), volume.started);

    Outcome unmap =
        fixture.start(
            "42 00 00000000 00 0028 00",
            UnitFixture.hex(
                "0026 0020 00000000 0000000000000000 00000001 00000000"
                    + "0000000000000004 00000001 00000000"));
    fixture.leased = false;
    volume.completeNext();
    assertEquals(Status.BUSY, unmap.status());
    assertEquals(List.of("read 0+512", "unmap 0+512"), volume.started);
  }

  // ---- epochs

  @Test
  void aCommandOfATransitionIsHeldAndRunsUnderTheEpochThatItLeadsTo() {
    fixture.transition(2, 6);
    Outcome write = fixture.start(WRITE, blocks(1, 7));
    assertFalse(write.ended());
    assertNothingStarted();
    fixture.unit.publish(states(3, 6, true), new Route.Local(volume));
    write.assertGood();
    assertArrayEquals(blocks(1, 7), volume.bytes(0, BLOCK));
  }

  @Test
  void heldCommandsGoToTheNewOwnerInOrder() {
    fixture.transition(2, 6);
    Outcome first = fixture.start(WRITE, blocks(1, 1));
    Outcome second = fixture.start(READ);
    fixture.unit.publish(states(3, 6, true), fixture.remote());
    assertEquals(
        List.of("6:" + first.command.tag(), "6:" + second.command.tag()), fixture.forwarded);
    fixture.forwardedReplies.get(1).accept(Response.data(ByteBuffer.wrap(blocks(1, 3))));
    fixture.forwardedReplies.get(0).accept(Response.good(BLOCK));
    first.assertGood();
    assertArrayEquals(blocks(1, 3), bytes(second.response()));
    assertNothingStarted();
  }

  @Test
  void aCommandDoesNotOutliveTheTransitionThatItWaitsFor() {
    fixture.transition(2, 6);
    Outcome write = fixture.start(WRITE, blocks(1, 7));
    fixture.transition(3, 6);
    assertFalse(write.ended(), "the same transition");
    fixture.transition(4, 7);
    assertEquals(Status.BUSY, write.status());
    Outcome second = fixture.start(WRITE, blocks(1, 8));
    fixture.unit.publish(states(5, 8, true), new Route.Local(volume));
    assertEquals(Status.BUSY, second.status(), "a transition that was not seen");
    assertNothingStarted();
  }

  @Test
  void aTransitionWhoseEpochIsNotKnownYetIsOne() {
    fixture.transition(2, 5);
    Outcome read = fixture.start(READ);
    fixture.transition(3, 6);
    assertFalse(read.ended());
    fixture.unit.publish(states(4, 6, true), new Route.Local(volume));
    read.assertGood();
  }

  @Test
  void commandsAreHeldUntilTheFirstStatesCome() {
    UnitFixture fresh = new UnitFixture();
    Outcome read = fresh.start(READ);
    assertFalse(read.ended());
    fresh.served();
    read.assertGood();
  }

  @Test
  void oldStatesChangeNothing() {
    fixture.unit.publish(states(0, 4, true), fixture.remote());
    fixture.unit.publish(states(9, 4, true), fixture.remote());
    fixture.start(READ).assertGood();
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void aHeldCommandEndsAtItsDeadline() {
    fixture.transition(2, 6);
    Outcome first = fixture.start(READ);
    fixture.timer.advance(DEADLINE / 2);
    Outcome second = fixture.start(READ);
    fixture.timer.advance(DEADLINE / 2);
    assertEquals(Status.BUSY, first.status());
    assertFalse(second.ended());
    fixture.timer.advance(DEADLINE / 2);
    assertEquals(Status.BUSY, second.status());
    assertEquals(0, fixture.timer.asked());
  }

  @Test
  void anEarlierDeadlineThatComesLaterIsKeptToo() {
    fixture.transition(2, 6);
    Outcome later = fixture.start(READ);
    Command soon = fixture.command(READ);
    soon =
        new Command(
            soon.nexus(),
            soon.tag(),
            soon.attribute(),
            soon.cdb(),
            soon.dataOut(),
            soon.expectedDataIn(),
            fixture.timer.nanoTime() + 10);
    Outcome sooner = fixture.start(soon);
    fixture.timer.advance(10);
    assertEquals(Status.BUSY, sooner.status());
    assertFalse(later.ended());
    fixture.timer.advance(DEADLINE);
    assertEquals(Status.BUSY, later.status());
    assertEquals(0, fixture.timer.asked());
  }

  @Test
  void onlySoManyAreHeld() {
    fixture.transition(2, 6);
    List<Outcome> held = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      held.add(fixture.start(READ));
    }
    assertEquals(Status.BUSY, fixture.run(READ).status());
    fixture.unit.publish(states(3, 6, true), new Route.Local(volume));
    held.forEach(Outcome::assertGood);
  }

  @Test
  void aWaitingCommandOfAnOldEpochIsBusy() {
    volume.hold();
    Outcome begun = fixture.start(WRITE, blocks(1, 1));
    Outcome waits = fixture.start(WRITE, blocks(1, 2));
    assertFalse(waits.ended());
    fixture.unit.publish(states(2, 6, true), new Route.Local(new FakeVolume(GEOMETRY)));
    assertEquals(Status.BUSY, waits.status());
    volume.completeNext();
    begun.assertGood();
    assertEquals(1, volume.started.size());
  }

  @Test
  void aWriteThatCompletesLateIsOrderedBeforeANewerOneOfTheNextEpoch() {
    volume.hold();
    Outcome late = fixture.start(WRITE, blocks(1, 1));
    FakeVolume next = new FakeVolume(GEOMETRY);
    fixture.unit.publish(states(2, 6, true), new Route.Local(next));
    Outcome newer = fixture.start(WRITE, blocks(1, 2));
    fixture.start(WRITE_ELSEWHERE, blocks(1, 3)).assertGood();
    assertFalse(newer.ended());
    volume.completeNext();
    late.assertGood();
    newer.assertGood();
    assertEquals(List.of("write 8192+512", "write 0+512"), next.started);
  }

  // ---- overlapping commands

  @Test
  void overlappingWritesRunOneAfterTheOther() {
    volume.hold();
    Outcome first = fixture.start(WRITE, blocks(1, 1));
    Outcome second = fixture.start(WRITE, blocks(1, 2));
    Outcome read = fixture.start(READ);
    Outcome elsewhere = fixture.start(WRITE_ELSEWHERE, blocks(1, 3));
    assertEquals(2, volume.pending());
    volume.completeNext();
    first.assertGood();
    volume.completeNext();
    elsewhere.assertGood();
    volume.completeNext();
    second.assertGood();
    volume.completeNext();
    assertArrayEquals(blocks(1, 2), bytes(read.response()));
  }

  @Test
  void aWaitingCommandEndsAtItsDeadlineAndLetsOthersPass() {
    volume.hold();
    fixture.start(READ);
    Outcome write = fixture.start(WRITE, blocks(1, 2));
    fixture.timer.advance(DEADLINE / 2);
    Outcome behind = fixture.start(READ);
    assertEquals(1, volume.pending());
    fixture.timer.advance(DEADLINE / 2);
    assertEquals(Status.BUSY, write.status());
    assertEquals(2, volume.pending());
    volume.completeNext();
    volume.completeNext();
    behind.assertGood();
  }

  @Test
  void aCommandWhoseTurnComesAfterItsDeadlineIsNotExecuted() {
    volume.hold();
    fixture.start(WRITE, blocks(1, 1));
    Outcome second = fixture.start(WRITE, blocks(1, 2));
    fixture.leased = false;
    volume.completeNext();
    assertEquals(Status.BUSY, second.status());
    assertEquals(1, volume.started.size());
  }

  @Test
  void whatWaitsAndWhatRunsIsBounded() {
    volume.hold();
    fixture.start(WRITE, blocks(1, 0));
    for (int i = 0; i < 4; i++) {
      assertFalse(fixture.start(WRITE, blocks(1, i)).ended());
    }
    assertEquals(Status.TASK_SET_FULL, fixture.run(READ).status());
    for (int i = 5; i < 64; i++) {
      assertFalse(fixture.start("28 00 000000%02x 00 0001 00".formatted(i)).ended());
    }
    assertEquals(Status.TASK_SET_FULL, fixture.run("28 00 00000080 00 0001 00").status());
    volume.completeNext();
    assertFalse(fixture.start("28 00 00000080 00 0001 00").ended());
  }

  @Test
  void memoryIsBounded() {
    volume.hold();
    for (int i = 0; i < 8; i++) {
      assertFalse(fixture.start("28 00 00000000 00 0100 00").ended());
    }
    assertEquals(Status.TASK_SET_FULL, fixture.run(READ).status());
    assertEquals(Status.GOOD, fixture.run("00 00 00 00 00 00").status());
    volume.completeNext();
    assertFalse(fixture.start(READ).ended());
  }

  @Test
  void anOrderedCommandWaitsForOlderOnesAndHoldsNewerOnes() {
    volume.hold();
    fixture.start(READ);
    fixture.start(WRITE_ELSEWHERE, blocks(1, 1));
    Outcome ordered =
        fixture.start(
            fixture.command(UnitFixture.NEXUS, TaskAttribute.ORDERED, "28 00 00000020 00 0001 00"));
    Outcome flush = fixture.start("35 00 00000000 00 0000 00");
    fixture.start("28 00 00000030 00 0001 00");
    fixture.start(
        fixture.command(
            UnitFixture.NEXUS, TaskAttribute.HEAD_OF_QUEUE, "28 00 00000031 00 0001 00"));
    assertEquals(List.of("read 0+512", "write 8192+512", "read 25088+512"), volume.started);
    volume.completeNext();
    volume.completeNext();
    assertEquals(3, volume.started.size());
    volume.completeNext();
    assertEquals("read 16384+512", volume.started.get(3));
    assertEquals(4, volume.started.size());
    volume.completeNext();
    ordered.assertGood();
    assertEquals(List.of("flush", "read 24576+512"), volume.started.subList(4, 6));
    volume.completeNext();
    flush.assertGood();
  }

  // ---- draining

  @Test
  void drainingWaitsForWhatRunsAndLetsNothingStart() {
    volume.hold();
    Outcome running = fixture.start(WRITE, blocks(1, 1));
    Outcome waiting = fixture.start(READ);
    CompletableFuture<Void> drained = fixture.unit.drain().toCompletableFuture();
    assertEquals(Status.BUSY, waiting.status());
    Outcome arriving = fixture.start(READ);
    assertFalse(drained.isDone());
    assertFalse(arriving.ended());
    volume.completeNext();
    running.assertGood();
    assertTrue(drained.isDone());
    assertEquals(1, volume.started.size());

    fixture.unit.publish(states(2, 6, true), fixture.remote());
    assertEquals(List.of("6:" + arriving.command.tag()), fixture.forwarded);
  }

  @Test
  void aDrainedVolumeIsNotServedAgainByALatePublication() {
    assertTrue(fixture.unit.drain().toCompletableFuture().isDone());
    fixture.unit.publish(states(2, 5, true), new Route.Local(volume));
    Outcome read = fixture.start(READ);
    assertFalse(read.ended());
    FakeVolume opened = new FakeVolume(GEOMETRY);
    fixture.unit.publish(states(3, 5, true), new Route.Local(opened));
    read.assertGood();
    assertNothingStarted();
    assertEquals(1, opened.started.size());
  }

  @Test
  void drainingStopsACommandBetweenTwoOfItsSteps() {
    volume.hold();
    Outcome orWrite = fixture.start("8b 00 0000000000000000 00000001 00 00", blocks(1, 1));
    CompletableFuture<Void> drained = fixture.unit.drain().toCompletableFuture();
    volume.completeNext();
    assertEquals(Status.BUSY, orWrite.status());
    assertTrue(drained.isDone());
    assertEquals(1, volume.started.size());
  }

  @Test
  void drainingCountsWhatRunsOnAnOlderVolumeToo() {
    volume.hold();
    fixture.start(WRITE, blocks(1, 1));
    fixture.unit.publish(states(2, 6, true), new Route.Local(new FakeVolume(GEOMETRY)));
    fixture.start(WRITE_ELSEWHERE, blocks(1, 1)).assertGood();
    CompletableFuture<Void> drained = fixture.unit.drain().toCompletableFuture();
    assertFalse(drained.isDone());
    volume.completeNext();
    assertTrue(drained.isDone());
  }

  @Test
  void thereIsNothingToDrainElsewhere() {
    fixture.unit.publish(states(2, 6, true), fixture.remote());
    assertTrue(fixture.unit.drain().toCompletableFuture().isDone());
    fixture.start(READ);
    assertEquals(1, fixture.forwarded.size(), "a remote route is not stopped");
  }

  // ---- relaying

  @Test
  void aRelayedCommandIsExecutedUnderItsEpochOnly() {
    fixture.startRelayed(5, fixture.command(READ)).assertGood();
    assertEquals(Status.BUSY, fixture.startRelayed(4, fixture.command(READ)).status());
    assertEquals(Status.BUSY, fixture.startRelayed(6, fixture.command(READ)).status());
    fixture.unit.publish(states(2, 6, true), fixture.remote());
    assertEquals(Status.BUSY, fixture.startRelayed(6, fixture.command(READ)).status());
    assertEquals(List.of(), fixture.forwarded, "nothing is relayed twice");
    assertEquals(1, volume.started.size());
  }

  @Test
  void aRelayedCommandIsHeldByTheComingOwner() {
    fixture.transition(2, 6);
    Outcome coming = fixture.startRelayed(6, fixture.command(READ));
    assertEquals(Status.BUSY, fixture.startRelayed(5, fixture.command(READ)).status());
    assertEquals(Status.BUSY, fixture.startRelayed(7, fixture.command(READ)).status());
    assertFalse(coming.ended());
    fixture.unit.publish(states(3, 6, true), new Route.Local(volume));
    coming.assertGood();
  }

  @Test
  void aHeldRelayedCommandIsNotRelayedOn() {
    fixture.transition(2, 6);
    Outcome held = fixture.startRelayed(6, fixture.command(READ));
    fixture.unit.publish(states(3, 6, true), fixture.remote());
    assertEquals(Status.BUSY, held.status());
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void onlyCommandsToTheMediumAreRelayed() {
    assertSense(
        "05/2000", fixture.startRelayed(5, fixture.command("00 00 00 00 00 00")).response());
    fixture.unit.publish(states(2, 6, true), fixture.remote());
    assertEquals(Status.GOOD, fixture.run("00 00 00 00 00 00").status());
    assertSense("05/2100", fixture.run("28 00 00000400 00 0001 00"));
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void senseDataFromTheOwnerIsConverted() {
    volume.fill(0, blocks(1, 1));
    Response atOwner =
        fixture
            .startRelayed(5, fixture.command("2f 02 00000000 00 0001 00", blocks(1, 2)))
            .response();
    assertEquals(0x72, atOwner.sense()[0]);

    fixture.unit.publish(states(2, 6, true), fixture.remote());
    Outcome verify = fixture.start("2f 02 00000000 00 0001 00", blocks(1, 2));
    fixture.forwardedReplies.get(0).accept(atOwner);
    assertEquals((byte) 0xF0, verify.response().sense()[0]);
    assertEquals(Sense.miscompare(0), assertSense("0e/1d00", verify.response()));
  }

  @Test
  void aForwarderThatThrowsOrRepliesTwiceDoesNoHarm() {
    fixture.unit.publish(
        states(2, 6, true),
        new Route.Remote(
            (id, epoch, command, reply) -> {
              throw new IllegalStateException("for the test");
            }));
    assertEquals(Status.BUSY, fixture.run(READ).status());
    fixture.unit.publish(states(3, 6, true), fixture.remote());
    Outcome read = fixture.start(READ);
    fixture.forwardedReplies.get(0).accept(Response.good(0));
    fixture.forwardedReplies.get(0).accept(Response.status(Status.BUSY));
    read.assertGood();
  }

  @Test
  void aReceiverThatThrowsDoesNoHarm() {
    volume.hold();
    Command write = fixture.command(WRITE, blocks(1, 1));
    fixture.unit.execute(
        write,
        response -> {
          throw new IllegalStateException("for the test");
        });
    Outcome next = fixture.start(READ);
    CompletableFuture<Void> drained = fixture.unit.drain().toCompletableFuture();
    assertEquals(Status.BUSY, next.status());
    volume.completeNext();
    assertTrue(drained.isDone());
    fixture.unit.execute(
        fixture.command("00 00 00 00 00 00"),
        response -> {
          throw new AssertionError("for the test");
        });
  }
}
