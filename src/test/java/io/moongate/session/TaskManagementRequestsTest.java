package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 7143 sections 11.5 and 11.6. */
class TaskManagementRequestsTest {
  private static final ByteString NOTHING = ByteString.emptyByteString();
  private static final int ABORT_TASK = 1;
  private static final int ABORT_TASK_SET = 2;
  private static final int LOGICAL_UNIT_RESET = 5;
  private static final int COLD_RESET = 7;
  private static final int COMPLETE = 0;
  private static final int NO_TASK = 1;
  private static final int NO_LUN = 2;
  private static final int REJECTED = 255;

  private final FakeUnit unit = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit, new FakeUnit(1 << 20));
  private final Harness host = new Harness(directory).loggedIn();

  private int manage(TaskManagementRequest request) {
    return host.answer(TaskManagementResponse.class, request).response();
  }

  private int abort(ScsiCommand task) {
    return manage(host.manage(ABORT_TASK, 0, task.initiatorTaskTag(), task.cmdSn()));
  }

  @Test
  void abortsATaskThatRuns() {
    unit.hold();
    ScsiCommand read = host.read(0, 1, 512);
    host.receive(read);
    assertEquals(COMPLETE, abort(read));
    assertEquals(List.of("ABORT_TASK " + read.initiatorTaskTag()), unit.managed());
    unit.release();
    assertEquals(List.of(), host.sent());
    assertEquals(0, host.registry.bytes());
    assertEquals(NO_TASK, abort(read));
  }

  @Test
  void aResetThatCouldNotBeDoneEverywhereIsRejected() {
    unit.failFunctions();
    assertEquals(REJECTED, manage(host.manage(LOGICAL_UNIT_RESET, 0, -1, 0)));
  }

  @Test
  void respondsOnlyWhenTheTaskCanDoNothingMore() {
    unit.hold();
    unit.holdFunctions();
    ScsiCommand read = host.read(0, 1, 512);
    host.receive(read);
    List<TargetPdu> early =
        host.exchange(host.manage(ABORT_TASK, 0, read.initiatorTaskTag(), read.cmdSn()));
    assertEquals(List.of(), early);
    unit.releaseFunctions();
    Harness.only(TaskManagementResponse.class, host.sent());
  }

  @Test
  void givesUpAfterABound() {
    unit.hold();
    unit.holdFunctions();
    ScsiCommand read = host.read(0, 1, 512);
    host.receive(read);
    host.receive(host.manage(ABORT_TASK, 0, read.initiatorTaskTag(), read.cmdSn()));
    host.pass(host.settings.nopInterval().minusSeconds(1));
    host.exchange(host.ping(true, NOTHING));
    host.pass(
        host.settings.taskManagementTimeout().minus(host.settings.nopInterval().minusSeconds(1)));
    assertEquals(REJECTED, Harness.only(TaskManagementResponse.class, host.sent()).response());
    unit.releaseFunctions();
    assertEquals(List.of(), host.sent());
  }

  @Test
  void abortsATaskThatWaitsForItsData() {
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    assertEquals(COMPLETE, abort(write));
    assertEquals(List.of(), unit.managed(), "no unit has the task");
    assertEquals(
        List.of(),
        host.exchange(
            host.data(write, asked.targetTransferTag(), 0, 0, true, Harness.bytes(1024, 1))),
        "late data is dropped");
    assertEquals(List.of(), unit.executed());
    host.answer(DataIn.class, host.read(0, 1, 512));
  }

  @Test
  void dropsLateUnsolicitedDataButNotThatOfANewTaskWithTheTag() {
    Harness eager =
        new Harness(Harness.settings("moongate.iscsi.initial-r2t = no"), directory)
            .loggedIn("InitialR2T", "No");
    ScsiCommand write = eager.write(0, 2, 1024, false, NOTHING);
    eager.receive(write);
    eager.exchange(eager.manage(ABORT_TASK, 0, write.initiatorTaskTag(), write.cmdSn()));
    assertEquals(
        List.of(), eager.exchange(eager.data(write, -1, 0, 0, false, Harness.bytes(512, 1))));
    ScsiCommand next = eager.write(0, 2, 1024, false, NOTHING);
    ScsiCommand again =
        new ScsiCommand(
            false,
            false,
            false,
            true,
            1,
            0,
            write.initiatorTaskTag(),
            1024,
            next.cmdSn(),
            0,
            next.cdb(),
            0,
            NOTHING);
    eager.receive(again);
    eager.answer(ScsiResponse.class, eager.data(again, -1, 0, 0, true, Harness.bytes(1024, 2)));
    assertEquals(Harness.bytes(1024, 2).head(), unit.blocks()[0]);
  }

  @Test
  void answersForTheTaskThatEndedMeanwhile() {
    ScsiCommand read = host.read(0, 1, 512);
    List<TargetPdu> both =
        host.exchange(read, host.manage(ABORT_TASK, 0, read.initiatorTaskTag(), read.cmdSn()));
    assertTrue(both.get(0) instanceof DataIn, "the task's own response comes first");
    assertEquals(NO_TASK, ((TaskManagementResponse) both.get(1)).response());
  }

  @Test
  void countsACommandAsReceivedThatHasNotCome() {
    int missing = host.nextCmdSn();
    ScsiCommand held = host.ready(host.nextCmdSn());
    host.receive(held);
    List<TargetPdu> answers = host.exchange(host.manage(ABORT_TASK, 0, 4711, missing));
    assertEquals(2, answers.size(), answers.toString());
    TaskManagementResponse response =
        (TaskManagementResponse)
            answers.stream().filter(TaskManagementResponse.class::isInstance).findFirst().get();
    assertEquals(COMPLETE, response.response());
    assertEquals(missing + 2, response.expCmdSn());
    assertEquals(List.of(), host.exchange(host.ready(missing)), "too late");
    assertEquals(1, unit.executed().size());
  }

  @Test
  void abortsACommandThatWaitsForItsTurn() {
    int missing = host.nextCmdSn();
    ScsiCommand held = host.ready(host.nextCmdSn());
    host.receive(held);
    assertEquals(COMPLETE, abort(held));
    ScsiResponse only = host.answer(ScsiResponse.class, host.ready(missing));
    assertEquals(missing + 2, only.expCmdSn());
  }

  @Test
  void doesNotFindTasksOfAnotherUnit() {
    unit.hold();
    ScsiCommand read = host.read(0, 1, 512);
    host.receive(read);
    assertEquals(
        NO_TASK, manage(host.manage(ABORT_TASK, 1L << 48, read.initiatorTaskTag(), read.cmdSn())));
  }

  @ParameterizedTest
  @CsvSource({"2, ABORT_TASK_SET", "4, CLEAR_TASK_SET", "5, LOGICAL_UNIT_RESET", "6, TARGET_RESET"})
  void endsEveryTaskOfAUnit(int function, String asked) {
    unit.hold();
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    host.answer(ReadyToTransfer.class, write);
    host.receive(host.read(0, 1, 512), host.read(1, 1, 512));
    assertEquals(COMPLETE, manage(host.manage(function, 0, -1, 0)));
    assertEquals(List.of(asked + " 0"), unit.managed());
    unit.release();
    assertEquals(List.of(), host.sent());
    assertEquals(0, host.registry.bytes());
    assertEquals(0, host.registry.sessions().get(0).commands());
  }

  @Test
  void keepsTheOrderOfResponses() {
    List<TargetPdu> answers =
        host.exchange(
            host.read(0, 1, 512),
            host.read(1, 1, 512),
            host.manage(ABORT_TASK_SET, 0, -1, 0),
            host.read(2, 1, 512));
    assertTrue(answers.get(2) instanceof TaskManagementResponse, answers.toString());
  }

  @Test
  void knowsWhichUnitsThereAre() {
    assertEquals(NO_LUN, manage(host.manage(LOGICAL_UNIT_RESET, 9L << 48, -1, 0)));
  }

  @ParameterizedTest
  @CsvSource({"3, 5", "8, 4", "9, 5", "10, 5", "11, 5", "12, 5", "99, 5"})
  void refusesWhatItDoesNotSupport(int function, int response) {
    assertEquals(response, manage(host.manage(function, 0, -1, 0)));
  }

  @Test
  void endsAllSessionsOfATargetOnAColdReset() {
    Harness other = new Harness(host.settings, directory, host.registry);
    other.exchange(
        other.login(
            1,
            3,
            Harness.text("InitiatorName", "iqn.2026-11.b", "TargetName", FakeDirectory.TARGET)));
    assertEquals(COMPLETE, manage(host.manage(COLD_RESET, 0, -1, 0)));
    assertTrue(host.connection.over());
    other.settle();
    assertEquals(Connection.Phase.ENDED, other.connection.phase());
  }
}
