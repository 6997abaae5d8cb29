package io.moongate.scsi.task;

import io.moongate.scsi.Command;
import io.moongate.scsi.Lease;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.Status;
import io.moongate.scsi.UnitReading;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.sense.CheckCondition;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The commands to the medium of one logical unit on this gateway, and the rules of ownership by
 * which they are executed (design rules 3, 4, 6 and 8):
 *
 * <ul>
 *   <li>A command is stamped on arrival with the epoch that is served, and executed under that
 *       epoch or not at all. When none is served it is held, for the transition that is under way
 *       and no other.
 *   <li>Each time it is about to touch the volume, the epoch, its deadline and the gateway's lease
 *       are checked ({@link Execution#volume}).
 *   <li>When its turn has come on the owner, and not before, it is compared with the reservations.
 *   <li>On this gateway, overlapping commands of which one writes run one after the other, in the
 *       order in which they arrived. So a write that began in time and completes late is still
 *       ordered before whatever overlaps it and came later.
 *   <li>Whatever waits ends at its deadline at the latest, with BUSY.
 * </ul>
 *
 * <p>One monitor per unit, held for a few comparisons when a command arrives and when it ends.
 * Nothing is called out to while it is held, but the timer.
 */
public final class TaskSet {
  private static final Logger LOG = System.getLogger(TaskSet.class.getName());

  private static final Response TASK_ABORTED = Response.status(Status.TASK_ABORTED);

  /** What a task needs once the monitor is left. */
  private enum Step {
    NONE,
    START,
    FORWARD,
    BUSY,
    FULL
  }

  private final String unit;
  private final Lease lease;
  private final DeadlineTimer timer;
  private final TaskLimits limits;
  private final Precondition precondition;
  private final Answers answers;

  /** Written under the monitor; the check before each touch of the volume reads it without. */
  private volatile Ownership ownership = Ownership.UNKNOWN;

  private final TaskList tasks = new TaskList();
  private final RangeLock ranges = new RangeLock();
  private final ArrayDeque<Task> held = new ArrayDeque<>();

  private final UnitCounts counts = new UnitCounts();
  private final LocalServices services = new LocalServices();
  private final Dispatcher dispatcher = new Dispatcher(this, this::takeOn);
  private final WakeUp wakeUp;

  public TaskSet(
      String unit,
      Lease lease,
      DeadlineTimer timer,
      TaskLimits limits,
      Precondition precondition,
      Answers answers) {
    this.unit = unit;
    this.lease = lease;
    this.timer = timer;
    this.limits = limits;
    this.precondition = precondition;
    this.answers = answers;
    this.wakeUp = new WakeUp(timer, this::expire);
  }

  /**
   * Executes an operation of the unit's own, as a command that the owner has sent to itself: it is
   * always answered, with BUSY when this gateway does not serve the unit under the epoch.
   */
  public void submitOwn(
      long epoch, Command command, MediumOperation operation, Consumer<Response> reply) {
    submitRelayed(epoch, command, operation, reply, Via.OWN);
  }

  /** Who serves, as this gateway knows it now. */
  public Ownership ownership() {
    return ownership;
  }

  /** The epoch under which this gateway serves the unit itself now, holding its lease. */
  public OptionalLong servedHere() {
    Ownership now = ownership;
    boolean here = now.serving() && now.route() instanceof Route.Local && leased();
    return here ? OptionalLong.of(now.epoch()) : OptionalLong.empty();
  }

  /** Whether this gateway holds its lease. Without it nothing that it was asked is carried out. */
  public boolean leased() {
    return lease.coversNanos(timer.nanoTime());
  }

  // ---- arrival

  /**
   * Stamps a command of one of the unit's own nexuses, and executes it, forwards it or holds it.
   */
  public void submit(Command command, MediumOperation operation, Consumer<Response> reply) {
    Task task = Task.of(this, command, operation, reply, false);
    Step step;
    synchronized (this) {
      step = arrive(task);
    }
    take(task, step);
  }

  /** Executes a command that another gateway relayed, under {@code epoch} and no other. */
  public void submitRelayed(
      long epoch, Command command, MediumOperation operation, Consumer<Response> reply) {
    submitRelayed(epoch, command, operation, reply, Via.PEER);
  }

  private void submitRelayed(
      long epoch, Command command, MediumOperation operation, Consumer<Response> reply, Via via) {
    Task task = Task.of(this, command, operation, reply, true);
    task.epoch = epoch;
    task.via = via;
    Step step;
    synchronized (this) {
      step = arrive(task);
    }
    take(task, step);
  }

  /**
   * Executes a command of a copy manager of this gateway, on behalf of the nexus that sent the copy
   * command: like one of that nexus's own, but answered always, with TASK ABORTED when it was
   * aborted, and not a task that the initiator can ask about.
   */
  public void submitForCopy(Command command, MediumOperation operation, Consumer<Response> reply) {
    Task task = Task.of(this, command, operation, reply, false);
    task.forCopy = true;
    task.via = Via.COPY;
    Step step;
    synchronized (this) {
      step = arrive(task);
    }
    take(task, step);
  }

  /**
   * Executes a copy command: begun at once, whoever owns the unit. What touches a medium are the
   * commands that it sends itself; here it is only counted and can be aborted.
   */
  public void submitCopy(Command command, MediumOperation operation, Consumer<Response> reply) {
    Task task = Task.of(this, command, operation, reply, false);
    Step step = Step.START;
    synchronized (this) {
      if (!tasks.hasRoom(task, limits)) {
        step = Step.FULL;
      } else if (isDue(task)) {
        step = Step.BUSY;
      } else {
        task.state = Task.State.COPYING;
        tasks.add(task);
      }
    }
    take(task, step);
  }

  private Step arrive(Task task) {
    if (!tasks.hasRoom(task, limits)) {
      return Step.FULL;
    }
    Ownership now = ownership;
    if (now.serving()) {
      if (!task.relayed()) {
        task.epoch = now.epoch();
      }
      return place(task);
    }
    if (task.relayed() && !now.awaits(task.epoch) || held.size() >= limits.held()) {
      return Step.BUSY;
    }
    task.transition = now.transition();
    task.state = Task.State.HELD;
    tasks.add(task);
    held.add(task);
    wakeUp.ask(task.command().deadlineNanos());
    return Step.NONE;
  }

  /** Puts a task that is stamped on its way; the unit is being served. */
  private Step place(Task task) {
    Ownership now = ownership;
    if (!now.executes(task.epoch)) {
      return Step.BUSY;
    }
    if (now.route() instanceof Route.Remote) {
      if (task.relayed()) {
        return Step.BUSY;
      }
      task.state = Task.State.FORWARDED;
      tasks.add(task);
      if (dispatcher.isIdle()) {
        return Step.FORWARD;
      }
      // Behind the commands that were held, for the order in which they reach the owner.
      dispatcher.add(task);
      return Step.NONE;
    }
    if (ranges.tryAcquire(task)) {
      tasks.add(task);
      run(task);
      return Step.START;
    }
    if (ranges.waiting() >= limits.waiting()) {
      return Step.FULL;
    }
    task.state = Task.State.WAITING;
    tasks.add(task);
    ranges.await(task);
    wakeUp.ask(task.command().deadlineNanos());
    return Step.NONE;
  }

  /** From here on the task counts as running: draining and task management wait for its end. */
  private void run(Task task) {
    task.state = Task.State.RUNNING;
    task.service = services.current();
    task.service.enter();
  }

  private void acquired(RangeLock.Claim claim) {
    Task task = (Task) claim;
    run(task);
    dispatcher.add(task);
  }

  // ---- execution

  private void take(Task task, Step step) {
    switch (step) {
      case NONE -> {}
      case START -> start(task);
      case FORWARD -> forward(task);
      case BUSY -> answerUnbegun(task, Response.status(Status.BUSY));
      case FULL -> answerUnbegun(task, Response.status(Status.TASK_SET_FULL));
    }
  }

  /** For a task that is not in the set, or not any more, and has not begun. */
  private void answerUnbegun(Task task, Response response) {
    synchronized (this) {
      counts.ended(task, task.via, false, response, timer.nanoTime());
    }
    task.answer(response);
  }

  private void start(Task task) {
    CompletionStage<Response> outcome;
    try {
      Optional<Response> refusal;
      try {
        refusal = precondition.refusal(task.command(), task.operation());
      } catch (CheckCondition refused) {
        checkMayExecute(task); // as below
        throw refused;
      }
      if (refusal.isPresent()) {
        checkMayExecute(task); // what is known here holds only as long as this gateway serves
        end(task, refusal.get());
        return;
      }
      outcome = Objects.requireNonNull(task.operation().run(task), "no outcome");
    } catch (RuntimeException | Error failure) {
      end(task, failed(task, failure));
      return;
    }
    var unused =
        outcome.whenComplete(
            (response, failure) -> end(task, failure == null ? response : failed(task, failure)));
  }

  /** The check that stands before every touch of the volume. */
  void checkMayExecute(Task task) {
    if (!mayBegin(task, ownership)) {
      throw NotExecuted.INSTANCE;
    }
  }

  /**
   * Whether a command may touch the volume, or be relayed to whoever does. The lease of this
   * gateway is asked for what it relays, too: a deadline counts from when a command was read, and
   * one that lay unread while the gateway was stopped may have been given up.
   */
  private boolean mayBegin(Task task, Ownership now) {
    long nanos = timer.nanoTime();
    return !task.aborted
        && now.executes(task.epoch)
        && !isDue(task, nanos)
        && lease.coversNanos(nanos);
  }

  boolean isDue(Task task) {
    return isDue(task, timer.nanoTime());
  }

  private static boolean isDue(Task task, long now) {
    return now - task.command().deadlineNanos() >= 0;
  }

  private void forward(Task task) {
    Ownership now = ownership;
    if (!mayBegin(task, now) || !(now.route() instanceof Route.Remote remote)) {
      end(task, Response.status(Status.BUSY));
      return;
    }
    try {
      remote
          .owner()
          .forward(
              unit, task.epoch, task.command(), response -> end(task, answers.fromOwner(response)));
    } catch (RuntimeException | Error failure) {
      LOG.log(Level.ERROR, () -> "unit " + unit + ": a command could not be relayed", failure);
      end(task, Response.status(Status.BUSY));
    }
  }

  private Response failed(Task task, Throwable failure) {
    return answers.failed(failure, task.operation(), task.indirect());
  }

  private void end(Task task, Response response) {
    List<Runnable> endings;
    List<CompletableFuture<Void>> idle = List.of();
    boolean silent;
    boolean more;
    Response answer;
    long now = timer.nanoTime();
    synchronized (this) {
      if (task.state == Task.State.ENDED) {
        return;
      }
      boolean local = task.state == Task.State.RUNNING;
      silent = task.aborted && !task.indirect();
      answer = task.aborted && task.forCopy ? TASK_ABORTED : response;
      if (silent) {
        counts.abortedTask();
      } else {
        Via via = task.state == Task.State.FORWARDED ? Via.RELAYED : task.via;
        counts.ended(task, via, local, answer, now);
      }
      task.state = Task.State.ENDED;
      tasks.remove(task);
      if (local) {
        ranges.release(task, this::acquired);
        idle = task.service.leave();
      }
      endings = task.endings();
      more = dispatcher.isNeeded();
    }
    if (!silent) {
      task.answer(answer);
    }
    endings.forEach(TaskSet::runSafely);
    idle.forEach(future -> future.complete(null));
    if (more) {
      dispatcher.run();
    }
  }

  private static void runSafely(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error failure) {
      LOG.log(Level.ERROR, "a step that must not fail has failed", failure);
    }
  }

  /** For the dispatcher: goes on with a task whose turn has come. */
  private void takeOn(Task task) {
    task.begunNanos = timer.nanoTime();
    runSafely(() -> take(task, task.state == Task.State.RUNNING ? Step.START : Step.FORWARD));
  }

  // ---- ownership

  /**
   * Takes on new path states, unless they are older than what is known.
   *
   * @return what was known before, and is known now
   */
  public OwnershipChange publish(PathStates states, Route route) {
    OwnershipChange change;
    List<Task> refused = new ArrayList<>();
    List<Task> full = new ArrayList<>();
    synchronized (this) {
      Ownership before = ownership;
      Ownership now = before.next(states, route);
      change = new OwnershipChange(before, now);
      if (now == before) {
        LOG.log(Level.DEBUG, () -> "unit " + unit + ": ignored older path states " + states);
        return change;
      }
      ownership = now;
      if (now.serving() && route instanceof Route.Local local) {
        services.serve(local.volume(), now.epoch());
      }
      if (!now.serving()
          || !(route instanceof Route.Local)
          || !(before.serving() && before.executes(now.epoch()))) {
        dropWaiting(refused);
      }
      resume(now, refused, full);
    }
    refused.forEach(task -> take(task, Step.BUSY));
    full.forEach(task -> take(task, Step.FULL));
    dispatcher.run();
    return change;
  }

  private void dropWaiting(List<Task> refused) {
    for (RangeLock.Claim claim : ranges.cancelWaiting()) {
      drop((Task) claim);
      refused.add((Task) claim);
    }
  }

  /** Releases what was held for the transition that has ended, in order; refuses the others. */
  private void resume(Ownership now, List<Task> refused, List<Task> full) {
    for (Iterator<Task> all = held.iterator(); all.hasNext(); ) {
      Task task = all.next();
      boolean own = task.transition == now.transition();
      if (own && !now.serving()) {
        continue;
      }
      all.remove();
      drop(task);
      if (own && !task.relayed()) {
        task.epoch = now.epoch();
      }
      Step step = own ? place(task) : Step.BUSY;
      switch (step) {
        case START, FORWARD -> dispatcher.add(task);
        case BUSY -> refused.add(task);
        case FULL -> full.add(task);
        case NONE -> {}
      }
    }
  }

  /**
   * Stops the service of a local route: arrivals are held from now on, as in a transition. The same
   * volume is not served under the same epoch again, whatever is published.
   *
   * @return completes when nothing runs on this gateway's volume, nor will be started on it
   */
  public CompletionStage<Void> drain() {
    List<Task> refused = new ArrayList<>();
    CompletionStage<Void> idle;
    synchronized (this) {
      Ownership before = ownership;
      ownership = before.drained();
      if (ownership != before) {
        dropWaiting(refused);
      }
      idle = services.whenIdle();
    }
    refused.forEach(task -> take(task, Step.BUSY));
    return idle;
  }

  /** Takes it back: the next publication may serve the volume again, under the same epoch. */
  public synchronized void undrain() {
    ownership = ownership.undrained();
  }

  // ---- task management

  /** Whether there is a task that {@code covered} accepts. */
  public synchronized boolean contains(Predicate<Command> covered) {
    return tasks.copy().stream()
        .anyMatch(task -> !task.aborted && !task.forCopy && covered.test(task.command()));
  }

  /**
   * Aborts tasks: those that have not begun are dropped; the others are no longer answered.
   *
   * @param done gets the nexuses whose commands were aborted, once none of these commands can
   *     change the medium any more: they have ended here, or their owner has answered
   */
  public void abort(Predicate<Command> covered, Consumer<Set<Nexus>> done) {
    List<Task> dropped = new ArrayList<>();
    Set<Nexus> nexuses = new HashSet<>();
    AtomicInteger pending = new AtomicInteger(1);
    Runnable ending =
        () -> {
          if (pending.decrementAndGet() == 0) {
            done.accept(nexuses);
          }
        };
    synchronized (this) {
      for (Task task : tasks.copy()) {
        if (!covered.test(task.command())) {
          continue;
        }
        if (!task.forCopy) {
          nexuses.add(task.command().nexus());
        }
        switch (task.state) {
          case HELD -> {
            held.remove(task);
            drop(task);
            dropped.add(task);
          }
          case WAITING -> {
            ranges.cancel(task, this::acquired);
            drop(task);
            dropped.add(task);
          }
          case RUNNING, FORWARDED, COPYING -> {
            task.aborted = true;
            pending.incrementAndGet();
            task.whenEnded(ending);
          }
          case OUTSIDE, ENDED -> throw new IllegalStateException("not in the task set");
        }
      }
    }
    for (Task task : dropped) {
      if (task.relayed()) {
        // The gateway that relayed it waits for an answer; the initiator asks again.
        answerUnbegun(task, Response.status(Status.BUSY));
      } else if (task.forCopy) {
        answerUnbegun(task, TASK_ABORTED);
      } else {
        synchronized (this) {
          counts.abortedTask();
        }
      }
    }
    runSafely(ending);
    dispatcher.run();
  }

  // ---- deadlines of what waits

  private void expire() {
    List<Task> late = new ArrayList<>();
    List<Task> lateHeld = new ArrayList<>();
    synchronized (this) {
      long now = timer.nanoTime();
      if (!wakeUp.arrived(now)) {
        return;
      }
      long soonest = Long.MAX_VALUE;
      for (Task task : tasks.copy()) {
        if (task.state != Task.State.HELD && task.state != Task.State.WAITING) {
          continue;
        }
        if (!isDue(task, now)) {
          soonest = Math.min(soonest, task.command().deadlineNanos() - now);
        } else if (task.state == Task.State.HELD) {
          held.remove(task);
          drop(task);
          lateHeld.add(task);
        } else {
          ranges.cancel(task, this::acquired);
          drop(task);
          late.add(task);
        }
      }
      if (soonest != Long.MAX_VALUE) {
        wakeUp.ask(now + soonest);
      }
    }
    late.forEach(task -> take(task, Step.BUSY));
    lateHeld.forEach(task -> answerUnbegun(task, answers.heldTooLong(task.indirect())));
    dispatcher.run();
  }

  private void drop(Task task) {
    tasks.remove(task);
    task.state = Task.State.OUTSIDE;
  }

  // ---- metrics

  long nanoTime() {
    return timer.nanoTime();
  }

  /** A command has been answered that was not to become a task. */
  public void answeredAtOnce(Command command, Via via, Response response) {
    long now = timer.nanoTime();
    synchronized (this) {
      counts.answeredAtOnce(command, via, response, now);
    }
  }

  /** What there is, and was, now. */
  public synchronized UnitReading reading() {
    UnitCounts copy = new UnitCounts();
    copy.add(counts);
    AccessState state =
        ownership.states().map(PathStates::localState).orElse(AccessState.UNAVAILABLE);
    return new UnitReading(copy, answers.storeFailures(), tasks.count(), held.size(), state);
  }
}
