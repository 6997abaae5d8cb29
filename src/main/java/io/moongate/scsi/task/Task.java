package io.moongate.scsi.task;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.TaskAttribute;
import io.moongate.volume.Volume;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A command to the medium from its arrival to its end. The monitor of its task set guards it. */
final class Task extends RangeLock.Claim implements Execution {
  private static final Logger LOG = System.getLogger(Task.class.getName());

  /** Where a task stands. */
  enum State {
    /** Not in the task set: has just arrived, or was refused or dropped. */
    OUTSIDE,
    /** Waits for the end of a transition. */
    HELD,
    /** Waits for an overlapping command. */
    WAITING,
    /** Its turn has come on this gateway: it counts as running, whether it has begun or not. */
    RUNNING,
    /** Goes to the owner. */
    FORWARDED,
    /** Is executed on this gateway by commands of its own, whoever owns the unit. */
    COPYING,
    ENDED
  }

  private final TaskSet set;
  private final Command command;
  private final MediumOperation operation;
  private final Consumer<Response> reply;
  private final boolean relayed;

  /** By which its latency is counted, on the task set's clock. */
  final long arrivedNanos;

  /** When its turn came: on arrival, unless it had to wait. */
  long begunNanos;

  /** As what it is counted while it is not relayed to the owner. */
  Via via = Via.LOCAL;

  State state = State.OUTSIDE;

  /** The stamp. Until a transition is over, a held command has only the number of it. */
  long epoch;

  long transition;

  /** Whether a copy manager of this gateway sent it: it is always answered, also when aborted. */
  boolean forCopy;

  LocalService service;
  volatile boolean aborted;
  Task previous;
  Task next;
  private List<Runnable> endings = List.of();

  private Task(
      TaskSet set,
      Command command,
      MediumOperation operation,
      Consumer<Response> reply,
      boolean relayed,
      long from,
      long to,
      boolean exclusive) {
    super(from, to, exclusive, command.attribute() == TaskAttribute.HEAD_OF_QUEUE);
    this.set = set;
    this.command = command;
    this.operation = operation;
    this.reply = reply;
    this.relayed = relayed;
    this.arrivedNanos = set.nanoTime();
    this.begunNanos = arrivedNanos;
  }

  /**
   * An ORDERED command claims everything, for itself: it begins when all older ones have ended, and
   * newer ones wait for it (SAM-5 section 8.6.3).
   */
  static Task of(
      TaskSet set,
      Command command,
      MediumOperation operation,
      Consumer<Response> reply,
      boolean relayed) {
    return command.attribute() == TaskAttribute.ORDERED
        ? new Task(set, command, operation, reply, relayed, -1, Long.MAX_VALUE, true)
        : new Task(
            set,
            command,
            operation,
            reply,
            relayed,
            operation.from(),
            operation.to(),
            operation.writes());
  }

  Command command() {
    return command;
  }

  MediumOperation operation() {
    return operation;
  }

  /**
   * Whether another gateway sent it here: it is always answered, and its sense is converted there.
   */
  boolean relayed() {
    return relayed;
  }

  @Override
  public Volume volume() {
    set.checkMayExecute(this);
    return service.volume;
  }

  @Override
  public long epoch() {
    set.checkMayExecute(this);
    return epoch;
  }

  @Override
  public boolean over() {
    return aborted || set.isDue(this);
  }

  @Override
  public boolean aborted() {
    return aborted;
  }

  /** Whether somebody other than the initiator waits for its answer, and converts the sense. */
  boolean indirect() {
    return relayed || forCopy;
  }

  /** To be run once the task has ended, whichever way. */
  void whenEnded(Runnable ending) {
    if (endings.isEmpty()) {
      endings = new ArrayList<>(1);
    }
    endings.add(ending);
  }

  List<Runnable> endings() {
    return endings;
  }

  /** Calls back; what the receiver throws is its own affair and stops nobody here. */
  void answer(Response response) {
    try {
      reply.accept(response);
    } catch (RuntimeException | Error failure) {
      LOG.log(Level.ERROR, "the receiver of a response failed", failure);
    }
  }
}
