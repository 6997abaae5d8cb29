package io.moongate.session;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.sense.Sense;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * The SCSI tasks of a connection (RFC 7143 sections 11.3, 11.4, 11.7 and 11.8): memory before data,
 * data before execution, in the order of delivery. The states are those of {@link Task}.
 */
final class ScsiTasks {
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0);
  private static final int REMEMBERED_ABORTS = 256;
  private static final long QUERY_INTERVAL_NANOS = 5_000_000_000L;

  /** Sense data of section 11.4.7.2: PROTOCOL SERVICE CRC ERROR. */
  private static final byte[] CRC_ERROR =
      new Sense(0x0B, 0x4705, OptionalLong.empty(), 0).encode(false);

  private static final byte[] INVALID_OPERATION = Sense.INVALID_OPERATION_CODE.encode(false);

  private final SessionState session;
  private final NexusUnits units;
  private final Map<Integer, Task> tasks = new HashMap<>();
  private final Deque<Task> waiting = new ArrayDeque<>();

  /** Tags of tasks that were aborted while their unsolicited data was still to come. */
  private final Set<Integer> abortedTags = new LinkedHashSet<>();

  /** Data of commands that wait for their turn, as those before them come elsewhere. */
  private final EarlyDataOut early;

  ScsiTasks(SessionState session, NexusUnits units, IntPredicate held) {
    this.session = session;
    this.early = new EarlyDataOut(session.parameters.firstBurstLength(), held);
    this.units = units;
  }

  /** Tasks under way. */
  int size() {
    return tasks.size();
  }

  Optional<Task> find(int tag) {
    return Optional.ofNullable(tasks.get(tag));
  }

  /**
   * Takes a command that is due.
   *
   * @param usedElsewhere whether another connection of the session has a task of this tag
   */
  void start(ScsiCommand command, long arrivedNanos, boolean usedElsewhere) {
    List<EarlyDataOut.Piece> came = early.take(command.initiatorTaskTag());
    if (usedElsewhere || tasks.containsKey(command.initiatorTaskTag())) {
      session.reject(RejectReason.TASK_IN_PROGRESS, command);
      session.requestEnded(command.immediate());
      return;
    }
    if (command.read() && command.write()) {
      respond(command, Response.checkCondition(INVALID_OPERATION), 0);
      return;
    }
    // What was still to come for an aborted task of this tag was sent before this command.
    abortedTags.remove(command.initiatorTaskTag());
    byte[] cdb = command.cdb().toArray();
    long expected = command.expectedDataTransferLength();
    long wanted = 0;
    if (command.write()) {
      wanted = Math.min(expected, units.dataOutLength(command.lun(), cdb));
    }
    if (wanted > session.settings.maxGatewayBytes() || wanted > Integer.MAX_VALUE - 8) {
      wanted = 0; // The unit gets less than its CDB asks for, and says so.
    }
    DataOutTransfer dataOut =
        command.write() ? new DataOutTransfer(command, (int) wanted, session.parameters) : null;
    long read = command.read() ? Math.min(expected, session.settings.maxConnectionBytes()) : 0;
    long deadline = arrivedNanos + session.settings.commandDeadline().toNanos();
    ScsiCommand kept = Kept.withoutData(command);
    Task task = new Task(kept, cdb, arrivedNanos, deadline, dataOut, wanted + read);
    tasks.put(task.tag(), task);
    if (waiting.isEmpty() && session.ledger.reserve(task.reserved)) {
      collect(task);
    } else {
      if (dataOut != null) {
        dataOut.keepEarly();
      }
      waiting.add(task);
    }
    for (EarlyDataOut.Piece piece : came) {
      if (piece.damaged()) {
        receiveDamaged(piece.pdu(), piece.length());
      } else {
        receive(piece.pdu());
      }
    }
  }

  /** Takes a Data-Out PDU. */
  void receive(DataOut pdu) {
    if (early.keep(pdu, pdu.data().size(), false)) {
      return;
    }
    Task task = taskOf(pdu);
    if (task != null) {
      task.dataOut.receive(pdu);
      if (task.state == Task.State.WAITING) {
        task.dataOut.keepEarly();
      }
      proceed(task);
    }
  }

  /**
   * Takes a Data-Out PDU whose data segment was damaged: the task ends with CHECK CONDITION once
   * the rest of its data has come (section 7.8).
   */
  void receiveDamaged(DataOut pdu, int length) {
    if (early.keep(pdu, length, true)) {
      return;
    }
    Task task = taskOf(pdu);
    if (task != null) {
      task.dataOut.receiveDamaged(pdu, length);
      proceed(task);
    }
  }

  /** Gives memory that came free to the tasks that wait for it, in order. */
  void admit() {
    while (!waiting.isEmpty() && session.ledger.reserve(waiting.peek().reserved)) {
      collect(waiting.poll());
    }
  }

  /** Bytes that are held for data that came for commands before their turn, or before memory. */
  long earlyBytes() {
    long bytes = early.bytes();
    for (Task task : waiting) {
      bytes += task.dataOut == null ? 0 : task.dataOut.earlyBytes();
    }
    return bytes;
  }

  /**
   * Gives the last task up that has data and waits for memory: it is answered BUSY.
   *
   * @return whether there was one
   */
  boolean giveUpEarly() {
    for (Iterator<Task> last = waiting.descendingIterator(); last.hasNext(); ) {
      Task task = last.next();
      if (task.dataOut != null && task.dataOut.earlyBytes() > 0) {
        expire(task);
        return true;
      }
    }
    return false;
  }

  /**
   * Looks after deadlines.
   *
   * @return false when data-out that is due has not come for so long that the connection must end
   */
  boolean tick() {
    long dataOutTimeout = session.settings.dataOutTimeout().toNanos();
    for (Task task : new ArrayList<>(tasks.values())) {
      boolean past = session.now - task.deadlineNanos >= 0;
      switch (task.state) {
        case WAITING, COLLECTING -> {
          if (past) {
            expire(task);
          }
        }
        case EXPIRED -> {
          if (session.now - task.arrivedNanos >= dataOutTimeout) {
            return false;
          }
        }
        case RUNNING -> {
          if (session.now - task.queriedNanos >= QUERY_INTERVAL_NANOS) {
            query(task);
          }
        }
        case ENDED -> {}
      }
    }
    units.releaseUnmapped(session.connections::isBusy);
    return true;
  }

  /** Whether a task is with the unit. */
  boolean isBusy(LogicalUnit unit) {
    return tasks.values().stream().anyMatch(task -> task.unit == unit);
  }

  /** Ends a task without a response; late data for it is dropped. */
  void drop(Task task) {
    if (task.state == Task.State.ENDED) {
      return;
    }
    if (task.dataOut != null && task.dataOut.unsolicitedOpen()) {
      dropData(task.tag());
    }
    free(task);
    end(task);
    session.requestEnded(task.command.immediate());
  }

  /** A command that waited for its turn never gets it; late data for it is dropped. */
  void forget(ScsiCommand command) {
    List<EarlyDataOut.Piece> came = early.take(command.initiatorTaskTag());
    boolean all = came.stream().anyMatch(piece -> piece.pdu().finalBit());
    if (!command.finalBit() && !all) {
      dropData(command.initiatorTaskTag());
    }
  }

  /**
   * Lets go of every task: those that have not begun never do, the others are not answered. What
   * they hold is given back with the connection's {@link Ledger}.
   *
   * @return the tasks that a logical unit has
   */
  List<Task> abandon() {
    List<Task> running = dropNotRunning(task -> true);
    for (Task task : running) {
      end(task);
    }
    waiting.clear();
    return running;
  }

  private void dropData(int tag) {
    abortedTags.add(tag);
    if (abortedTags.size() > REMEMBERED_ABORTS) {
      abortedTags.remove(abortedTags.iterator().next());
    }
  }

  /** Drops the tasks that no logical unit has yet, and returns those that one has. */
  List<Task> dropNotRunning(Predicate<Task> selected) {
    List<Task> running = new ArrayList<>();
    for (Task task : new ArrayList<>(tasks.values())) {
      if (selected.test(task)) {
        if (task.state == Task.State.RUNNING) {
          running.add(task);
        } else {
          drop(task);
        }
      }
    }
    return running;
  }

  /** The task that a Data-Out PDU belongs to; null when the PDU is to be ignored. */
  private Task taskOf(DataOut pdu) {
    Task task = tasks.get(pdu.initiatorTaskTag());
    boolean takesData = task != null && task.dataOut != null && task.state != Task.State.RUNNING;
    if (takesData && (task.dataOut.expects(pdu) || !late(pdu))) {
      return task;
    }
    if (late(pdu)) {
      return null;
    }
    throw ProtocolException.rejected(
        RejectReason.PROTOCOL_ERROR, "data of no task", false, PduEncoder.basicHeader(pdu));
  }

  /** Whether the data belongs to a task that is gone. */
  private boolean late(DataOut pdu) {
    if (pdu.targetTransferTag() != Pdu.RESERVED_TAG) {
      return session.knownTransferTag(pdu.targetTransferTag());
    }
    boolean aborted = abortedTags.contains(pdu.initiatorTaskTag());
    if (aborted && pdu.finalBit()) {
      abortedTags.remove(pdu.initiatorTaskTag());
    }
    return aborted;
  }

  private void collect(Task task) {
    task.state = Task.State.COLLECTING;
    if (task.dataOut != null) {
      task.dataOut.allocate();
    }
    proceed(task);
  }

  private void proceed(Task task) {
    if (task.state == Task.State.WAITING) {
      return;
    }
    if (task.state == Task.State.COLLECTING && session.now - task.deadlineNanos >= 0) {
      expire(task);
      return;
    }
    if (task.state == Task.State.EXPIRED) {
      answerExpired(task);
      return;
    }
    if (!task.ready()) {
      solicit(task);
      return;
    }
    if (task.dataOut != null && task.dataOut.damaged()) {
      finish(task, Response.checkCondition(CRC_ERROR));
      return;
    }
    execute(task);
  }

  private void solicit(Task task) {
    Optional<DataOutTransfer.Burst> next = task.dataOut.solicit(session::newTransferTag);
    while (next.isPresent()) {
      DataOutTransfer.Burst burst = next.get();
      session.out.addUrgent(
          n ->
              new ReadyToTransfer(
                  task.lun(),
                  task.tag(),
                  burst.targetTransferTag(),
                  n.statSn(),
                  n.expCmdSn(),
                  n.maxCmdSn(),
                  burst.r2tSn(),
                  burst.offset(),
                  burst.length()));
      next = task.dataOut.solicit(session::newTransferTag);
    }
  }

  private void execute(Task task) {
    task.state = Task.State.RUNNING;
    ScsiCommand command = task.command;
    task.unit =
        units
            .execute(
                task.lun(),
                new Command(
                    units.nexus(),
                    task.tag(),
                    attribute(command.attribute()),
                    task.cdb,
                    task.dataOut == null ? NO_DATA : task.dataOut.data(),
                    command.read() ? command.expectedDataTransferLength() : 0,
                    task.deadlineNanos),
                session.reentry.guard(response -> completed(task, response)))
            .orElse(null);
  }

  private void completed(Task task, Response response) {
    if (task.state == Task.State.RUNNING) {
      finish(task, response);
    }
  }

  /** Past its deadline: it must not be executed any more, and what is on its way is dropped. */
  private void expire(Task task) {
    free(task);
    task.state = Task.State.EXPIRED;
    if (task.dataOut != null) {
      task.dataOut.discard();
    }
    answerExpired(task);
  }

  private void answerExpired(Task task) {
    if (task.dataOut == null || task.dataOut.quiet()) {
      finish(task, Response.status(Status.BUSY));
    }
  }

  /** A reply may have been forgone: a logical unit reset by another initiator, for one. */
  private void query(Task task) {
    task.queriedNanos = session.now;
    if (task.unit == null) {
      return;
    }
    task.unit.manage(
        TaskManagement.QUERY_TASK,
        units.nexus(),
        task.tag(),
        session.reentry.guard(
            exists -> {
              if (!exists && task.state == Task.State.RUNNING) {
                drop(task);
              }
            }));
  }

  private void finish(Task task, Response response) {
    if (task.state != Task.State.EXPIRED) {
      int held = task.command.read() ? response.dataIn().remaining() : 0;
      session.ledger.adjust(task.reserved, held);
      task.reserved = held;
    }
    long held = task.reserved;
    end(task);
    respond(task.command, response, task.dataOut == null ? 0 : task.dataOut.r2ts(), held);
  }

  private void respond(ScsiCommand command, Response response, long held) {
    respond(command, response, 0, held);
  }

  private void respond(ScsiCommand command, Response response, int r2ts, long held) {
    session.respond(
        new CommandResponse(
            command,
            response,
            session.parameters,
            r2ts,
            () -> {
              session.ledger.adjust(held, 0);
              session.requestEnded(command.immediate());
            }),
        !session.connections.alone() && ResponseFence.concerns(command, response));
  }

  private void free(Task task) {
    if (task.state == Task.State.WAITING) {
      waiting.remove(task); // with the data that came for it
    } else {
      session.ledger.adjust(task.reserved, 0);
    }
    task.reserved = 0;
  }

  private void end(Task task) {
    task.state = Task.State.ENDED;
    tasks.remove(task.tag(), task);
  }

  private static TaskAttribute attribute(int code) {
    return switch (code) {
      case 2 -> TaskAttribute.ORDERED;
      case 3 -> TaskAttribute.HEAD_OF_QUEUE;
      case 4 -> TaskAttribute.ACA;
      default -> TaskAttribute.SIMPLE;
    };
  }
}
