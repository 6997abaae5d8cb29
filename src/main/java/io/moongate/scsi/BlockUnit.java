package io.moongate.scsi;

import io.moongate.scsi.alua.AccessStateChanges;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.block.RollbackGuard;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.command.SupportedCommand;
import io.moongate.scsi.copy.CopyManager;
import io.moongate.scsi.copy.CopyParty;
import io.moongate.scsi.copy.ThirdPartyCopy;
import io.moongate.scsi.medium.NoMedium;
import io.moongate.scsi.medium.PreventAllowMediumRemoval;
import io.moongate.scsi.mode.ThresholdWatch;
import io.moongate.scsi.reservation.Conflicts;
import io.moongate.scsi.reservation.LostHolders;
import io.moongate.scsi.reservation.Reservations;
import io.moongate.scsi.reservation.Reserve;
import io.moongate.scsi.sanitize.Sanitize;
import io.moongate.scsi.sanitize.SanitizeGuard;
import io.moongate.scsi.sanitize.SanitizeWait;
import io.moongate.scsi.sanitize.SanitizeWork;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.sense.UnitAttentions;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.SharedUnit;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.Answers;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.scsi.task.NotExecuted;
import io.moongate.scsi.task.Ownership;
import io.moongate.scsi.task.OwnershipChange;
import io.moongate.scsi.task.TaskSet;
import io.moongate.scsi.task.Via;
import io.moongate.volume.VolumeGeometry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A direct access block device (SBC-3) as one gateway exports it: the device server and the unit
 * attentions of its nexuses. What concerns the unit as such is answered here and at once, in a
 * transition too; commands to the medium go through the {@link TaskSet}, which knows the rules of
 * ownership.
 *
 * <p>Task management covers the commands that came to this gateway, and those that others relayed
 * here; commands that this gateway has relayed are waited for. A function that covers every nexus
 * is done on every gateway ({@link UnitPeers#tell}).
 */
public final class BlockUnit implements LogicalUnit {
  private static final Logger LOG = System.getLogger(BlockUnit.class.getName());
  private static final DeviceServer.Readiness READY =
      new DeviceServer.Readiness(false, Optional.empty());

  private static final Optional<Response> RESERVATION_CONFLICT =
      Optional.of(Response.status(Status.RESERVATION_CONFLICT));
  private static final int PERSISTENT_RESERVE_OUT = 0x5F;
  private static final int START_STOP_UNIT = 0x1B;

  /** How long REPORT TARGET PORT GROUPS waits before it is answered from what was published. */
  private static final long QUERY_BOUND_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final UnitIdentity identity;
  private final Object growing = new Object();
  private volatile Capacity capacity;
  private final AluaQueries alua;
  private final AccessStateChanges accessStates;
  private final ScsiSettings settings;
  private final DeadlineTimer timer;
  private final DeviceServer server = new Server();
  private final UnitAttentions attentions = new UnitAttentions();
  private final UnitPeers peers;
  private final SharedUnit shared;
  private final LostHolders lostHolders;
  private final LostHolders lostPreventers;
  private final Answers answers;
  private final TaskSet tasks;
  private final SanitizeWork sanitizeWork;
  private final SanitizeWait sanitizeWait;
  private final ThresholdWatch threshold;
  private final CopyParty party = new Party();
  private final CopyManager copies;

  /** What hosts are told, and what is accepted from them, which is more while the unit grows. */
  private record Capacity(VolumeGeometry announced, VolumeGeometry accepted) {}

  /** A unit that nobody serves yet: commands to the medium are held until path states come. */
  public BlockUnit(
      UnitIdentity identity,
      VolumeGeometry geometry,
      AluaQueries alua,
      Lease lease,
      UnitPeers peers,
      ScsiSettings settings) {
    this(identity, geometry, alua, lease, peers, settings, DeadlineTimer.shared());
  }

  /**
   * The same beside other units.
   *
   * @param copies what the copy managers of all units of the gateway share
   */
  public BlockUnit(
      UnitIdentity identity,
      VolumeGeometry geometry,
      AluaQueries alua,
      Lease lease,
      UnitPeers peers,
      ScsiSettings settings,
      ThirdPartyCopy copies) {
    this(identity, geometry, alua, lease, peers, settings, DeadlineTimer.shared(), copies);
  }

  /** The same with another clock. */
  public BlockUnit(
      UnitIdentity identity,
      VolumeGeometry geometry,
      AluaQueries alua,
      Lease lease,
      UnitPeers peers,
      ScsiSettings settings,
      DeadlineTimer timer) {
    this(identity, geometry, alua, lease, peers, settings, timer, ThirdPartyCopy.ofOneUnit(timer));
  }

  /** The same with both. */
  public BlockUnit(
      UnitIdentity identity,
      VolumeGeometry geometry,
      AluaQueries alua,
      Lease lease,
      UnitPeers peers,
      ScsiSettings settings,
      DeadlineTimer timer,
      ThirdPartyCopy copies) {
    this.identity = identity;
    this.capacity = new Capacity(geometry, geometry);
    this.alua = alua;
    this.accessStates = new AccessStateChanges(alua, attentions, timer);
    this.settings = settings;
    this.timer = timer;
    this.peers = peers;
    this.shared = new SharedUnit(identity.id(), peers, this::take);
    this.answers =
        new Answers(
            identity.id(),
            () -> shared.state().modes().descriptorSense(),
            settings.transitionSense(),
            () -> peers.mayServe(identity.id()));
    this.tasks = new TaskSet(identity.id(), lease, timer, settings.tasks(), this::refusal, answers);
    this.lostHolders = LostHolders.ofReservations(identity.id(), timer, this::executeInternally);
    this.lostPreventers = LostHolders.ofPreventions(identity.id(), timer, this::executeInternally);
    this.copies = new CopyManager(copies, party);
    this.sanitizeWork = new SanitizeWork(server, tasks, timer);
    this.sanitizeWait =
        new SanitizeWait(shared::state, timer, failure -> answers.failed(failure, true, false));
    this.threshold = new ThresholdWatch(server, tasks, timer);
  }

  @Override
  public UnitIdentity identity() {
    return identity;
  }

  @Override
  public void attach(Nexus nexus) {
    attentions.attach(nexus);
  }

  @Override
  public CompletionStage<Void> detach(Nexus nexus) {
    attentions.detach(nexus);
    abort(of(nexus), nexuses -> {});
    copies.forget(nexus);
    SharedState known = shared.state();
    return lostHolders
        .ended(nexus, known)
        .thenCombine(lostPreventers.ended(nexus, known), (released, allowed) -> null);
  }

  /**
   * For the task set: what the shared state forbids, when a command's turn has come. One volatile
   * read when it forbids nothing.
   */
  private Optional<Response> refusal(Command command, MediumOperation operation) {
    if (SanitizeWork.isPiece(operation)) {
      return Optional.empty();
    }
    SharedState now = shared.state();
    Optional<Response> conflict = conflict(now, command);
    if (conflict.isPresent()) {
      return conflict;
    }
    if (now.sanitizing() != null) {
      SanitizeGuard.check(now.sanitizing(), sanitizeWork.progress(), command.operationCode());
    }
    RollbackGuard.check(now.rollback(), command.operationCode());
    if (now.writeProtected()
        && operation.writes()
        && command.operationCode() != START_STOP_UNIT) { // which has the medium for itself
      throw new CheckCondition(now.writeProtection());
    }
    NoMedium.check(now, command.operationCode());
    return Optional.empty();
  }

  private static Optional<Response> conflict(SharedState now, Command command) {
    Reservations reservations = now.reservations();
    return reservations.nothingReserved()
            || !Conflicts.keepAway(reservations, command.nexus(), command.cdb())
        ? Optional.empty()
        : RESERVATION_CONFLICT;
  }

  /** Executes a command to the medium that no initiator has sent. */
  private void executeInternally(Command command, Consumer<Response> reply) {
    SupportedCommand supported =
        SupportedCommand.of(new Cdb(command.cdb()), server, command.nexus());
    if (supported.handler() instanceof CommandHandler.Medium medium) {
      tasks.submit(command, medium.prepare(server, command), reply);
    }
  }

  @Override
  public long dataOutLength(Nexus nexus, byte[] bytes) {
    Cdb cdb = new Cdb(bytes);
    try {
      SupportedCommand supported = SupportedCommand.of(cdb, server, nexus);
      supported.check(cdb);
      return supported.handler().dataOutLength(server, cdb);
    } catch (CheckCondition refused) {
      return 0;
    }
  }

  @Override
  public void execute(Command command, Consumer<Response> reply) {
    Optional<Response> response;
    try {
      response = executeOrRefuse(command, reply);
    } catch (RuntimeException | Error failure) {
      response = Optional.of(answers.failed(failure, false, false));
    }
    response.ifPresent(present -> answer(command, Via.AT_ONCE, reply, present));
  }

  /** For a command that is no task. */
  private void answer(Command command, Via via, Consumer<Response> reply, Response response) {
    tasks.answeredAtOnce(command, via, response);
    deliver(reply, response);
  }

  /** Empty when the response comes, or has come, another way. */
  private Optional<Response> executeOrRefuse(Command command, Consumer<Response> reply) {
    Cdb cdb = new Cdb(command.cdb());
    if (!SupportedCommand.passesUnitAttention(cdb.operationCode())) {
      attentions
          .take(command.nexus())
          .ifPresent(
              attention -> {
                throw new CheckCondition(attention.sense());
              });
    }
    SupportedCommand supported = SupportedCommand.of(cdb, server, command.nexus());
    SharedState now = shared.state();
    if (now.sanitizing() != null) {
      SanitizeGuard.check(now.sanitizing(), sanitizeWork.progress(), cdb.operationCode());
    }
    RollbackGuard.check(now.rollback(), cdb.operationCode());
    supported.check(cdb);
    if (command.attribute() == TaskAttribute.ACA) {
      throw new CheckCondition(Sense.INVALID_MESSAGE_ERROR);
    }
    CommandHandler handler = supported.handler();
    if (handler instanceof CommandHandler.Medium medium) {
      if (handler instanceof Reserve) {
        lostHolders.asks(command.nexus());
      } else if (handler instanceof PreventAllowMediumRemoval && identity.removable()) {
        lostPreventers.asks(command.nexus());
      }
      if (now.writeProtected() && medium.writes()) {
        throw new CheckCondition(now.writeProtection());
      }
      MediumOperation operation = medium.prepare(server, command);
      server
          .readiness()
          .notReady()
          .ifPresent(
              sense -> {
                throw new CheckCondition(sense);
              });
      boolean waits = medium instanceof Sanitize sanitize && sanitize.waits(cdb);
      tasks.submit(command, operation, waits ? sanitizeWait.after(command, reply) : reply);
      return Optional.empty();
    }
    Optional<Response> refusal = conflict(now, command);
    if (refusal.isPresent()) {
      return refusal;
    }
    NoMedium.check(now, cdb.operationCode());
    if (handler instanceof CommandHandler.ThirdPartyCopy copy) {
      tasks.submitCopy(command, copy.prepare(server, command), reply);
      return Optional.empty();
    }
    if (handler instanceof CommandHandler.Query query) {
      var unused =
          query
              .answer(server, command)
              .handle(
                  (response, failure) ->
                      failure == null ? response : answers.failed(failure, false, false))
              .thenAccept(response -> answer(command, Via.AT_ONCE, reply, response));
      return Optional.empty();
    }
    if (handler instanceof CommandHandler.Immediate immediate) {
      return Optional.of(immediate.answer(server, command));
    }
    throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
  }

  @Override
  public Optional<CopyParty> copyParty() {
    return Optional.of(party);
  }

  @Override
  public void executeRelayed(long epoch, Command command, Consumer<Response> reply) {
    MediumOperation operation;
    try {
      Cdb cdb = new Cdb(command.cdb());
      SupportedCommand supported = SupportedCommand.of(cdb, server, command.nexus());
      supported.check(cdb);
      if (!(supported.handler() instanceof CommandHandler.Medium medium)) {
        throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
      }
      operation = medium.prepare(server, command);
    } catch (RuntimeException | Error failure) {
      answer(command, Via.PEER, reply, answers.failed(failure, false, true));
      return;
    }
    tasks.submitRelayed(epoch, command, operation, reply);
  }

  private static void deliver(Consumer<Response> reply, Response response) {
    try {
      reply.accept(response);
    } catch (RuntimeException | Error failure) {
      LOG.log(Level.ERROR, "the receiver of a response failed", failure);
    }
  }

  @Override
  public void manage(TaskManagement function, Nexus nexus, int tag, Consumer<Boolean> done) {
    Predicate<Command> ofNexus = of(nexus);
    Predicate<Command> one = command -> command.tag() == tag && ofNexus.test(command);
    switch (function) {
      case ABORT_TASK -> abort(one, nexuses -> done.accept(!nexuses.isEmpty()));
      case ABORT_TASK_SET -> abort(ofNexus, nexuses -> done.accept(true));
      case CLEAR_TASK_SET -> everywhere(Notice.clearTaskSet(nexus), done);
      case LOGICAL_UNIT_RESET, TARGET_RESET -> everywhere(Notice.reset(nexus), done);
      case QUERY_TASK -> done.accept(contains(one));
      case QUERY_TASK_SET -> done.accept(contains(ofNexus));
    }
  }

  private static Predicate<Command> of(Nexus nexus) {
    return command -> command.nexus().equals(nexus);
  }

  /**
   * Does it here and has the other gateways do it. Not done, and said so, when a gateway is still
   * at it after its bound, and when there was something for the owner to reset that could not be
   * recorded: the initiator asks again then, or for more. Without the lease of this gateway only
   * the tasks of the nexus itself are aborted, which its initiator has given up by asking: the
   * request may have lain unread for as long as the gateway was stopped.
   */
  private void everywhere(Notice notice, Consumer<Boolean> done) {
    if (!tasks.leased()) {
      abort(of(notice.cause()), nexuses -> done.accept(false));
      return;
    }
    CompletableFuture<Void> here = take(notice).toCompletableFuture();
    var unused =
        peers
            .tell(identity.id(), shared.state(), List.of(notice))
            .thenCombine(here, (told, taken) -> null)
            .handle(
                (all, failure) -> {
                  if (failure != null) {
                    LOG.log(
                        Level.WARNING,
                        () ->
                            "unit %s: not done everywhere: %s: %s"
                                .formatted(identity.id(), notice, failure));
                  }
                  // Without a lease who is a member is what this gateway last heard.
                  return failure == null
                      && tasks.leased()
                      && (notice.kind() != Notice.Kind.RESET || isReset(shared.state()));
                })
            .thenAccept(done);
  }

  private static boolean isReset(SharedState state) {
    return state.sameContent(state.afterReset());
  }

  @Override
  public void share(SharedState state) {
    boolean readOnly = shared.state().readOnly();
    Rollback rollback = shared.state().rollback();
    if (shared.learn(state)) {
      if (Rollback.hasReplaced(rollback, state.rollback())) {
        attentions.establish(UnitAttention.MEDIUM_MAY_HAVE_CHANGED);
      }
      if (state.readOnly() != readOnly) {
        // The operator's change, which no nexus has caused: WP of the mode parameter header.
        attentions.establish(UnitAttention.MODE_PARAMETERS_CHANGED);
      }
      reviewHolders();
      sanitizeWork.look();
    }
  }

  @Override
  public long sharedVersion() {
    return shared.state().version();
  }

  private void reviewHolders() {
    SharedState known = shared.state();
    Set<Nexus> existing = attentions.nexuses();
    lostHolders.review(known, tasks.ownership(), existing);
    lostPreventers.review(known, tasks.ownership(), existing);
  }

  @Override
  public CompletionStage<Void> take(Notice notice) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    switch (notice.kind()) {
      case ATTENTION -> {
        notice.nexuses().forEach(nexus -> attentions.establish(notice.attention(), nexus));
        done.complete(null);
      }
      case ATTENTION_FOR_OTHERS -> {
        attentions.establishForOthers(notice.attention(), notice.cause());
        done.complete(null);
      }
      case ABORT -> {
        Set<Nexus> concerned = Set.copyOf(notice.nexuses());
        abort(
            command ->
                concerned.contains(command.nexus())
                    && !(command.nexus().equals(notice.cause())
                        && command.operationCode() == PERSISTENT_RESERVE_OUT),
            nexuses -> done.complete(null));
      }
      case CLEAR_TASK_SET -> {
        abort(
            command -> true,
            nexuses -> {
              tellCleared(nexuses, notice.cause());
              done.complete(null);
            });
      }
      case RESET -> {
        attentions.establish(UnitAttention.DEVICE_RESET);
        copies.reset();
        abort(command -> true, nexuses -> done.complete(null));
        return done.thenCombine(resetShared(notice.cause()), (ended, reset) -> null);
      }
    }
    return done;
  }

  @Override
  public void grow(long announced, long accepted) {
    boolean told;
    synchronized (growing) {
      Capacity before = capacity;
      Capacity now =
          new Capacity(
              before.announced().grownTo(announced),
              before.accepted().grownTo(Math.max(announced, accepted)));
      told = now.announced().size() > before.announced().size();
      capacity = now;
    }
    if (told) {
      attentions.establish(UnitAttention.CAPACITY_CHANGED);
    }
  }

  @Override
  public void lunsReported(Nexus nexus) {
    attentions.withdraw(UnitAttention.REPORTED_LUNS_CHANGED, nexus);
  }

  /**
   * The owner's part of a reset; nothing on any other gateway. It does not fail: when it can't be
   * recorded the state says that it was not done.
   */
  private CompletionStage<Void> resetShared(Nexus cause) {
    // Also when there seems to be nothing to do: a change that is being recorded comes before it.
    if (tasks.servedHere().isEmpty()) {
      return CompletableFuture.completedStage(null);
    }
    return shared
        .change(
            () -> tasks.servedHere().orElseThrow(() -> NotExecuted.INSTANCE),
            "reset by " + (cause == null ? "nobody" : cause.initiatorPort()),
            present -> new Change(present.afterReset(), List.of(), Response.good(0)))
        .handle(
            (reset, failure) -> {
              if (failure != null) {
                LOG.log(
                    Level.WARNING,
                    () -> "unit " + identity.id() + ": a reset could not be recorded",
                    failure);
              }
              return null;
            });
  }

  /**
   * As the task set's; also for commands that wait for the end of what they have begun, or for
   * their turn to change what is shared.
   */
  private void abort(Predicate<Command> covered, Consumer<Set<Nexus>> done) {
    Set<Nexus> waiting = sanitizeWait.abort(covered);
    tasks.abort(
        covered,
        nexuses -> {
          waiting.addAll(nexuses);
          done.accept(waiting);
        });
    shared.dropAborted();
  }

  private boolean contains(Predicate<Command> covered) {
    return tasks.contains(covered) || sanitizeWait.contains(covered);
  }

  private void tellCleared(Set<Nexus> nexuses, Nexus cause) {
    for (Nexus each : nexuses) {
      if (!each.equals(cause)) {
        attentions.establish(UnitAttention.COMMANDS_CLEARED, each);
      }
    }
  }

  @Override
  public void publish(PathStates states, Route route) {
    OwnershipChange change = tasks.publish(states, route);
    shared.dropAborted();
    sanitizeWork.look();
    threshold.look();
    if (change.now() != change.before()) {
      accessStates.published(states);
    }
    reviewHolders();
  }

  @Override
  public Optional<UnitReading> reading() {
    return Optional.of(tasks.reading());
  }

  @Override
  public void undrain() {
    tasks.undrain();
  }

  @Override
  public CompletionStage<Void> drain() {
    CompletionStage<Void> idle = tasks.drain();
    shared.dropAborted();
    return idle;
  }

  /** What copy managers of this gateway see of this unit. */
  private final class Party implements CopyParty {
    @Override
    public UnitIdentity identity() {
      return identity;
    }

    @Override
    public VolumeGeometry geometry() {
      return server.geometry();
    }

    @Override
    public void execute(Command command, Consumer<Response> reply) {
      MediumOperation operation;
      try {
        Cdb cdb = new Cdb(command.cdb());
        SupportedCommand supported = SupportedCommand.of(cdb, server, command.nexus());
        supported.check(cdb);
        if (!(supported.handler() instanceof CommandHandler.Medium medium)) {
          throw new CheckCondition(Sense.INVALID_OPERATION_CODE);
        }
        operation = medium.prepare(server, command);
        server
            .readiness()
            .notReady()
            .ifPresent(
                sense -> {
                  throw new CheckCondition(sense);
                });
      } catch (RuntimeException | Error failure) {
        answer(command, Via.COPY, reply, answers.failed(failure, false, true));
        return;
      }
      tasks.submitForCopy(command, operation, reply);
    }
  }

  /** What the handlers of commands see of this unit. */
  private final class Server implements DeviceServer {
    @Override
    public UnitIdentity identity() {
      return identity;
    }

    @Override
    public VolumeGeometry geometry() {
      return capacity.announced();
    }

    @Override
    public VolumeGeometry addressable() {
      return capacity.accepted();
    }

    @Override
    public ScsiSettings settings() {
      return settings;
    }

    @Override
    public SharedState shared() {
      return shared.state();
    }

    @Override
    public CompletionStage<Response> change(
        Execution execution, String cause, Function<SharedState, Change> decide) {
      return shared
          .change(execution, cause, decide)
          .whenComplete(
              (response, failure) -> {
                sanitizeWork.look();
                reviewHolders(); // What has just been got may be for a nexus that is gone.
              });
    }

    @Override
    public CopyManager copies() {
      return copies;
    }

    /** What was published last stands in for an answer that fails or does not come in time. */
    @Override
    public CompletionStage<PathStates> pathStates() {
      CompletableFuture<PathStates> answer = new CompletableFuture<>();
      try {
        var unused =
            alua.pathStates()
                .whenComplete(
                    (states, failure) -> {
                      if (failure == null) {
                        answer.complete(states);
                      } else {
                        completeAsPublished(answer);
                      }
                    });
      } catch (RuntimeException failure) {
        completeAsPublished(answer);
      }
      if (!answer.isDone()) {
        timer.at(timer.nanoTime() + QUERY_BOUND_NANOS, () -> completeAsPublished(answer));
      }
      return answer;
    }

    private void completeAsPublished(CompletableFuture<PathStates> answer) {
      tasks
          .ownership()
          .states()
          .ifPresentOrElse(
              answer::complete, () -> answer.completeExceptionally(NotExecuted.INSTANCE));
    }

    @Override
    public Readiness readiness() {
      Ownership now = tasks.ownership();
      if (!now.serving()) {
        return new Readiness(true, Optional.empty());
      }
      return switch (now.states().orElseThrow().localState()) {
        case ACTIVE_OPTIMIZED, ACTIVE_NON_OPTIMIZED, TRANSITIONING -> READY;
        case STANDBY -> new Readiness(false, Optional.of(Sense.STANDBY));
        case UNAVAILABLE -> new Readiness(false, Optional.of(Sense.UNAVAILABLE));
        case OFFLINE -> new Readiness(false, Optional.of(Sense.OFFLINE));
      };
    }

    @Override
    public Optional<Sense> takeUnitAttention(Nexus nexus) {
      return attentions.take(nexus).map(UnitAttention::sense);
    }

    @Override
    public Optional<PathStates> publishedStates() {
      return tasks.ownership().states();
    }

    @Override
    public boolean explicitAlua(Nexus nexus) {
      return alua.explicitAlua(nexus.targetName());
    }

    @Override
    public CompletionStage<Void> optimize(int group, Command by) {
      // Without the lease the request may have lain unread for as long as the gateway was stopped,
      // and the session it came on may have been dropped for that in the meantime.
      return tasks.leased() && attentions.nexuses().contains(by.nexus())
          ? accessStates.optimize(group, by)
          : CompletableFuture.failedStage(NotExecuted.INSTANCE);
    }

    @Override
    public double sanitizeProgress() {
      return sanitizeWork.progress();
    }
  }
}
