package io.moongate.session;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.SerialNumber;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import io.moongate.wire.TaskManagementFunction;
import io.moongate.wire.TaskManagementResponseCode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Task management on a connection (RFC 7143 sections 11.5 and 11.6, SAM-5 section 7). A function
 * covers what was delivered before it on any connection of the session and, for an immediate one,
 * what waits for its turn with a smaller CmdSN. Its response follows the responses of the tasks
 * that ended before it, and comes when no covered task can change the medium any more, or says
 * "function rejected" when that takes too long.
 *
 * <p>ABORT TASK is for a task of its own connection (section 11.5.1). In a session of several
 * connections, commands that were sent before an immediate function may still be on their way on
 * another one: a function that covers the tasks of a unit is begun when they have come (section
 * 4.2.3.2), one that covers the target counts them as received.
 */
final class TaskManagementRequests {
  private final SessionState session;
  private final FullFeaturePhase own;
  private final ScsiTasks tasks;
  private final NexusUnits units;
  private final Runnable coldReset;
  private final List<Pending> pending = new ArrayList<>();

  /** Immediate functions that wait for commands that were sent before them. */
  private final List<Deferred> deferred = new ArrayList<>();

  private record Deferred(TaskManagementRequest request, long deadlineNanos, Runnable begin) {}

  /** A function whose end is awaited. */
  private static final class Pending {
    private final TaskManagementRequest request;
    private final long deadlineNanos;
    private int awaited;
    private boolean found = true;
    private boolean rejected;

    Pending(TaskManagementRequest request, long deadlineNanos) {
      this.request = request;
      this.deadlineNanos = deadlineNanos;
    }
  }

  /**
   * @param own the connection that it is of
   * @param coldReset called when a TARGET COLD RESET is complete and its response is being sent
   */
  TaskManagementRequests(
      SessionState session,
      FullFeaturePhase own,
      ScsiTasks tasks,
      NexusUnits units,
      Runnable coldReset) {
    this.session = session;
    this.own = own;
    this.tasks = tasks;
    this.units = units;
    this.coldReset = coldReset;
  }

  /** Takes a request that is due. */
  void start(TaskManagementRequest request, Consumer<Sequenced> deliver) {
    Optional<TaskManagementFunction> function = TaskManagementFunction.of(request.function());
    if (function.isEmpty()) {
      respond(request, TaskManagementResponseCode.TASK_MANAGEMENT_FUNCTION_NOT_SUPPORTED);
      return;
    }
    switch (function.get()) {
      case ABORT_TASK -> abortTask(request, deliver);
      case ABORT_TASK_SET -> onUnit(request, TaskManagement.ABORT_TASK_SET, deliver);
      case CLEAR_TASK_SET -> onUnit(request, TaskManagement.CLEAR_TASK_SET, deliver);
      case LOGICAL_UNIT_RESET -> onUnit(request, TaskManagement.LOGICAL_UNIT_RESET, deliver);
      case TARGET_WARM_RESET, TARGET_COLD_RESET ->
          onUnits(request, TaskManagement.TARGET_RESET, units.all(), task -> true, deliver);
      case TASK_REASSIGN ->
          respond(request, TaskManagementResponseCode.TASK_ALLEGIANCE_REASSIGNMENT_NOT_SUPPORTED);
      // Auto contingent allegiance is not offered; the others need iSCSIProtocolLevel 2.
      case CLEAR_ACA, QUERY_TASK, QUERY_TASK_SET, I_T_NEXUS_RESET, QUERY_ASYNCHRONOUS_EVENT ->
          respond(request, TaskManagementResponseCode.TASK_MANAGEMENT_FUNCTION_NOT_SUPPORTED);
    }
  }

  /** Ends the wait for functions that take too long. */
  void tick() {
    for (Pending late : List.copyOf(pending)) {
      if (session.now - late.deadlineNanos >= 0) {
        pending.remove(late);
        respond(late.request, TaskManagementResponseCode.FUNCTION_REJECTED);
      }
    }
    for (Deferred late : List.copyOf(deferred)) {
      if (session.now - late.deadlineNanos() >= 0) {
        deferred.remove(late);
        respond(late.request(), TaskManagementResponseCode.FUNCTION_REJECTED);
      }
    }
  }

  /** Begins what waited for commands that have come now, on whatever connection. */
  void resume() {
    if (deferred.isEmpty()) {
      return;
    }
    for (Deferred function : List.copyOf(deferred)) {
      if (SerialNumber.lessOrEqual(function.request().cmdSn(), session.window.expCmdSn())) {
        deferred.remove(function);
        function.begin().run();
        session.reentry.wake();
      }
    }
  }

  private void abortTask(TaskManagementRequest request, Consumer<Sequenced> deliver) {
    if (session.connections.usedElsewhere(request.referencedTaskTag(), own)) {
      // Section 11.5.1: to be asked where the task is. To deny that there is one would be a lie.
      respond(request, TaskManagementResponseCode.FUNCTION_REJECTED);
      return;
    }
    Optional<Task> found =
        tasks.find(request.referencedTaskTag()).filter(task -> task.lun() == request.lun());
    if (found.isEmpty()) {
      respond(request, abortUndelivered(request, deliver));
      return;
    }
    Task task = found.get();
    if (task.state != Task.State.RUNNING || task.unit == null) {
      tasks.drop(task);
      respond(request, TaskManagementResponseCode.FUNCTION_COMPLETE);
      return;
    }
    Pending abort = begin(request, 1);
    task.unit.manage(
        TaskManagement.ABORT_TASK,
        units.nexus(),
        task.tag(),
        session.reentry.guard(
            done -> {
              // A reply that the unit gave before has been taken by now: it came first.
              abort.found = done || task.state == Task.State.RUNNING;
              tasks.drop(task);
              completed(abort);
            }));
  }

  /**
   * The task is not there: its command may wait for its turn, or may not have come, which then
   * counts as received (section 11.5.5).
   */
  private TaskManagementResponseCode abortUndelivered(
      TaskManagementRequest request, Consumer<Sequenced> deliver) {
    for (Map.Entry<Integer, Optional<Sequenced>> held : session.window.held().entrySet()) {
      boolean meant =
          held.getValue()
              .filter(waits -> waits.pdu().initiatorTaskTag() == request.referencedTaskTag())
              .filter(waits -> waits.pdu() instanceof ScsiCommand)
              .isPresent();
      if (meant) {
        skip(held.getKey(), deliver);
        return TaskManagementResponseCode.FUNCTION_COMPLETE;
      }
    }
    boolean mayCome =
        session.window.contains(request.refCmdSn())
            && SerialNumber.lessThan(request.refCmdSn(), request.cmdSn())
            && !session.window.held().containsKey(request.refCmdSn());
    if (!mayCome) {
      return TaskManagementResponseCode.TASK_DOES_NOT_EXIST;
    }
    session.window.skip(request.refCmdSn(), deliver);
    return TaskManagementResponseCode.FUNCTION_COMPLETE;
  }

  private void onUnit(
      TaskManagementRequest request, TaskManagement function, Consumer<Sequenced> deliver) {
    Optional<LogicalUnit> unit = units.at(request.lun());
    if (unit.isEmpty()) {
      respond(request, TaskManagementResponseCode.LUN_DOES_NOT_EXIST);
      return;
    }
    Runnable begin =
        () ->
            onUnits(
                request,
                function,
                List.of(unit.get()),
                task -> task.lun() == request.lun(),
                deliver);
    boolean early =
        !session.connections.alone()
            && SerialNumber.lessThan(session.window.expCmdSn(), request.cmdSn());
    if (early) {
      deferred.add(new Deferred(request, deadline(), begin));
    } else {
      begin.run();
    }
  }

  private void onUnits(
      TaskManagementRequest request,
      TaskManagement function,
      Collection<LogicalUnit> covered,
      Predicate<Task> selected,
      Consumer<Sequenced> deliver) {
    skipUndelivered(request, function, deliver);
    List<Runnable> running = new ArrayList<>();
    for (FullFeaturePhase phase : session.connections.phases()) {
      running.addAll(phase.dropTasks(selected));
    }
    Pending reset = begin(request, covered.size());
    for (LogicalUnit unit : covered) {
      unit.manage(
          function,
          units.nexus(),
          0,
          session.reentry.guard(
              done -> {
                reset.rejected |= !done;
                if (reset.awaited == 1) {
                  running.forEach(Runnable::run);
                }
                completed(reset);
              }));
    }
    if (covered.isEmpty()) {
      reset.awaited = 1;
      completed(reset);
    }
  }

  /** Commands that were sent before an immediate function, and are held for an earlier one. */
  private void skipUndelivered(
      TaskManagementRequest request, TaskManagement function, Consumer<Sequenced> deliver) {
    List<Integer> covered = new ArrayList<>();
    session
        .window
        .held()
        .forEach(
            (cmdSn, waits) -> {
              boolean meant =
                  waits.isPresent()
                      && waits.get().pdu() instanceof ScsiCommand command
                      && SerialNumber.lessThan(cmdSn, request.cmdSn())
                      && (function == TaskManagement.TARGET_RESET
                          || command.lun() == request.lun());
              if (meant) {
                covered.add(cmdSn);
              }
            });
    covered.forEach(cmdSn -> skip(cmdSn, deliver));
    boolean onTheWay = function == TaskManagement.TARGET_RESET && !session.connections.alone();
    int last = session.window.maxCmdSn();
    for (int cmdSn = session.window.expCmdSn();
        onTheWay
            && SerialNumber.lessThan(cmdSn, request.cmdSn())
            && SerialNumber.lessOrEqual(cmdSn, last);
        cmdSn++) {
      session.window.plug(cmdSn, deliver);
    }
  }

  private void skip(int cmdSn, Consumer<Sequenced> deliver) {
    Optional<Sequenced> waits = session.window.held().get(cmdSn);
    if (waits != null) {
      waits.ifPresent(request -> request.connection().forget(request));
    }
    session.window.skip(cmdSn, deliver);
  }

  private long deadline() {
    return session.now + session.settings.taskManagementTimeout().toNanos();
  }

  private Pending begin(TaskManagementRequest request, int awaited) {
    Pending function = new Pending(request, deadline());
    function.awaited = awaited;
    pending.add(function);
    return function;
  }

  private void completed(Pending function) {
    if (--function.awaited > 0 || !pending.remove(function)) {
      return;
    }
    if (function.rejected) {
      respond(function.request, TaskManagementResponseCode.FUNCTION_REJECTED);
      return;
    }
    respond(
        function.request,
        function.found
            ? TaskManagementResponseCode.FUNCTION_COMPLETE
            : TaskManagementResponseCode.TASK_DOES_NOT_EXIST);
  }

  private void respond(TaskManagementRequest request, TaskManagementResponseCode response) {
    boolean cold =
        request.function() == TaskManagementFunction.TARGET_COLD_RESET.code()
            && response == TaskManagementResponseCode.FUNCTION_COMPLETE;
    // Section 4.2.2.3: a function that covers several tasks, over all connections.
    boolean fenced = request.function() != TaskManagementFunction.ABORT_TASK.code();
    session.respond(
        n -> {
          session.requestEnded(request.immediate());
          if (cold) {
            coldReset.run();
          }
          return new TaskManagementResponse(
              response.code(),
              request.initiatorTaskTag(),
              n.takeStatSn(),
              n.expCmdSn(),
              n.maxCmdSn());
        },
        fenced);
  }
}
