package io.moongate.cluster.unit;

import io.moongate.cluster.Refusals;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.Paths;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.shared.Rollback;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * One logical unit on one gateway: what a change of the view reaches first. It publishes the path
 * states for the data path, opens and releases the store when this gateway gains and loses the
 * ownership, and answers the ALUA queries of sessions.
 *
 * <p>It compares what the view says with what is open, and does one thing at a time about the
 * difference; when that is done it compares again. So it does not matter how many changes came
 * meanwhile, and a report to the entity is repeated until the view shows that it has arrived.
 */
final class LunActor extends AbstractBehavior<LunActor.Command> {
  private static final Duration REPEAT = Duration.ofMillis(300);
  private static final Duration GROW_AGAIN = Duration.ofSeconds(5);
  private static final Duration ROLL_BACK_AGAIN = Duration.ofSeconds(5);
  private static final Duration QUERY_BOUND = Duration.ofSeconds(2);

  /** After what was fenced was opened anew, until that is done again: the first time. */
  private static final Duration FENCED_REST = Duration.ofSeconds(1);

  /** Each time doubles it, so often at most. */
  private static final int DOUBLINGS = 6;

  private static final Duration FENCES_FORGOTTEN = Duration.ofMinutes(5);
  private static final String FENCED_AGAIN = "fenced-again";

  sealed interface Command {}

  /**
   * The unit as the view has it now, and the gateways that export it.
   *
   * @param claimed whether its ownership is one that the row has decided and the view does not show
   *     yet
   * @param handedOver whether that was asked for by the owner before
   */
  record Changed(
      UnitEntry unit,
      List<GatewayEntry> exporters,
      Optional<GatewayEntry> owner,
      boolean claimed,
      boolean handedOver)
      implements Command {}

  /** A session asks for the path states. */
  record Query(ActorRef<PathStates> replyTo) implements Command {}

  /** The unit was deleted: the store is released, then this actor ends. */
  enum Removed implements Command {
    NOW
  }

  /** The store refuses what is open; said again as long as that is open. */
  enum Fenced implements Command {
    NOW
  }

  private enum QuietSince implements Command {
    FENCED
  }

  private record OpenEnded(long epoch, Throwable failure) implements Command {}

  /** The {@code number}th wait for the store to be open has had its time. */
  private record OpenTooLong(long number) implements Command {}

  private record ReleaseEnded(Throwable failure) implements Command {}

  private record HandOverEnded(boolean granted) implements Command {}

  private record GrowEnded(long epoch, long size, Throwable failure) implements Command {}

  private record RollbackEnded(String id, Throwable failure) implements Command {}

  private enum Again implements Command {
    TICK
  }

  /**
   * Who this gateway is, and what it has for its units.
   *
   * @param handOver by which a unit is given to the next owner
   * @param claims told what becomes of a claim of this gateway
   * @param openBound within which an owner that is to serve has the store open, or gives it up; for
   *     one that is acquiring it the entity has that bound
   * @param publications numbers for published path states; they grow over all actors, so that what
   *     one publishes is newer than what its predecessor for the same unit did
   * @param givenUp by unit, the version of the entry by which this gateway has said that it could
   *     not open the store. It is a promise not to open it by that entry, which the entity may have
   *     taken for its word; so an actor's successor keeps it as well
   */
  record Surroundings(
      String gateway,
      String incarnation,
      int portGroup,
      int implicitTransitionSeconds,
      DataPath dataPath,
      HandOver handOver,
      Consumer<Report> reports,
      Consumer<ClaimOutcome> claims,
      Duration openBound,
      LongSupplier publications,
      Map<String, Long> givenUp) {}

  /** A report to the unit's entity. */
  record Report(String unitId, LogicalUnit.Command command) {}

  /** Whether what this gateway has claimed is open, or won't be opened under the claim. */
  record ClaimOutcome(String unitId, long epoch, boolean open) {}

  private final Surroundings surroundings;
  private final TimerScheduler<Command> timers;
  private final AluaQueries queries;
  private UnitEntry unit;
  private List<GatewayEntry> exporters;
  private Optional<GatewayEntry> owner;
  private PathStates published;
  private OptionalLong openEpoch = OptionalLong.empty();

  /** What the volume that is open is known to accept; 0 before it was asked to grow. */
  private long grownTo;

  /** The last rollback that has ended here. */
  private Optional<Rollback> rolledBack = Optional.empty();

  private boolean busy;
  private boolean removed;

  /** Numbers of waits for the store to be open; the last one is under way while there is one. */
  private long waits;

  /** Epoch under which the store is to be open and is not, whatever keeps it from that; or 0. */
  private long awaitedEpoch;

  /** Epoch under which what is open has been served; 0 when it has not. */
  private long servedEpoch;

  /** Epoch of what was served and is being released; 0 when nothing is. */
  private long releasing;

  /**
   * Version of the entry by which the last release was asked for that may be kept from it; or 0.
   */
  private long keptBy;

  /** Whether the wait that is under way has had its time. */
  private boolean tooLong;

  private String whyNotOpen = "";
  private boolean claimed;
  private boolean handedOver;

  /** Epoch of the last claim that could not be opened. */
  private long droppedClaim;

  /** Whether the store refuses what is open. */
  private boolean fenced;

  /** How often that was so lately. */
  private int fences;

  /** Whether something may be open that this actor does not know of. */
  private boolean inherited;

  private LunActor(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Surroundings surroundings,
      boolean inherited,
      Changed first) {
    super(context);
    this.timers = timers;
    this.inherited = inherited;
    this.surroundings = surroundings;
    ActorRef<Command> self = context.getSelf();
    var scheduler = context.getSystem().scheduler();
    this.queries = () -> AskPattern.ask(self, Query::new, QUERY_BOUND, scheduler);
    take(first);
    reconcile();
  }

  /**
   * Makes the actor of a unit.
   *
   * @param inherited whether it follows another one that failed: what that had opened is released
   *     first
   */
  static Behavior<Command> create(Surroundings surroundings, boolean inherited, Changed first) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new LunActor(context, timers, surroundings, inherited, first)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder()
        .onMessage(Changed.class, this::onChanged)
        .onMessage(Query.class, this::onQuery)
        .onMessage(OpenEnded.class, this::onOpenEnded)
        .onMessage(OpenTooLong.class, this::onOpenTooLong)
        .onMessage(ReleaseEnded.class, this::onReleaseEnded)
        .onMessage(HandOverEnded.class, this::onHandOverEnded)
        .onMessage(GrowEnded.class, this::onGrowEnded)
        .onMessage(RollbackEnded.class, this::onRollbackEnded)
        .onMessage(Removed.class, this::onRemoved)
        .onMessage(Fenced.class, this::onFenced)
        .onMessage(QuietSince.class, this::onQuiet)
        .onMessage(Again.class, tick -> reconcile())
        .build();
  }

  private Behavior<Command> onChanged(Changed changed) {
    take(changed);
    return reconcile();
  }

  private void take(Changed changed) {
    unit = changed.unit();
    exporters = changed.exporters();
    owner = changed.owner();
    claimed = changed.claimed();
    handedOver = changed.handedOver();
    surroundings.dataPath().share(unit);
  }

  private Behavior<Command> onQuery(Query query) {
    query.replyTo().tell(published);
    return this;
  }

  private Behavior<Command> onRemoved(Removed command) {
    removed = true;
    return reconcile();
  }

  /**
   * It is closed, and opened anew if it is still ours by the view: then the store finds out whether
   * there is a newer owner, or this one was only taken for dead. Whatever does that again and again
   * is met ever later.
   */
  private Behavior<Command> onFenced(Fenced command) {
    if (fenced
        || openEpoch.isEmpty()
        || timers.isTimerActive(FENCED_AGAIN)
        || !surroundings.dataPath().isFenced(unit.id())) {
      return this;
    }
    getContext()
        .getLog()
        .warn("event=store-fenced unit={} epoch={}", unit.id(), openEpoch.getAsLong());
    timers.startSingleTimer(
        FENCED_AGAIN, Again.TICK, FENCED_REST.multipliedBy(1L << Math.min(DOUBLINGS, fences)));
    timers.startSingleTimer(QuietSince.FENCED, FENCES_FORGOTTEN);
    fences++;
    fenced = true;
    return reconcile();
  }

  private Behavior<Command> onQuiet(QuietSince quiet) {
    fences = 0;
    return this;
  }

  private Behavior<Command> onOpenEnded(OpenEnded ended) {
    busy = false;
    if (ended.failure() == null) {
      openEpoch = OptionalLong.of(ended.epoch());
      reconcile();
      if (claimed && isToServe(ended.epoch()) && !isGivenUp()) {
        surroundings.claims().accept(new ClaimOutcome(unit.id(), ended.epoch(), true));
      }
      return this;
    }
    getContext()
        .getLog()
        .error(
            "event=store-not-opened unit={} epoch={} reason=\"{}\"",
            unit.id(),
            ended.epoch(),
            ended.failure().toString());
    whyNotOpen =
        "%s could not open the store: %s"
            .formatted(surroundings.gateway(), Refusals.cause(ended.failure()).getMessage());
    if (isToServe(ended.epoch())) {
      giveUp();
      return reconcile();
    }
    report(openFailed(ended.epoch()));
    timers.startSingleTimer(Again.TICK, REPEAT);
    return this;
  }

  private Behavior<Command> onOpenTooLong(OpenTooLong late) {
    if (awaitedEpoch > 0 && late.number() == waits) {
      tooLong = true;
      whyNotOpen =
          "%s did not have the store open within %d ms"
              .formatted(surroundings.gateway(), surroundings.openBound().toMillis());
    }
    return reconcile();
  }

  private boolean isMine() {
    return unit.ownership().ownedBy(surroundings.gateway(), surroundings.incarnation());
  }

  /** Whether the view says that this gateway serves under the epoch: then the entity waits not. */
  private boolean isToServe(long epoch) {
    return isMine()
        && unit.ownership().phase() == Phase.SERVING
        && unit.ownership().epoch() == epoch;
  }

  /**
   * A claim that is not recorded needs no promise: nobody else can be given the unit before it is,
   * and then the view says what is to be opened.
   */
  private void giveUp() {
    long epoch = unit.ownership().epoch();
    if (!claimed) {
      surroundings.givenUp().put(unit.id(), unit.version());
    } else if (droppedClaim != epoch) {
      droppedClaim = epoch;
      surroundings.claims().accept(new ClaimOutcome(unit.id(), epoch, false));
    }
  }

  private boolean isGivenUp() {
    if (claimed) {
      return droppedClaim == unit.ownership().epoch();
    }
    return unit.ownership().phase() == Phase.SERVING
        && (wasHandedOver()
            || unit.version() <= surroundings.givenUp().getOrDefault(unit.id(), 0L));
  }

  /**
   * The row was asked to give this ownership to another, so that it may be over, whatever the view
   * says: nothing is opened under it any more.
   */
  private boolean wasHandedOver() {
    return isMine() && surroundings.handOver().asked(unit.id(), unit.ownership().epoch());
  }

  /** Whether it is for this gateway to tell the entity what the row says. */
  private boolean isToTellOfHandOver(boolean open) {
    return claimed
        && handedOver
        && (isMine()
            ? open
            : surroundings.handOver().asked(unit.id(), unit.ownership().epoch() - 1));
  }

  private LogicalUnit.OpenFailed openFailed(long epoch) {
    return new LogicalUnit.OpenFailed(
        surroundings.gateway(),
        surroundings.incarnation(),
        epoch,
        wasHandedOver()
            ? "%s was handing it over when the move was taken back"
                .formatted(surroundings.gateway())
            : whyNotOpen,
        unit.version());
  }

  private Behavior<Command> onGrowEnded(GrowEnded ended) {
    busy = false;
    if (ended.failure() == null) {
      grownTo = ended.size();
      return reconcile();
    }
    getContext()
        .getLog()
        .error(
            "event=store-not-grown unit={} epoch={} size={} reason=\"{}\"",
            unit.id(),
            ended.epoch(),
            ended.size(),
            ended.failure().toString());
    if (fenced) {
      return reconcile();
    }
    // It serves what it has all the same; hosts are told nothing yet.
    timers.startSingleTimer(Again.TICK, GROW_AGAIN);
    return this;
  }

  private Behavior<Command> onRollbackEnded(RollbackEnded ended) {
    busy = false;
    Throwable failure = unwrapped(ended.failure());
    if (failure == null || failure instanceof DataPath.NotRolledBack) {
      String why = failure == null ? "" : failure.getMessage();
      rolledBack = Optional.of(new Rollback("", ended.id(), false, why));
      return reconcile();
    }
    getContext()
        .getLog()
        .error(
            "event=store-not-rolled-back unit={} rollback={} reason=\"{}\"",
            unit.id(),
            ended.id(),
            failure.toString());
    if (fenced || removed || !isMine()) {
      return reconcile();
    }
    timers.startSingleTimer(Again.TICK, ROLL_BACK_AGAIN);
    return this;
  }

  private Behavior<Command> onReleaseEnded(ReleaseEnded ended) {
    busy = false;
    if (kept(ended.failure())) {
      getContext()
          .getLog()
          .error(
              "event=store-not-released unit={} epoch={} reason=\"{}\"",
              unit.id(),
              releasing,
              ended.failure().toString());
      openEpoch = OptionalLong.of(releasing);
      servedEpoch = releasing;
      releasing = 0;
      return reconcile();
    }
    releasing = 0;
    keptBy = 0;
    if (ended.failure() != null) {
      // Closed all the same: the data path gives the volume up, whatever closing it said. That is
      // what was not wanted: hosts that flush elsewhere now are not told (docs/limits.md).
      getContext()
          .getLog()
          .error(
              "event=store-not-closed-cleanly unit={} reason=\"{}\"",
              unit.id(),
              ended.failure().toString());
    }
    return reconcile();
  }

  private Behavior<Command> onHandOverEnded(HandOverEnded ended) {
    busy = false;
    if (ended.granted() && !removed && isMine() && unit.ownership().phase() == Phase.RELEASING) {
      // The successor tells the entity. Should it not, this gateway does.
      timers.startSingleTimer(Again.TICK, REPEAT);
      return this;
    }
    return reconcile();
  }

  private static boolean kept(Throwable failure) {
    return unwrapped(failure) instanceof DataPath.Kept;
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** A planned move, of what has been served here under the epoch that the view has. */
  private boolean mayKeep() {
    Ownership now = unit.ownership();
    return !removed
        && !inherited
        && isMine()
        && now.phase() == Phase.RELEASING
        && !fenced
        && openEpoch.isPresent()
        && openEpoch.getAsLong() == now.epoch()
        && servedEpoch == now.epoch();
  }

  private Behavior<Command> reconcile() {
    Ownership now = unit.ownership();
    boolean mine = isMine();
    if (busy
        && tooLong
        && awaitedEpoch == now.epoch()
        && isToServe(now.epoch())
        && releasing < now.epoch()) {
      giveUp(); // Should it be opened still, it is released without having been served.
    }
    boolean due =
        !removed && mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.SERVING);
    boolean wanted = due && !isGivenUp();
    boolean open = !fenced && openEpoch.isPresent() && openEpoch.getAsLong() == now.epoch();
    awaitOpen(due && !open ? now.epoch() : 0);

    surroundings.dataPath().resize(unit);
    boolean rollingBack = Rollback.goesOn(unit.shared().rollback());
    publish(mine, open && wanted && !rollingBack);
    if (busy) {
      if (mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.RELEASING)) {
        // Keeps the entity awake: it has the bound of this transition, and has to be somewhere.
        repeat(new LogicalUnit.Get(getContext().getSystem().ignoreRef()));
      } else if (mine && isGivenUp() && !claimed) {
        repeat(openFailed(now.epoch()));
      }
      return this;
    }
    if (mayKeep() && keptBy == unit.version()) {
      // It could not be flushed: hosts must hear that from here, so the move is taken back.
      repeat(
          new LogicalUnit.CancelMove(
              "%s can't flush what was written and keeps it".formatted(surroundings.gateway()),
              getContext().getSystem().ignoreRef()));
      return this;
    }
    if (inherited || (openEpoch.isPresent() && !(wanted && open))) {
      boolean mayKeep = mayKeep();
      keptBy = mayKeep ? unit.version() : 0;
      busy = true;
      // What hangs in it of this very epoch could land after what the next owner writes, in a store
      // that has no fence: then the unit is not given up.
      releasing = inherited ? Long.MAX_VALUE : fenced ? 0 : servedEpoch;
      servedEpoch = 0;
      inherited = false;
      // Not open any more from here on: it must not be published again before it was opened anew,
      // also when the release is abandoned and the unit stays here under the same epoch.
      openEpoch = OptionalLong.empty();
      fenced = false;
      getContext()
          .pipeToSelf(
              surroundings.dataPath().release(unit, mayKeep),
              (done, failure) -> new ReleaseEnded(failure));
      timers.startSingleTimer(Again.TICK, REPEAT);
      return this;
    }
    if (removed) {
      surroundings.givenUp().remove(unit.id());
      surroundings.dataPath().remove(unit.id());
      return Behaviors.stopped();
    }
    if (wanted && !open) {
      busy = true;
      awaitOpen(0); // The opening has all of its time.
      awaitOpen(now.epoch());
      grownTo = 0;
      long epoch = now.epoch();
      getContext()
          .pipeToSelf(
              surroundings.dataPath().open(unit, epoch),
              (done, failure) -> new OpenEnded(epoch, failure));
      timers.startSingleTimer(Again.TICK, REPEAT);
    } else if (mine && now.phase() == Phase.ACQUIRING) {
      repeat(
          new LogicalUnit.Opened(surroundings.gateway(), surroundings.incarnation(), now.epoch()));
    } else if (mine && now.phase() == Phase.RELEASING && !wasHandedOver() && handOver()) {
      timers.startSingleTimer(Again.TICK, REPEAT);
    } else if (mine && now.phase() == Phase.RELEASING) {
      // Nothing is open here, and nothing will be unless a newer entry than this one says SERVING.
      // The entity knows by the version which of its requests that answers: an older one was
      // abandoned, and the store opened again under the same epoch.
      repeat(
          new LogicalUnit.Released(
              surroundings.gateway(), surroundings.incarnation(), now.epoch(), unit.version()));
    } else if (mine && isGivenUp() && !claimed) {
      // Nothing is open here, and nothing will be unless a newer entry says that it is to serve.
      repeat(openFailed(now.epoch()));
    } else if (isToTellOfHandOver(open)) {
      repeat(
          new LogicalUnit.HandedOver(
              surroundings.gateway(), surroundings.incarnation(), now.epoch(), now.cause()));
    } else if (open && now.phase() == Phase.SERVING && rollingBack) {
      rollBack(now.epoch(), unit.shared().rollback());
    } else if (open && now.phase() == Phase.SERVING && unit.growingTo() > 0) {
      grow(now.epoch());
    }
    return this;
  }

  /** Gives the unit to its successor by the row, if that can be tried. */
  private boolean handOver() {
    Optional<CompletionStage<Boolean>> asked = surroundings.handOver().ask(unit);
    asked.ifPresent(
        granted -> {
          busy = true;
          getContext()
              .pipeToSelf(
                  granted,
                  (given, failure) ->
                      new HandOverEnded(failure == null && Boolean.TRUE.equals(given)));
        });
    return asked.isPresent();
  }

  /**
   * Sets the bound within which the store has to be open under the epoch. Not from when the opening
   * begins: it may have to wait for something that never ends, and nobody else has a bound for an
   * owner that is said to serve.
   */
  private void awaitOpen(long epoch) {
    if (epoch == awaitedEpoch) {
      return;
    }
    awaitedEpoch = epoch;
    tooLong = false;
    waits++;
    if (epoch > 0) {
      timers.startSingleTimer(OpenTooLong.class, new OpenTooLong(waits), surroundings.openBound());
    } else {
      timers.cancel(OpenTooLong.class);
    }
  }

  private void grow(long epoch) {
    long size = unit.growingTo();
    if (grownTo >= size) {
      repeat(
          new LogicalUnit.Grown(surroundings.gateway(), surroundings.incarnation(), epoch, size));
      return;
    }
    busy = true;
    getContext()
        .pipeToSelf(
            surroundings.dataPath().grow(unit),
            (done, failure) -> new GrowEnded(epoch, size, failure));
  }

  /** It is not published as served before the view shows the end. */
  private void rollBack(long epoch, Rollback wanted) {
    Optional<Rollback> ended = rolledBack.filter(last -> last.id().equals(wanted.id()));
    if (ended.isPresent()) {
      repeat(
          new LogicalUnit.RolledBack(
              surroundings.gateway(),
              surroundings.incarnation(),
              epoch,
              wanted.id(),
              ended.get().failure(),
              getContext().getSystem().ignoreRef()));
      return;
    }
    busy = true;
    getContext()
        .pipeToSelf(
            surroundings.dataPath().rollBack(unit),
            (done, failure) -> new RollbackEnded(wanted.id(), failure));
  }

  private void publish(boolean mine, boolean openForThisEpoch) {
    boolean served = Paths.served(unit, owner);
    DataPath.Way way = DataPath.Way.HELD;
    if (served && !mine) {
      way = DataPath.Way.REMOTE;
    } else if (served && openForThisEpoch) {
      way = DataPath.Way.LOCAL;
    }
    long epoch = unit.ownership().epoch();
    List<TargetPortGroup> groups = Paths.groups(unit, exporters, owner);
    if (published != null
        && published.epoch() == epoch
        && published.serving() == (way != DataPath.Way.HELD)
        && published.groups().equals(groups)) {
      return;
    }
    PathStates states =
        new PathStates(
            surroundings.publications().getAsLong(),
            epoch,
            way != DataPath.Way.HELD,
            surroundings.portGroup(),
            surroundings.implicitTransitionSeconds(),
            groups);
    published = states;
    if (way == DataPath.Way.LOCAL) {
      servedEpoch = epoch;
    }
    getContext()
        .getLog()
        .info(
            "event=path-changed unit={} epoch={} way={} state={} owner={} phase={} cause=\"{}\"",
            unit.id(),
            states.epoch(),
            way,
            states.localState().word(),
            unit.ownership().owner(),
            unit.ownership().phase(),
            unit.ownership().cause());
    surroundings.dataPath().publish(unit, states, way, owner, queries);
  }

  private void repeat(LogicalUnit.Command command) {
    report(command);
    timers.startSingleTimer(Again.TICK, REPEAT);
  }

  private void report(LogicalUnit.Command command) {
    surroundings.reports().accept(new Report(unit.id(), command));
  }
}
