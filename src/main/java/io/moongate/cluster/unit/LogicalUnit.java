package io.moongate.cluster.unit;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.Answer;
import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.SharedState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;

/**
 * A logical unit: its identity, its size, and who owns it.
 *
 * <p>An ownership goes through these phases; each has a bound, and at the bound an exit:
 *
 * <pre>
 *   UNOWNED ──TakeOver──▶ ACQUIRING ──Opened──▶ SERVING ──Move──▶ RELEASING
 *      ▲                   │  ▲  ▲              │     ▲            │   │
 *      └──OpenFailed/bound─┘  │  └─TakeOver of a┘     └──the bound─┘   │
 *                             │    failed owner                        │
 *                             └────────────────Released────────────────┘
 * </pre>
 *
 * Every arrow into ACQUIRING is decided by a compare-and-set on the {@linkplain OwnershipRows
 * ownership row} and has an epoch of its own; the event records what the row decided. A release
 * that is not acknowledged within the bound leaves the unit with the owner that would not let go,
 * under the same epoch, and never gives it to the successor: the owner may still be serving (rule
 * 3).
 */
public final class LogicalUnit
    extends TermedEntity<LogicalUnit.Command, LogicalUnit.Event, LogicalUnit.State> {

  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "LogicalUnit");

  /** What an entity of this kind needs. */
  public record Settings(Duration openBound, Duration releaseBound) {}

  // -- commands

  /** A command to a logical unit. */
  public sealed interface Command extends CborSerializable {}

  /** Creates it. Repeating an equal creation is accepted. */
  public record Create(
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      UnitAttributes attributes,
      ActorRef<Answer> replyTo)
      implements Command {
    public Create {
      attributes = attributes == null ? UnitAttributes.DEFAULT : attributes;
    }
  }

  /**
   * Makes it larger; the store has the size already. Accepted when the growth is on record; hosts
   * are told once the owner has {@link Grown} its volume. Repeating it is accepted; a smaller size
   * is refused.
   *
   * @param size bytes
   */
  public record Resize(long size, String cause, ActorRef<Answer> replyTo) implements Command {}

  /** The owner serves blocks up to {@code size} bytes from now on. */
  public record Grown(String gateway, String incarnation, long epoch, long size)
      implements Command {}

  /**
   * Makes it read-only, or writable again; so it is in the shared state as well, as the next
   * version of it. Repeating it is accepted.
   *
   * @param change names that version
   */
  public record SetReadOnly(boolean readOnly, String change, String cause, ActorRef<Answer> replyTo)
      implements Command {}

  /** Deletes it; its volume is the caller's to remove. */
  public record Delete(String cause, ActorRef<Answer> replyTo) implements Command {}

  /**
   * A gateway proposes itself as the owner after {@code epoch}, because there is none or because of
   * what the evidence says of the present one.
   */
  public record TakeOver(
      String gateway,
      String incarnation,
      long epoch,
      String cause,
      List<Observation> evidence,
      ActorRef<Answer> replyTo)
      implements Command {}

  /** Moves it to a gateway as planned; accepted when the owner has been asked to release. */
  public record Move(String gateway, String incarnation, String cause, ActorRef<Answer> replyTo)
      implements Command {}

  /** The new owner has fenced and opened the store. */
  public record Opened(String gateway, String incarnation, long epoch) implements Command {}

  /** The new owner could not open the store. */
  public record OpenFailed(String gateway, String incarnation, long epoch, String reason)
      implements Command {}

  /** The owner has drained and closed the store: nothing of its epoch will touch it any more. */
  public record Released(String gateway, String incarnation, long epoch) implements Command {}

  /**
   * The owner changes what the device servers of the unit share (design rule 7).
   *
   * @param gateway that owns the unit
   * @param incarnation of its process
   * @param epoch of its ownership
   * @param next what it is to be, one version after what it is; its {@code change} is the name by
   *     which a repetition of this command is recognised
   */
  public record ChangeShared(
      String gateway,
      String incarnation,
      long epoch,
      SharedState next,
      String cause,
      ActorRef<Answer> replyTo)
      implements Command {}

  /** Asks for the entity as it is. */
  public record Get(ActorRef<Answer> replyTo) implements Command {}

  record Taken(Terms.Term term, Throwable failure) implements Command, TermTaken {}

  record Confirmed(Boolean ours, Runnable action) implements Command, Confirmation {}

  /** The ownership row has answered. {@code row} is null when it could not be asked. */
  record RowSaid(OwnershipRows.Row row, Proposal proposal) implements Command {}

  /** The bound of a transition: the one that was armed as the {@code number}th. */
  record BoundPassed(long number) implements Command {}

  /** What was proposed to the row, and who wants to know. */
  record Proposal(
      OwnershipRows.Row row,
      String cause,
      List<Observation> evidence,
      Optional<ActorRef<Answer>> replyTo) {}

  // -- events

  /** Something that happened to a logical unit. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Created.class, name = "created"),
    @JsonSubTypes.Type(value = OwnerChosen.class, name = "owner-chosen"),
    @JsonSubTypes.Type(value = OwnerServed.class, name = "owner-served"),
    @JsonSubTypes.Type(value = OwnerGaveUp.class, name = "owner-gave-up"),
    @JsonSubTypes.Type(value = ReleaseBegun.class, name = "release-begun"),
    @JsonSubTypes.Type(value = ReleaseAbandoned.class, name = "release-abandoned"),
    @JsonSubTypes.Type(value = GrowthBegun.class, name = "growth-begun"),
    @JsonSubTypes.Type(value = Resized.class, name = "resized"),
    @JsonSubTypes.Type(value = ReadOnlySet.class, name = "read-only-set"),
    @JsonSubTypes.Type(value = SharedChanged.class, name = "shared-changed"),
    @JsonSubTypes.Type(value = Deleted.class, name = "deleted"),
    @JsonSubTypes.Type(value = Adopted.class, name = "adopted"),
    @JsonSubTypes.Type(value = Settled.class, name = "settled")
  })
  public sealed interface Event extends CborSerializable {
    /** When, by the wall clock of the node that persisted it. */
    Instant at();
  }

  /** It came into being; with the default attributes when it tells of none. */
  public record Created(
      String id,
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      Instant at,
      UnitAttributes attributes)
      implements Event {
    public Created {
      attributes = attributes == null ? UnitAttributes.DEFAULT : attributes;
    }
  }

  /** The ownership row was set: this gateway is the owner from now on. */
  public record OwnerChosen(
      String owner,
      String incarnation,
      long epoch,
      String cause,
      List<Observation> evidence,
      Instant at)
      implements Event {}

  /** The owner has fenced and opened the store and serves. */
  public record OwnerServed(long epoch, Instant at) implements Event {}

  /** The owner could not open the store within the bound. */
  public record OwnerGaveUp(long epoch, String gateway, String reason, Instant at)
      implements Event {}

  /** The owner was asked to release in favour of another gateway. */
  public record ReleaseBegun(
      long epoch, String successor, String successorIncarnation, String cause, Instant at)
      implements Event {}

  /** The owner did not release within the bound and stays the owner, under the same epoch. */
  public record ReleaseAbandoned(long epoch, String reason, Instant at) implements Event {}

  /** It is to have so many bytes, and its store has. */
  public record GrowthBegun(long size, String cause, Instant at) implements Event {}

  /** The owner serves so many bytes: hosts are told from now on. */
  public record Resized(long size, long epoch, Instant at) implements Event {}

  /** It was made read-only, or writable; the shared state has a version of this name. */
  public record ReadOnlySet(boolean readOnly, String change, String cause, Instant at)
      implements Event {}

  /** The owner of the epoch changed what the device servers of the unit share. */
  public record SharedChanged(long epoch, SharedState state, String cause, Instant at)
      implements Event {}

  /** It is no more. */
  public record Deleted(String cause, Instant at) implements Event {}

  /** A new incarnation of the entity took over what it had replayed. */
  public record Adopted(Instant at) implements Event {}

  /** Follows each event in the same write. */
  public record Settled(Instant at) implements Event, Mark {}

  // -- state

  /**
   * The state: the view's entry, absent before the creation.
   *
   * @param successorIncarnation in RELEASING, the process that is to own it next
   */
  public record State(Optional<UnitEntry> entry, String successorIncarnation)
      implements CborSerializable {

    static State absent() {
      return new State(Optional.empty(), "");
    }

    State apply(Event event) {
      if (event instanceof Created created) {
        Ownership none =
            new Ownership(
                Phase.UNOWNED, 0, "", "", "", created.at(), "created", List.of(), List.of());
        return new State(
            Optional.of(
                new UnitEntry(
                    created.id(),
                    1,
                    created.naa(),
                    created.serial(),
                    created.store(),
                    created.size(),
                    created.blockSize(),
                    created.preferred(),
                    none,
                    false,
                    0,
                    created.attributes().initial(created.id()),
                    created.attributes())),
            "");
      }
      UnitEntry unit = entry.orElseThrow();
      Ownership now = unit.ownership();
      if (event instanceof Adopted) {
        return new State(Optional.of(copy(now, unit.shared())), successorIncarnation);
      } else if (event instanceof SharedChanged changed) {
        return new State(Optional.of(copy(now, changed.state())), successorIncarnation);
      } else if (event instanceof GrowthBegun growth) {
        return new State(
            Optional.of(unit.nextSized(unit.size(), growth.size())), successorIncarnation);
      } else if (event instanceof Resized resized) {
        long rest = unit.growingTo() > resized.size() ? unit.growingTo() : 0;
        return new State(Optional.of(unit.nextSized(resized.size(), rest)), successorIncarnation);
      } else if (event instanceof ReadOnlySet set) {
        return new State(
            Optional.of(unit.nextReadOnly(set.readOnly(), set.change())), successorIncarnation);
      } else if (event instanceof OwnerChosen chosen) {
        return with(
            new Ownership(
                Phase.ACQUIRING,
                chosen.epoch(),
                chosen.owner(),
                chosen.incarnation(),
                "",
                chosen.at(),
                chosen.cause(),
                chosen.evidence(),
                now.refusedBy()),
            "");
      } else if (event instanceof OwnerServed served) {
        return with(
            new Ownership(
                Phase.SERVING,
                now.epoch(),
                now.owner(),
                now.incarnation(),
                "",
                served.at(),
                now.cause(),
                now.evidence(),
                List.of()),
            "");
      } else if (event instanceof OwnerGaveUp gaveUp) {
        List<String> refusedBy = new ArrayList<>(now.refusedBy());
        if (!refusedBy.contains(gaveUp.gateway())) {
          refusedBy.add(gaveUp.gateway());
        }
        return with(
            new Ownership(
                Phase.UNOWNED,
                now.epoch(),
                "",
                "",
                "",
                gaveUp.at(),
                gaveUp.reason(),
                List.of(),
                refusedBy),
            "");
      } else if (event instanceof ReleaseBegun release) {
        return with(
            new Ownership(
                Phase.RELEASING,
                now.epoch(),
                now.owner(),
                now.incarnation(),
                release.successor(),
                release.at(),
                release.cause(),
                List.of(),
                now.refusedBy()),
            release.successorIncarnation());
      } else if (event instanceof ReleaseAbandoned abandoned) {
        return with(
            new Ownership(
                Phase.SERVING,
                now.epoch(),
                now.owner(),
                now.incarnation(),
                "",
                abandoned.at(),
                abandoned.reason(),
                List.of(),
                now.refusedBy()),
            "");
      } else if (!(event instanceof Deleted deleted)) {
        throw new IllegalArgumentException("changes nothing: " + event);
      } else {
        Ownership none =
            new Ownership(
                Phase.UNOWNED,
                now.epoch(),
                "",
                "",
                "",
                deleted.at(),
                deleted.cause(),
                List.of(),
                List.of());
        return new State(Optional.of(copy(none, SharedState.INITIAL).asDeleted()), "");
      }
    }

    private State with(Ownership ownership, String successor) {
      return new State(Optional.of(copy(ownership, entry.orElseThrow().shared())), successor);
    }

    private UnitEntry copy(Ownership ownership, SharedState shared) {
      return entry.orElseThrow().next(ownership, shared);
    }

    boolean live() {
      return entry.isPresent() && !entry.get().deleted();
    }
  }

  /** A snapshot: the state, and the term in which it was saved. */
  public record Snapshot(long term, State state) implements CborSerializable {}

  // -- behaviour

  private final String id;
  private final OwnershipRows rows;
  private final ActorRef<ViewPublisher.Command> publisher;
  private final Settings settings;
  private final Clock clock;
  private boolean proposing;
  private long bounds;

  private LogicalUnit(
      ActorContext<Command> context,
      String id,
      Terms terms,
      Terms.Term term,
      OwnershipRows rows,
      ActorRef<ViewPublisher.Command> publisher,
      Settings settings,
      Clock clock) {
    super(context, persistenceId(id), terms, term);
    this.id = id;
    this.rows = rows;
    this.publisher = publisher;
    this.settings = settings;
    this.clock = clock;
  }

  /** The persistence id of a unit. */
  public static PersistenceId persistenceId(String id) {
    return PersistenceId.of("unit", id);
  }

  /** Makes the entity. */
  public static Behavior<Command> create(
      String id,
      Terms terms,
      OwnershipRows rows,
      ActorRef<ViewPublisher.Command> publisher,
      Settings settings,
      Clock clock) {
    return inTerm(
        terms,
        persistenceId(id),
        Taken::new,
        context ->
            term -> new LogicalUnit(context, id, terms, term, rows, publisher, settings, clock));
  }

  @Override
  public State emptyState() {
    return State.absent();
  }

  @Override
  protected CommandHandlerWithReply<Command, Event, State> commands() {
    return newCommandHandlerWithReplyBuilder()
        .forAnyState()
        .onCommand(Create.class, this::onCreate)
        .onCommand(Resize.class, this::onResize)
        .onCommand(Grown.class, this::onGrown)
        .onCommand(SetReadOnly.class, this::onSetReadOnly)
        .onCommand(Delete.class, this::onDelete)
        .onCommand(TakeOver.class, this::onTakeOver)
        .onCommand(Move.class, this::onMove)
        .onCommand(Opened.class, this::onOpened)
        .onCommand(OpenFailed.class, this::onOpenFailed)
        .onCommand(Released.class, this::onReleased)
        .onCommand(ChangeShared.class, this::onChangeShared)
        .onCommand(Get.class, this::onGet)
        .onCommand(Confirmed.class, (state, confirmed) -> onConfirmation(confirmed))
        .onCommand(RowSaid.class, this::onRowSaid)
        .onCommand(BoundPassed.class, this::onBoundPassed)
        .onCommand(Taken.class, (state, taken) -> Effect().noReply())
        .build();
  }

  @Override
  protected State apply(State state, Event event) {
    return state.apply(event);
  }

  @Override
  protected long version(State state) {
    return state.entry().map(UnitEntry::version).orElse(0L);
  }

  @Override
  protected void onAdopted(State state) {
    if (state.entry().isEmpty()) {
      return;
    }
    UnitEntry unit = state.entry().get();
    whenConfirmed(() -> publisher.tell(new ViewPublisher.Publish(unit)));
    if (!state.live()) {
      return;
    }
    armBound(state);
    // An incarnation may have died between the row's decision and the event: record what it
    // decided.
    context.pipeToSelf(
        rows.read(id),
        (row, failure) -> new RowSaid(failure == null ? row.orElse(null) : null, null));
  }

  private ReplyEffect<Event, State> onCreate(State state, Create create) {
    Optional<String> fault = create.attributes().fault(create.blockSize());
    if (fault.isPresent()) {
      return answer(
          create.replyTo(),
          Answer.invalid("physicalBlockSize", "physicalBlockSize " + fault.get()));
    }
    if (state.entry().isPresent()) {
      UnitEntry unit = state.entry().get();
      boolean equal =
          !unit.deleted()
              && unit.size() == create.size()
              && unit.blockSize() == create.blockSize()
              && unit.attributes().equals(create.attributes())
              && unit.store().equals(create.store());
      return answer(
          create.replyTo(),
          equal
              ? new Answer.Accepted(unit)
              : Answer.conflict("id", "there is or was another logical unit of id " + id));
    }
    return record(
        new Created(
            id,
            create.naa(),
            create.serial(),
            create.store(),
            create.size(),
            create.blockSize(),
            create.preferred(),
            clock.instant(),
            create.attributes()),
        Optional.of(create.replyTo()));
  }

  private ReplyEffect<Event, State> onResize(State state, Resize resize) {
    if (!state.live()) {
      return answer(resize.replyTo(), unknown());
    }
    UnitEntry unit = state.entry().orElseThrow();
    if (resize.size() <= 0 || resize.size() % unit.blockSize() != 0) {
      return answer(
          resize.replyTo(),
          Answer.invalid(
              "size",
              "%d bytes are not whole blocks of %d".formatted(resize.size(), unit.blockSize())));
    }
    if (resize.size() < unit.acceptedSize()) {
      return answer(
          resize.replyTo(),
          Answer.conflict(
              "size",
              "the unit has %d bytes%s: it can only grow"
                  .formatted(
                      unit.size(),
                      unit.growingTo() == 0 ? "" : ", and is growing to " + unit.growingTo())));
    }
    if (resize.size() == unit.acceptedSize()) {
      republish(state);
      return answer(resize.replyTo(), new Answer.Accepted(unit));
    }
    return record(
        new GrowthBegun(resize.size(), resize.cause(), clock.instant()),
        Optional.of(resize.replyTo()));
  }

  /** Only of the owner that serves: whoever owns it next opens the volume with its new size. */
  private ReplyEffect<Event, State> onGrown(State state, Grown grown) {
    boolean awaited =
        in(state, Phase.SERVING, grown.gateway(), grown.incarnation(), grown.epoch())
            && grown.size() == state.entry().orElseThrow().growingTo();
    return awaited
        ? record(new Resized(grown.size(), grown.epoch(), clock.instant()), Optional.empty())
        : republish(state);
  }

  /**
   * Also while it is being moved, or nobody owns it. A change of the shared state that the owner
   * has on its way meanwhile is refused, for it does not follow this one; the owner learns this one
   * then.
   */
  private ReplyEffect<Event, State> onSetReadOnly(State state, SetReadOnly set) {
    if (!state.live()) {
      return answer(set.replyTo(), unknown());
    }
    UnitEntry unit = state.entry().orElseThrow();
    if (unit.attributes().readOnly() == set.readOnly()) {
      return answer(set.replyTo(), new Answer.Accepted(unit));
    }
    return record(
        new ReadOnlySet(set.readOnly(), set.change(), set.cause(), clock.instant()),
        Optional.of(set.replyTo()));
  }

  private ReplyEffect<Event, State> onDelete(State state, Delete delete) {
    if (!state.live()) {
      return answer(delete.replyTo(), unknown());
    }
    return record(new Deleted(delete.cause(), clock.instant()), Optional.of(delete.replyTo()));
  }

  private ReplyEffect<Event, State> onTakeOver(State state, TakeOver takeOver) {
    if (!state.live()) {
      return answer(takeOver.replyTo(), unknown());
    }
    UnitEntry unit = state.entry().orElseThrow();
    Ownership now = unit.ownership();
    if (now.ownedBy(takeOver.gateway(), takeOver.incarnation()) && now.phase() != Phase.UNOWNED) {
      republish(state);
      return answer(takeOver.replyTo(), new Answer.Accepted(unit));
    }
    if (takeOver.epoch() != now.epoch() || proposing) {
      // Whoever asks by an older epoch has not seen the newest entry.
      republish(state);
      return answer(
          takeOver.replyTo(),
          Answer.conflict("epoch", "the ownership is changing or has changed: " + now));
    }
    if (now.phase() != Phase.UNOWNED) {
      FailureDecision.Decision decision =
          FailureDecision.decide(now.owner(), now.incarnation(), takeOver.evidence(), Set.of());
      if (!decision.failed()) {
        return answer(
            takeOver.replyTo(),
            Answer.conflict(
                "evidence",
                "the owner %s is %s by the evidence given"
                    .formatted(now.owner(), decision.verdict())));
      }
    }
    return propose(
        takeOver.gateway(),
        takeOver.incarnation(),
        now.epoch() + 1,
        takeOver.cause(),
        takeOver.evidence(),
        Optional.of(takeOver.replyTo()));
  }

  private ReplyEffect<Event, State> onMove(State state, Move move) {
    if (!state.live()) {
      return answer(move.replyTo(), unknown());
    }
    UnitEntry unit = state.entry().orElseThrow();
    Ownership now = unit.ownership();
    if (now.phase() == Phase.SERVING && now.ownedBy(move.gateway(), move.incarnation())) {
      return answer(move.replyTo(), new Answer.Accepted(unit));
    }
    if (now.phase() != Phase.SERVING || proposing) {
      return answer(
          move.replyTo(),
          Answer.conflict("gateway", "the unit is in transition already: " + now.phase()));
    }
    return record(
        new ReleaseBegun(
            now.epoch(), move.gateway(), move.incarnation(), move.cause(), clock.instant()),
        Optional.of(move.replyTo()));
  }

  private ReplyEffect<Event, State> onOpened(State state, Opened opened) {
    // While a successor is being decided the present epoch must not begin to serve.
    return !proposing
            && in(state, Phase.ACQUIRING, opened.gateway(), opened.incarnation(), opened.epoch())
        ? record(new OwnerServed(opened.epoch(), clock.instant()), Optional.empty())
        : republish(state);
  }

  private ReplyEffect<Event, State> onOpenFailed(State state, OpenFailed failed) {
    return !proposing
            && in(state, Phase.ACQUIRING, failed.gateway(), failed.incarnation(), failed.epoch())
        ? record(
            new OwnerGaveUp(failed.epoch(), failed.gateway(), failed.reason(), clock.instant()),
            Optional.empty())
        : republish(state);
  }

  private ReplyEffect<Event, State> onReleased(State state, Released released) {
    if (!in(state, Phase.RELEASING, released.gateway(), released.incarnation(), released.epoch())) {
      return republish(state);
    }
    if (proposing) {
      return Effect().noReply();
    }
    Ownership now = state.entry().orElseThrow().ownership();
    return propose(
        now.successor(),
        state.successorIncarnation(),
        now.epoch() + 1,
        now.cause(),
        List.of(),
        Optional.empty());
  }

  /**
   * Records a change of the shared state, and answers once that is confirmed.
   *
   * <p>No change that was ever accepted can be missed by the next owner. What an owner serves by is
   * the entry that says that it serves. That entry comes after its OwnerChosen, which is the event
   * by which this entity leaves the former epoch; from then on a change of the former epoch is
   * refused here, and the one state carries what was accepted before. Another incarnation of this
   * entity can't accept one beside it either: an acceptance is confirmed after its event, and what
   * is confirmed lies on the branch of every later incarnation (rule 9), so the one that chose the
   * next owner had it.
   *
   * <p>While the row is being asked, the next owner may be decided already, and whoever proposed
   * had reason to take the present one for gone: nothing is accepted any more, so that nothing
   * changes behind a decision. The owner may ask again, in case the proposal comes to nothing. In
   * RELEASING it is accepted: the owner says Released only after the commands that it had begun
   * have ended, and this is what some of them wait for.
   */
  private ReplyEffect<Event, State> onChangeShared(State state, ChangeShared change) {
    if (!state.live()) {
      return answer(change.replyTo(), unknown());
    }
    UnitEntry unit = state.entry().orElseThrow();
    SharedState present = unit.shared();
    if (present.version() == change.next().version()
        && present.change().equals(change.next().change())) {
      return answer(change.replyTo(), new Answer.Accepted(unit));
    }
    Ownership now = unit.ownership();
    if (now.epoch() != change.epoch()
        || !now.ownedBy(change.gateway(), change.incarnation())
        || (now.phase() != Phase.SERVING && now.phase() != Phase.RELEASING)) {
      return answer(
          change.replyTo(),
          Answer.conflict("epoch", "%s does not own it now: %s".formatted(change.gateway(), now)));
    }
    if (change.next().version() != present.version() + 1) {
      return answer(
          change.replyTo(),
          Answer.conflict(
              "version",
              "version %d can't follow version %d"
                  .formatted(change.next().version(), present.version())));
    }
    if (proposing) {
      return answer(change.replyTo(), Answer.unavailable("the next owner is being decided"));
    }
    return record(
        new SharedChanged(now.epoch(), change.next(), change.cause(), clock.instant()),
        Optional.of(change.replyTo()));
  }

  private ReplyEffect<Event, State> onGet(State state, Get get) {
    return answer(
        get.replyTo(), state.entry().<Answer>map(Answer.Accepted::new).orElseGet(this::unknown));
  }

  private ReplyEffect<Event, State> onBoundPassed(State state, BoundPassed bound) {
    if (!state.live()) {
      return Effect().noReply();
    }
    Ownership now = state.entry().orElseThrow().ownership();
    if (bounds != bound.number() || proposing) {
      return Effect().noReply();
    }
    if (now.phase() == Phase.ACQUIRING) {
      // It may be opening still: whoever comes next has a greater epoch, and fences it.
      return record(
          new OwnerGaveUp(
              now.epoch(),
              now.owner(),
              "%s did not open the store within %s".formatted(now.owner(), settings.openBound()),
              clock.instant()),
          Optional.empty());
    }
    return record(
        new ReleaseAbandoned(
            now.epoch(),
            "%s did not release within %s: it stays the owner"
                .formatted(now.owner(), settings.releaseBound()),
            clock.instant()),
        Optional.empty());
  }

  /** Asks the ownership row; its answer comes back as {@link RowSaid}. */
  private ReplyEffect<Event, State> propose(
      String gateway,
      String incarnation,
      long epoch,
      String cause,
      List<Observation> evidence,
      Optional<ActorRef<Answer>> replyTo) {
    proposing = true;
    Proposal proposal =
        new Proposal(new OwnershipRows.Row(epoch, gateway, incarnation), cause, evidence, replyTo);
    // A term that is not ours any more must not even reach the row.
    whenConfirmed(
        () ->
            context.pipeToSelf(
                rows.claim(id, proposal.row(), cause),
                (row, failure) -> new RowSaid(failure == null ? row : null, proposal)));
    return Effect().noReply();
  }

  private ReplyEffect<Event, State> onRowSaid(State state, RowSaid said) {
    Proposal proposal = said.proposal();
    if (proposal != null) {
      proposing = false;
    }
    if (said.row() == null || !state.live()) {
      return undecided(state, proposal, "the ownership row could not be decided");
    }
    OwnershipRows.Row row = said.row();
    Ownership now = state.entry().orElseThrow().ownership();
    if (row.epoch() <= now.epoch()) {
      return undecided(state, proposal, "the ownership row stays behind: " + row);
    }
    if (proposal == null && now.phase() != Phase.UNOWNED) {
      // Decided by a proposal whose outcome was never learnt; the present owner may have gone on
      // since and be serving. It is recorded by the next proposal: that one comes only after the
      // owner has released, or failed (rule 3).
      return Effect().noReply();
    }
    boolean asProposed = proposal != null && row.equals(proposal.row());
    OwnerChosen chosen =
        new OwnerChosen(
            row.owner(),
            row.incarnation(),
            row.epoch(),
            asProposed ? proposal.cause() : "decided by the ownership row, recorded late",
            asProposed ? proposal.evidence() : List.of(),
            clock.instant());
    return record(chosen, proposal == null ? Optional.empty() : proposal.replyTo());
  }

  private ReplyEffect<Event, State> undecided(State state, Proposal proposal, String reason) {
    if (proposal != null) {
      proposal.replyTo().ifPresent(replyTo -> replyTo.tell(Answer.unavailable(reason)));
      armBound(state);
    }
    return Effect().noReply();
  }

  // -- small parts

  private static boolean in(
      State state, Phase phase, String gateway, String incarnation, long epoch) {
    if (!state.live()) {
      return false;
    }
    Ownership now = state.entry().orElseThrow().ownership();
    return now.phase() == phase && now.epoch() == epoch && now.ownedBy(gateway, incarnation);
  }

  /** Persists, and after the confirmation tells the replicas and whoever asked. */
  private ReplyEffect<Event, State> record(Event event, Optional<ActorRef<Answer>> replyTo) {
    return persistInTerm(event)
        .thenRun(
            state -> {
              UnitEntry unit = state.entry().orElseThrow();
              if (!(event instanceof SharedChanged || event instanceof ReadOnlySet)) {
                armBound(state); // A change of what is shared is no step of a transition.
              }
              whenConfirmed(
                  () -> {
                    log(event);
                    publisher.tell(new ViewPublisher.Publish(unit));
                    replyTo.ifPresent(asker -> asker.tell(new Answer.Accepted(unit)));
                  });
            })
        .thenNoReply();
  }

  private ReplyEffect<Event, State> answer(ActorRef<Answer> replyTo, Answer answer) {
    replyWhenConfirmed(replyTo, answer);
    return Effect().noReply();
  }

  /** Whoever repeats itself has not seen the newest entry. */
  private ReplyEffect<Event, State> republish(State state) {
    state
        .entry()
        .ifPresent(unit -> whenConfirmed(() -> publisher.tell(new ViewPublisher.Publish(unit))));
    return Effect().noReply();
  }

  private Answer unknown() {
    return Answer.notFound("id", "there is no logical unit of id " + id);
  }

  /** Sets the bound of the transition that is under way, if one is; a former bound is void. */
  private void armBound(State state) {
    bounds++;
    if (!state.live()) {
      return;
    }
    UnitEntry unit = state.entry().orElseThrow();
    Phase phase = unit.ownership().phase();
    if (phase == Phase.ACQUIRING || phase == Phase.RELEASING) {
      context.scheduleOnce(
          phase == Phase.ACQUIRING ? settings.openBound() : settings.releaseBound(),
          context.getSelf(),
          new BoundPassed(bounds));
    }
  }

  private void log(Event event) {
    if (event instanceof SharedChanged shared) {
      context
          .getLog()
          .info(
              "event=shared-changed unit={} term={} epoch={} version={} change={} cause=\"{}\"",
              id,
              termNumber(),
              shared.epoch(),
              shared.state().version(),
              shared.state().change(),
              shared.cause());
      return;
    }
    context.getLog().info("event=unit-changed unit={} term={} change={}", id, termNumber(), event);
  }

  @Override
  protected Event adoption() {
    return new Adopted(clock.instant());
  }

  @Override
  protected Command begin() {
    return new Taken(null, null);
  }

  @Override
  protected Event mark() {
    return new Settled(clock.instant());
  }

  @Override
  protected Command confirmation(Boolean ours, Runnable action) {
    return new Confirmed(ours, action);
  }

  @Override
  protected Object toSnapshot(State state, long termNumber) {
    return new Snapshot(termNumber, state);
  }

  @Override
  protected long snapshotTerm(Object snapshot) {
    return ((Snapshot) snapshot).term();
  }

  @Override
  protected State fromSnapshot(Object snapshot) {
    return ((Snapshot) snapshot).state();
  }
}
