package io.moongate.session;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.LoginStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * The connections of a session, and what they share (RFC 7143 sections 4.2.2 and 4.2.5): command
 * numbering, the nexus with its units, the count of immediate requests, the fence of responses.
 * Everything else belongs to one connection: StatSN, transfer tags, digests, lengths, keep-alive,
 * and every task, as its data and status go where its command came from.
 *
 * <p><b>Threads.</b> A connection works in turns, and takes {@link #enter the session's turn} for
 * each. So one thread at a time is in a session, and may touch the state of all its connections. A
 * session of one connection never contends for its turn: what it pays is one uncontended lock per
 * turn, none per command. Bytes are cut into PDUs, digested and copied outside of turns.
 *
 * <p><b>Order.</b> Non-immediate commands reach the task set in the order of CmdSN, over whatever
 * connections they come:
 *
 * <ol>
 *   <li>{@link CommandWindow} is touched only within the turn, and hands out each number once, in
 *       order; what is early is held there, at most as many requests as the window is wide.
 *   <li>What it hands out is delivered before the next is, in the same turn, by the thread that has
 *       the turn, also when it came on another connection: no queue and no other thread lies
 *       between the number and the delivery.
 *   <li>A command that has all its data is given to its logical unit within its delivery. One that
 *       still has to get data, or memory, begins when it has them, as in a session of one
 *       connection; initiators that need an order among such commands wait for their status.
 * </ol>
 *
 * <p>Units answer on threads of their own, and never take a turn: an answer is left with the
 * connection (see {@link Reentry}) for its next turn. So nobody waits for a turn while holding a
 * lock that a turn may want.
 *
 * <p><b>End.</b> The session ends with its last connection, with a logout that closes it, and at
 * error recovery level 0 with the failure of any connection (section 7.14: what is left then is
 * session recovery). A connection that is logged out or reinstated leaves without that.
 */
final class SessionConnections {
  private final ReentrantLock turn = new ReentrantLock();
  private final SessionSettings settings;
  private final SessionRegistry registry;
  private final LiveSession live;
  private final CommandWindow<Sequenced> window;
  private final OperationalParameters parameters;
  private final Optional<NexusUnits> units;
  private final ResponseFence fence;
  private final Map<Integer, Connection> members = new LinkedHashMap<>();

  /** The tasks of connections that have left, and that may still run. */
  private CompletableFuture<Void> departed = CompletableFuture.completedFuture(null);

  /** Once the session is to end: completes when no task of it can change a medium any more. */
  private CompletableFuture<Void> tasksEnded;

  /** Once the session has ended: completes when nothing is reserved for its nexus any more. */
  private CompletionStage<Void> released = CompletableFuture.completedStage(null);

  private boolean closing;
  private boolean ended;
  private int immediates;

  /**
   * A session of one connection.
   *
   * @param parameters what the leading login agreed on
   * @param units empty in a discovery session
   */
  SessionConnections(
      SessionSettings settings,
      SessionRegistry registry,
      LiveSession live,
      CommandWindow<Sequenced> window,
      OperationalParameters parameters,
      Optional<NexusUnits> units,
      Connection leading) {
    this.settings = settings;
    this.registry = registry;
    this.live = live;
    this.window = window;
    this.parameters = parameters;
    this.units = units;
    this.fence = new ResponseFence(this, settings.taskManagementTimeout());
    members.put(leading.cid(), leading);
  }

  /** Takes the session's turn; waits while another connection has it. */
  void enter() {
    turn.lock();
  }

  /** Gives the turn back. */
  void leave() {
    turn.unlock();
  }

  CommandWindow<Sequenced> window() {
    return window;
  }

  OperationalParameters parameters() {
    return parameters;
  }

  Optional<NexusUnits> units() {
    return units;
  }

  ResponseFence fence() {
    return fence;
  }

  /** Whether the session has but one connection. */
  boolean alone() {
    return members.size() < 2;
  }

  /** Whether the session is being closed: nothing more is taken on any connection. */
  boolean closing() {
    return closing;
  }

  /** Counts an immediate request; false when too many are under way (section 11.17.1). */
  boolean beginImmediate() {
    if (immediates >= settings.maxImmediateCommands()) {
      return false;
    }
    immediates++;
    return true;
  }

  void immediatesEnded(int number) {
    immediates -= number;
  }

  /** Non-immediate requests were taken: what waited for them goes on. */
  void ordered() {
    if (!alone()) {
      phases().forEach(FullFeaturePhase::resume);
    }
  }

  /** The connections in full feature phase, in the order in which they joined. */
  List<FullFeaturePhase> phases() {
    List<FullFeaturePhase> phases = new ArrayList<>();
    for (Connection member : members.values()) {
      member.fullFeature().ifPresent(phases::add);
    }
    return phases;
  }

  /** Whether a task tag is in use on a connection other than this (section 4.2.2.1). */
  boolean usedElsewhere(int tag, FullFeaturePhase own) {
    if (alone()) {
      return false;
    }
    return isHeld(tag, by -> by != own)
        || phases().stream().anyMatch(other -> other != own && other.hasTask(tag));
  }

  /** Whether a SCSI command of this task tag waits for one with a smaller CmdSN. */
  boolean isHeld(int tag, Predicate<FullFeaturePhase> by) {
    if (window.held().isEmpty()) {
      return false;
    }
    return window.held().values().stream()
        .flatMap(Optional::stream)
        .anyMatch(
            waits ->
                waits.pdu() instanceof ScsiCommand command
                    && command.initiatorTaskTag() == tag
                    && by.test(waits.connection()));
  }

  /** Why a login that names this session may not join it; empty when it may. */
  Optional<LoginStatus> refuses(int cid) {
    enter();
    try {
      if (ended || closing) {
        return Optional.of(LoginStatus.SESSION_DOES_NOT_EXIST);
      }
      boolean full = !members.containsKey(cid) && members.size() >= parameters.maxConnections();
      return full ? Optional.of(LoginStatus.TOO_MANY_CONNECTIONS) : Optional.empty();
    } finally {
      leave();
    }
  }

  /**
   * Lets a connection in that {@link #refuses} does not refuse. One with the same CID is reinstated
   * (section 6.3.4): it is closed at once, and its tasks end.
   *
   * @return completes when the tasks of the old one can't change a medium any more, or the bound on
   *     waiting for that is reached
   */
  CompletableFuture<Void> join(Connection joining) {
    Connection old = members.put(joining.cid(), joining);
    if (old == null) {
      return CompletableFuture.completedFuture(null);
    }
    depart(old);
    old.removed("connection reinstatement");
    // The old one may itself have waited for the tasks of one before it.
    return bounded(departed);
  }

  /**
   * Logs out a connection from another one of the session (section 11.14).
   *
   * @return completes when its tasks can't change a medium any more; empty when there is none
   */
  Optional<CompletableFuture<Void>> logOut(int cid) {
    Connection other = members.remove(cid);
    if (other == null) {
      return Optional.empty();
    }
    CompletableFuture<Void> tasks = depart(other);
    other.removed("logged out through another connection");
    return Optional.of(tasks);
  }

  /**
   * A connection logs itself out, and others stay.
   *
   * @return completes when its tasks can't change a medium any more
   */
  CompletableFuture<Void> logOut(Connection own) {
    members.remove(own.cid(), own);
    return depart(own);
  }

  /**
   * The session is to be closed: no connection takes anything any more, no task begins.
   *
   * @return completes when no task can change a medium any more
   */
  CompletableFuture<Void> close() {
    closing = true;
    if (tasksEnded == null) {
      fence.clear();
      tasksEnded = CompletableFuture.allOf(departed, endTasks(members.values(), true));
    }
    return tasksEnded;
  }

  /** The session has ended: the nexus is gone, and its TSIH free. */
  void end() {
    if (ended) {
      return;
    }
    ended = true;
    CompletableFuture<Void> tasks = close();
    released = units.map(NexusUnits::detach).orElse(released);
    live.detached();
    live.releasing(released.toCompletableFuture());
    registry.ended(live);
    // Only now: whoever waits for this end attaches the same nexus anew.
    var unused = bounded(tasks).thenRun(() -> live.ended().complete(null));
  }

  /** Completes when nothing is reserved for the nexus of the session that has ended. */
  CompletionStage<Void> released() {
    return released;
  }

  /** Whether any task of the session, on whatever connection, is with the unit. */
  boolean isBusy(LogicalUnit unit) {
    return phases().stream().anyMatch(phase -> phase.isBusy(unit));
  }

  /** Closes the connections but one, after what they have to send was sent. */
  void closeOthers(Connection but, String reason) {
    others(but).forEach(other -> other.closed(reason));
  }

  /**
   * A connection is gone. Unless it was logged out or reinstated before, that is a failure, and the
   * session ends with it.
   *
   * @return completes when its tasks have ended, or a bound on waiting for that is reached
   */
  CompletableFuture<Void> gone(Connection connection) {
    if (members.get(connection.cid()) != connection) {
      return bounded(connection.tasksEnded());
    }
    if (connection.fullFeature().isEmpty() && !alone()) {
      members.remove(connection.cid());
      return CompletableFuture.completedFuture(null);
    }
    fail(connection);
    members.remove(connection.cid());
    return bounded(tasksEnded);
  }

  /** A connection has failed: the session ends, and is dropped on its other connections. */
  void fail(Connection failed) {
    end();
    others(failed).forEach(other -> other.dropped("a connection of the session has failed"));
  }

  private List<Connection> others(Connection but) {
    return members.values().stream().filter(member -> member != but).toList();
  }

  /** Ends what a connection has in the session; the holes that its numbers leave stay. */
  private CompletableFuture<Void> depart(Connection leaving) {
    leaving.fullFeature().ifPresent(phase -> window.discard(waits -> waits.connection() == phase));
    CompletableFuture<Void> tasks = endTasks(List.of(leaving), false);
    leaving.left(tasks);
    departed = departed.isDone() ? tasks : CompletableFuture.allOf(departed, tasks);
    return tasks;
  }

  /** Those that have not begun never do; completes when the others have ended. */
  private CompletableFuture<Void> endTasks(Collection<Connection> of, boolean all) {
    List<Task> running = new ArrayList<>();
    for (Connection connection : of) {
      connection.fullFeature().ifPresent(phase -> running.addAll(phase.abandonTasks()));
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    if (all) {
      Set<LogicalUnit> busy = new HashSet<>();
      for (Task task : running) {
        if (task.unit != null) {
          busy.add(task.unit);
        }
      }
      CountDown countDown = new CountDown(busy.size() + 1, () -> done.complete(null));
      for (LogicalUnit unit : busy) {
        manage(unit, TaskManagement.ABORT_TASK_SET, 0, countDown);
      }
      countDown.one();
      return done;
    }
    CountDown countDown = new CountDown(running.size() + 1, () -> done.complete(null));
    for (Task task : running) {
      if (task.unit == null) {
        countDown.one();
      } else {
        manage(task.unit, TaskManagement.ABORT_TASK, task.tag(), countDown);
      }
    }
    countDown.one();
    return done;
  }

  private void manage(LogicalUnit unit, TaskManagement function, int tag, CountDown countDown) {
    unit.manage(function, units.orElseThrow().nexus(), tag, done -> countDown.one());
  }

  private CompletableFuture<Void> bounded(CompletableFuture<Void> tasks) {
    return tasks
        .copy()
        .completeOnTimeout(null, settings.reinstatementTimeout().toNanos(), TimeUnit.NANOSECONDS);
  }
}
