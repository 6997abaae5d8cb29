package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.OTHER;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.UnitFixture.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TaskManagementTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2a 00 00000000 00 0001 00";

  private final UnitFixture fixture = UnitFixture.serving();
  private final FakeVolume volume = fixture.volume;

  @BeforeEach
  void attach() {
    fixture.unit.attach(NEXUS);
    fixture.unit.attach(OTHER);
    fixture.run(READY);
    fixture.start(fixture.command(OTHER, TaskAttribute.SIMPLE, READY));
  }

  private List<Boolean> manage(TaskManagement function, Command command) {
    List<Boolean> done = new ArrayList<>();
    fixture.unit.manage(function, command.nexus(), command.tag(), done::add);
    return done;
  }

  private Outcome startOther(String cdb, byte... data) {
    return fixture.start(fixture.command(OTHER, TaskAttribute.SIMPLE, cdb, data));
  }

  @Test
  void aTaskThatHasNotBegunIsDropped() {
    fixture.transition(2, 6);
    fixture.run(READY);
    Outcome held = fixture.start(WRITE, blocks(1, 1));
    assertEquals(List.of(true), manage(TaskManagement.ABORT_TASK, held.command));
    assertEquals(List.of(false), manage(TaskManagement.ABORT_TASK, held.command));
    fixture.unit.publish(states(3, 6, true), new Route.Local(volume));
    assertFalse(held.ended());
    assertEquals(List.of(), volume.started);
  }

  @Test
  void aTaskThatRunsIsWaitedForAndNotAnswered() {
    volume.hold();
    Outcome write = fixture.start(WRITE, blocks(1, 1));
    Outcome waits = fixture.start(READ);
    List<Boolean> done = manage(TaskManagement.ABORT_TASK, write.command);
    List<Boolean> again = manage(TaskManagement.ABORT_TASK, write.command);
    assertEquals(List.of(), done);
    volume.completeNext();
    assertEquals(List.of(true), done);
    assertEquals(List.of(true), again);
    assertFalse(write.ended());
    volume.completeNext();
    assertArrayEquals(blocks(1, 1), UnitFixture.bytes(waits.response()));
  }

  /** What it is asked may be from before it was stopped for longer than its lease. */
  @Test
  void withoutItsLeaseAGatewayTouchesOnlyTheTasksOfTheNexus() {
    volume.hold();
    Outcome own = fixture.start(READ);
    Outcome foreign = startOther(READ);
    fixture.leased = false;
    List<Boolean> cleared = manage(TaskManagement.CLEAR_TASK_SET, own.command);
    List<Boolean> unitReset = manage(TaskManagement.LOGICAL_UNIT_RESET, own.command);
    List<Boolean> targetReset = manage(TaskManagement.TARGET_RESET, own.command);
    List<Boolean> aborted = manage(TaskManagement.ABORT_TASK_SET, own.command);
    for (List<Boolean> answers : List.of(cleared, unitReset, targetReset, aborted)) {
      assertEquals(List.of(), answers, "what the nexus has begun may still change the medium");
    }
    volume.completeNext();
    volume.completeNext();
    for (List<Boolean> refused : List.of(cleared, unitReset, targetReset)) {
      assertEquals(List.of(false), refused);
    }
    assertEquals(List.of(true), aborted);
    assertFalse(own.ended());
    assertTrue(foreign.ended());
  }

  @Test
  void anAbortedTaskGoesNoFurtherThanItsPresentStep() {
    volume.hold();
    Outcome orWrite = fixture.start("8b 00 0000000000000000 00000001 00 00", blocks(1, 1));
    List<Boolean> done = manage(TaskManagement.ABORT_TASK_SET, orWrite.command);
    volume.completeNext();
    assertEquals(List.of(true), done);
    assertFalse(orWrite.ended());
    assertEquals(List.of("read 0+512"), volume.started);
  }

  @Test
  void abortingAWaitingTaskLetsThoseBehindItPass() {
    volume.hold();
    fixture.start(READ);
    Outcome write = fixture.start(WRITE, blocks(1, 1));
    fixture.start(READ);
    assertEquals(1, volume.pending());
    assertEquals(List.of(true), manage(TaskManagement.ABORT_TASK, write.command));
    assertEquals(2, volume.pending());
  }

  @Test
  void aTaskThatWasRelayedIsWaitedFor() {
    fixture.unit.publish(states(2, 6, true), fixture.remote());
    fixture.run(READY);
    Outcome write = fixture.start(WRITE, blocks(1, 1));
    List<Boolean> done = manage(TaskManagement.ABORT_TASK, write.command);
    assertEquals(List.of(), done);
    fixture.forwardedReplies.get(0).accept(Response.good(BLOCK));
    assertEquals(List.of(true), done);
    assertFalse(write.ended());
  }

  @Test
  void abortTaskSetCoversOneNexus() {
    fixture.transition(2, 6);
    fixture.run(READY);
    startOther(READY);
    Outcome own = fixture.start(READ);
    Outcome others = startOther(READ);
    assertEquals(List.of(true), manage(TaskManagement.QUERY_TASK_SET, own.command));
    assertEquals(List.of(true), manage(TaskManagement.ABORT_TASK_SET, own.command));
    assertEquals(List.of(false), manage(TaskManagement.QUERY_TASK_SET, own.command));
    assertEquals(List.of(false), manage(TaskManagement.QUERY_TASK, own.command));
    assertEquals(List.of(true), manage(TaskManagement.QUERY_TASK, others.command));
    fixture.unit.publish(states(3, 6, true), new Route.Local(volume));
    others.assertGood();
    assertFalse(own.ended());
  }

  @Test
  void clearTaskSetCoversAllAndTellsTheOthers() {
    volume.hold();
    Outcome own = fixture.start(READ);
    Outcome others = startOther(WRITE, blocks(1, 1));
    List<Boolean> done = manage(TaskManagement.CLEAR_TASK_SET, own.command);
    assertEquals(List.of(), done);
    volume.completeNext();
    assertEquals(List.of(true), done);
    assertFalse(own.ended());
    assertFalse(others.ended());
    assertEquals(1, volume.started.size());
    assertEquals(Status.GOOD, fixture.run(READY).status());
    assertSense("06/2f00", startOther(READY).response());
  }

  @Test
  void aResetCoversAllAndTellsEveryone() {
    volume.hold();
    Outcome own = fixture.start(READ);
    startOther(READ);
    Outcome relayed = fixture.startRelayed(5, fixture.command(WRITE, blocks(1, 1)));
    List<Boolean> done = manage(TaskManagement.LOGICAL_UNIT_RESET, own.command);
    assertEquals(Status.BUSY, relayed.status(), "the gateway that relayed it waits for a reply");
    volume.completeNext();
    assertEquals(List.of(), done);
    volume.completeNext();
    assertEquals(List.of(true), done);
    assertSense("06/2903", fixture.run(READY));
    assertSense("06/2903", startOther(READY).response());
    assertEquals(2, volume.started.size());
  }

  @Test
  void aRelayedTaskThatRunsIsAnsweredWithItsOutcome() {
    volume.hold();
    Outcome relayed = fixture.startRelayed(5, fixture.command(WRITE, blocks(1, 1)));
    List<Boolean> done = manage(TaskManagement.TARGET_RESET, fixture.command(READY));
    volume.completeNext();
    assertEquals(List.of(true), done);
    relayed.assertGood();
  }

  @Test
  void aNexusThatIsGoneLeavesOnlyWhatRuns() {
    volume.hold();
    Outcome running = fixture.start(WRITE, blocks(1, 1));
    Outcome waiting = fixture.start(WRITE, blocks(1, 2));
    Outcome others = startOther(READ);
    fixture.unit.detach(NEXUS);
    volume.completeNext();
    volume.completeNext();
    assertFalse(running.ended());
    assertFalse(waiting.ended());
    assertArrayEquals(blocks(1, 1), UnitFixture.bytes(others.response()));
    assertEquals(2, volume.started.size());
  }

  @Test
  void whatIsNotThereIsNotFound() {
    Command unknown = fixture.command(READ);
    assertEquals(List.of(false), manage(TaskManagement.ABORT_TASK, unknown));
    assertEquals(List.of(false), manage(TaskManagement.QUERY_TASK, unknown));
    assertEquals(List.of(true), manage(TaskManagement.ABORT_TASK_SET, unknown));
    assertEquals(List.of(true), manage(TaskManagement.CLEAR_TASK_SET, unknown));
  }
}
