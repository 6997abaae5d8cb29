package io.moongate.cluster.unit;

import io.moongate.cluster.Answer;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What one incarnation of a logical unit decides. It knows no actor, no journal and no clock: what
 * it is told, the state and the time come from outside, and it says what is to be done. Beside the
 * state it remembers only what an incarnation forgets when it ends: whether the ownership row is
 * being asked, and which bound is the present one.
 *
 * <p>How it is driven: {@link #decide} for every command of a gateway or of the API, {@link
 * #rowSaid} for the answer to a {@linkplain UnitDecision.AskRow claim}, and once, after the
 * incarnation has taken over the history, for what the row says then; {@link #bound} whenever a
 * bound is to be set, {@link #boundPassed} when it has run out.
 */
public final class UnitDecider {

  /** What the ownership row is asked to say, and why. */
  public record Proposal(OwnershipRows.Row row, String cause, List<Observation> evidence) {}

  /** A bound that was set: after this time {@link #boundPassed} is to be told its number. */
  public record Bound(long number, Duration after) {}

  private static final UnitDecision NOTHING = UnitDecision.Nothing.AT_ALL;
  private static final UnitDecision TELL_AGAIN = UnitDecision.TellAgain.ENTRY;

  /** For a change that the ownership row has not been asked about. */
  private static final long NOT_RAISED = -1;

  private static final Answer HANDED_OVER =
      Answer.conflict("id", "the unit has been released, and its next owner is about to serve it");

  private final String id;
  private final LogicalUnit.Settings settings;
  private boolean proposing;
  private boolean raising;
  private boolean reading;

  /** Version of the entry that asked for the release which is being taken back. */
  private long cancelling;

  private long bounds;

  /**
   * Makes the decider of an incarnation that begins.
   *
   * @param id of the unit
   */
  public UnitDecider(String id, LogicalUnit.Settings settings) {
    this.id = id;
    this.settings = settings;
  }

  /** Decides about a command of a gateway or of the API. */
  public UnitDecision decide(UnitState state, LogicalUnit.Command command, Instant now) {
    if (command instanceof LogicalUnit.Opened opened) {
      return onOpened(state, opened, now);
    } else if (command instanceof LogicalUnit.OpenFailed failed) {
      return onOpenFailed(state, failed, now);
    } else if (command instanceof LogicalUnit.Released released) {
      return onReleased(state, released);
    } else if (command instanceof LogicalUnit.HandedOver handedOver) {
      return onHandedOver(state, handedOver);
    } else if (command instanceof LogicalUnit.Grown grown) {
      return onGrown(state, grown, now);
    } else if (command instanceof LogicalUnit.Create create) {
      return onCreate(state, create, now);
    } else if (command instanceof LogicalUnit.Get) {
      return answered(state.entry().<Answer>map(Answer.Accepted::new).orElseGet(this::unknown));
    } else if (!(command instanceof LogicalUnit.Request)) {
      throw new IllegalArgumentException("nothing to decide about " + command);
    } else if (!state.live()) {
      return answered(unknown());
    }
    Optional<Answer> refusal = Rollbacks.refusal(state.unit(), command);
    if (refusal.isPresent()) {
      return answered(refusal.get());
    } else if (command instanceof LogicalUnit.TakeOver takeOver) {
      return onTakeOver(state, takeOver);
    } else if (command instanceof LogicalUnit.Move move) {
      return onMove(state, move, now);
    } else if (command instanceof LogicalUnit.CancelMove cancel) {
      return onCancelMove(state, cancel, NOT_RAISED, now);
    } else if (command instanceof LogicalUnit.SetPreferred set) {
      return onSetPreferred(state, set, now);
    } else if (command instanceof LogicalUnit.ChangeShared change) {
      return onChangeShared(state, change, NOT_RAISED, now);
    } else if (command instanceof LogicalUnit.Resize resize) {
      return onResize(state, resize, now);
    } else if (command instanceof LogicalUnit.SetReadOnly set) {
      return onSetReadOnly(state, set, NOT_RAISED, now);
    } else if (command instanceof LogicalUnit.OrderSnapshot order) {
      return aside(
          new LogicalUnit.SnapshotOrdered(order.order(), order.name(), order.cause(), now));
    } else if (command instanceof LogicalUnit.RollBack rollBack) {
      return onRollBack(state, rollBack, NOT_RAISED, now);
    } else if (command instanceof LogicalUnit.RolledBack rolledBack) {
      return onRolledBack(state, rolledBack, NOT_RAISED, now);
    } else if (command instanceof LogicalUnit.BeginDeletion begin) {
      return aside(new LogicalUnit.DeletionBegun(begin.cause(), now));
    } else if (command instanceof LogicalUnit.Delete delete) {
      return step(new LogicalUnit.Deleted(delete.cause(), now));
    }
    throw new IllegalArgumentException("nothing to decide about " + command);
  }

  private UnitDecision onCreate(UnitState state, LogicalUnit.Create create, Instant now) {
    Optional<String> fault = create.attributes().fault(create.blockSize());
    if (fault.isPresent()) {
      return answered(Answer.invalid("physicalBlockSize", "physicalBlockSize " + fault.get()));
    }
    if (state.entry().isPresent()) {
      UnitEntry unit = state.unit();
      boolean equal =
          !unit.deleted()
              && unit.size() == create.size()
              && unit.blockSize() == create.blockSize()
              && unit.attributes().equals(create.attributes())
              && unit.store().equals(create.store());
      return answered(
          equal
              ? new Answer.Accepted(unit)
              : Answer.conflict("id", "there is or was another logical unit of id " + id));
    }
    return step(
        new LogicalUnit.Created(
            id,
            create.naa(),
            create.serial(),
            create.store(),
            create.size(),
            create.blockSize(),
            create.preferred(),
            now,
            create.attributes()));
  }

  private UnitDecision onResize(UnitState state, LogicalUnit.Resize resize, Instant now) {
    UnitEntry unit = state.unit();
    if (resize.size() <= 0 || resize.size() % unit.blockSize() != 0) {
      return answered(
          Answer.invalid(
              "size",
              "%d bytes are not whole blocks of %d".formatted(resize.size(), unit.blockSize())));
    }
    if (resize.size() < unit.acceptedSize()) {
      return answered(
          Answer.conflict(
              "size",
              "the unit has %d bytes%s: it can only grow"
                  .formatted(
                      unit.size(),
                      unit.growingTo() == 0 ? "" : ", and is growing to " + unit.growingTo())));
    }
    if (resize.size() == unit.acceptedSize()) {
      return new UnitDecision.Answered(new Answer.Accepted(unit), true);
    }
    return step(new LogicalUnit.GrowthBegun(resize.size(), resize.cause(), now));
  }

  /** Only of the owner that serves: whoever owns it next opens the volume with its new size. */
  private UnitDecision onGrown(UnitState state, LogicalUnit.Grown grown, Instant now) {
    boolean awaited =
        state.in(Phase.SERVING, grown.gateway(), grown.incarnation(), grown.epoch())
            && grown.size() == state.unit().growingTo();
    return awaited ? step(new LogicalUnit.Resized(grown.size(), grown.epoch(), now)) : TELL_AGAIN;
  }

  /**
   * Also while it is being moved, or nobody owns it. A change of the shared state that the owner
   * has on its way meanwhile is refused, for it does not follow this one; the owner learns this one
   * then.
   */
  private UnitDecision onSetReadOnly(
      UnitState state, LogicalUnit.SetReadOnly set, long raisedEpoch, Instant now) {
    UnitEntry unit = state.unit();
    if (unit.attributes().readOnly() == set.readOnly()) {
      return answered(new Answer.Accepted(unit));
    }
    if (raising || proposing) {
      return changing();
    }
    long version = unit.shared().version() + 1;
    // Before its first owner nobody can take it over by the row.
    return unit.ownership().epoch() == 0 || unit.ownership().epoch() == raisedEpoch
        ? aside(new LogicalUnit.ReadOnlySet(set.readOnly(), set.change(), set.cause(), now))
        : raise(unit.ownership().epoch(), version, set);
  }

  /** Behind a next owner that is being decided the row would stay below the state. */
  private UnitDecision changing() {
    return answered(
        Answer.unavailable(
            raising
                ? "another change is being recorded: ask again"
                : "the next owner is being decided: ask again"));
  }

  /** The next owner must know of it, and so must whoever takes the unit over by the row. */
  private UnitDecision onRollBack(
      UnitState state, LogicalUnit.RollBack wanted, long raisedEpoch, Instant now) {
    UnitEntry unit = state.unit();
    Optional<Answer> answer = Rollbacks.answer(unit, wanted, now);
    if (answer.isPresent()) {
      return new UnitDecision.Answered(answer.get(), true);
    }
    if (raising || proposing) {
      return changing();
    }
    return unit.ownership().epoch() == raisedEpoch
        ? aside(new LogicalUnit.RollbackBegun(wanted.snapshot(), wanted.id(), wanted.cause(), now))
        : raise(unit.ownership().epoch(), unit.shared().version() + 1, wanted);
  }

  /** Whoever did not know of the end would roll it back again, and lose what was written since. */
  private UnitDecision onRolledBack(
      UnitState state, LogicalUnit.RolledBack ended, long raisedEpoch, Instant now) {
    UnitEntry unit = state.unit();
    Optional<Answer> answer = Rollbacks.answer(state, ended);
    if (answer.isPresent()) {
      return new UnitDecision.Answered(answer.get(), true);
    }
    if (raising || proposing) {
      return changing();
    }
    return unit.ownership().epoch() == raisedEpoch
        ? aside(
            new LogicalUnit.RollbackEnded(
                unit.shared().rollback().snapshot(),
                ended.id(),
                ended.epoch(),
                ended.failure(),
                now))
        : raise(unit.ownership().epoch(), unit.shared().version() + 1, ended);
  }

  private UnitDecision onTakeOver(UnitState state, LogicalUnit.TakeOver takeOver) {
    UnitEntry unit = state.unit();
    Ownership now = unit.ownership();
    if (now.ownedBy(takeOver.gateway(), takeOver.incarnation()) && now.phase() != Phase.UNOWNED) {
      return new UnitDecision.Answered(new Answer.Accepted(unit), true);
    }
    if (takeOver.epoch() != now.epoch() || proposing || raising) {
      // Whoever asks by an older epoch has not seen the newest entry.
      return new UnitDecision.Answered(
          Answer.conflict("epoch", "the ownership is changing or has changed: " + now), true);
    }
    if (now.phase() != Phase.UNOWNED) {
      FailureDecision.Decision decision =
          FailureDecision.decide(now.owner(), now.incarnation(), takeOver.evidence(), Set.of());
      if (!decision.failed()) {
        return answered(
            Answer.conflict(
                "evidence",
                "the owner %s is %s by the evidence given"
                    .formatted(now.owner(), decision.verdict())));
      }
    }
    return propose(
        state,
        new OwnershipRows.Row(now.epoch() + 1, takeOver.gateway(), takeOver.incarnation()),
        takeOver.cause(),
        takeOver.evidence());
  }

  private UnitDecision onMove(UnitState state, LogicalUnit.Move move, Instant at) {
    Ownership now = state.ownership();
    if (now.phase() == Phase.SERVING && now.ownedBy(move.gateway(), move.incarnation())) {
      return answered(new Answer.Accepted(state.unit()));
    }
    if (now.phase() != Phase.SERVING || proposing) {
      return answered(
          Answer.conflict("gateway", "the unit is in transition already: " + now.phase()));
    }
    return step(
        new LogicalUnit.ReleaseBegun(
            now.epoch(), move.gateway(), move.incarnation(), move.cause(), at, move.evidence()));
  }

  /**
   * Like the bound of a move that passes before its time; but the row is asked first, by raising it
   * to what it has: the owner may have handed the unit over already. That is recorded when it is
   * told, with what led to it.
   */
  private UnitDecision onCancelMove(
      UnitState state, LogicalUnit.CancelMove cancel, long raisedEpoch, Instant at) {
    Ownership now = state.ownership();
    boolean over = raisedEpoch != NOT_RAISED && raisedEpoch < now.epoch();
    if (over || proposing || now.phase() == Phase.ACQUIRING) {
      return answered(HANDED_OVER);
    }
    boolean another = raisedEpoch != NOT_RAISED && state.releaseVersion() != cancelling;
    if (now.phase() != Phase.RELEASING || another) {
      return answered(Answer.conflict("id", "the unit is not being moved"));
    }
    if (raisedEpoch != NOT_RAISED) {
      return step(new LogicalUnit.ReleaseAbandoned(now.epoch(), cancel.cause(), at));
    }
    if (raising) {
      return changing();
    }
    cancelling = state.releaseVersion();
    return raise(now.epoch(), state.unit().shared().version(), cancel);
  }

  private UnitDecision onSetPreferred(UnitState state, LogicalUnit.SetPreferred set, Instant now) {
    return state.unit().preferred().equals(set.preferred())
        ? answered(new Answer.Accepted(state.unit()))
        : aside(new LogicalUnit.PreferredSet(set.preferred(), set.cause(), now));
  }

  private UnitDecision onOpened(UnitState state, LogicalUnit.Opened opened, Instant now) {
    // While a successor is being decided the present epoch must not begin to serve.
    return !proposing
            && state.in(Phase.ACQUIRING, opened.gateway(), opened.incarnation(), opened.epoch())
        ? step(new LogicalUnit.OwnerServed(opened.epoch(), now))
        : TELL_AGAIN;
  }

  /**
   * Also of an owner that is to serve: it took the unit over by the row, or opens again after a
   * move that was abandoned. It may have opened since it said so, on seeing a newer entry; so it
   * counts there only if it answers the newest one.
   */
  private UnitDecision onOpenFailed(UnitState state, LogicalUnit.OpenFailed failed, Instant now) {
    boolean counts =
        state.in(Phase.ACQUIRING, failed.gateway(), failed.incarnation(), failed.epoch())
            || (state.in(Phase.SERVING, failed.gateway(), failed.incarnation(), failed.epoch())
                && failed.seen() == state.unit().version());
    return !proposing && counts
        ? step(new LogicalUnit.OwnerGaveUp(failed.epoch(), failed.gateway(), failed.reason(), now))
        : TELL_AGAIN;
  }

  /**
   * Only a release that was asked for by the move that is under way. One that was reported for an
   * abandoned move names the same epoch, and the owner may be serving again by now.
   */
  private UnitDecision onReleased(UnitState state, LogicalUnit.Released released) {
    if (!state.in(Phase.RELEASING, released.gateway(), released.incarnation(), released.epoch())
        || released.seen() < state.releaseVersion()) {
      return TELL_AGAIN;
    }
    if (proposing || raising) {
      return NOTHING; // It is repeated.
    }
    Ownership now = state.ownership();
    return propose(
        state,
        new OwnershipRows.Row(now.epoch() + 1, now.successor(), state.successorIncarnation()),
        now.cause(),
        now.evidence());
  }

  /** What it says is not taken for true: the row is read. */
  private UnitDecision onHandedOver(UnitState state, LogicalUnit.HandedOver handedOver) {
    if (!state.live() || state.ownership().epoch() >= handedOver.epoch()) {
      return TELL_AGAIN;
    }
    if (proposing || reading) {
      return NOTHING; // It is repeated.
    }
    reading = true;
    return new UnitDecision.ReadRow(handedOver);
  }

  /**
   * Decides about the row that was read because it was said to be handed over. It may have been by
   * a move that was abandoned meanwhile: the row has decided, and the former owner won't open the
   * unit again.
   *
   * @param said empty when it could not be read
   */
  public UnitDecision rowRead(
      UnitState state,
      Optional<OwnershipRows.Row> said,
      LogicalUnit.HandedOver handedOver,
      Instant at) {
    reading = false;
    Optional<OwnershipRows.Row> ahead =
        said.filter(OwnershipRows.Row::serving)
            .filter(row -> row.epoch() == handedOver.epoch())
            .filter(row -> state.live() && row.epoch() > state.ownership().epoch());
    if (ahead.isEmpty() || proposing) {
      // Recorded meanwhile, or it can't be asked now: it is repeated. Whoever proposes brings the
      // evidence, and finds the same row.
      return NOTHING;
    }
    OwnershipRows.Row row = ahead.get();
    Ownership now = state.ownership();
    return step(
        new LogicalUnit.OwnerChosen(
            row.owner(),
            row.incarnation(),
            row.epoch(),
            handedOver.cause(),
            now.phase() == Phase.RELEASING ? now.evidence() : List.of(),
            at,
            true));
  }

  /**
   * Records a change of the shared state, which is answered once that is confirmed.
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
   *
   * <p>A gateway that takes the unit over by the row itself asks nobody. What keeps it from missing
   * a change is the row: it must name the version up to which it knows, and the row was raised to
   * the version of a change before that is accepted here.
   *
   * @param raisedEpoch the epoch under which the row was raised for this change
   */
  private UnitDecision onChangeShared(
      UnitState state, LogicalUnit.ChangeShared change, long raisedEpoch, Instant at) {
    UnitEntry unit = state.unit();
    var present = unit.shared();
    if (present.version() == change.next().version()
        && present.change().equals(change.next().change())) {
      return answered(new Answer.Accepted(unit));
    }
    Ownership now = unit.ownership();
    if (change.epoch() > now.epoch()) {
      // It has taken the unit over by the row, which is not on record here yet.
      return answered(Answer.unavailable("epoch %d is not on record".formatted(change.epoch())));
    }
    if (now.epoch() != change.epoch()
        || !now.ownedBy(change.gateway(), change.incarnation())
        || (now.phase() != Phase.SERVING && now.phase() != Phase.RELEASING)) {
      return answered(
          Answer.conflict("epoch", "%s does not own it now: %s".formatted(change.gateway(), now)));
    }
    if (change.next().version() != present.version() + 1) {
      return answered(
          Answer.conflict(
              "version",
              "version %d can't follow version %d"
                  .formatted(change.next().version(), present.version())));
    }
    if (proposing || raising) {
      return answered(
          Answer.unavailable(
              proposing ? "the next owner is being decided" : "another change is being recorded"));
    }
    return raisedEpoch == now.epoch()
        ? aside(new LogicalUnit.SharedChanged(now.epoch(), change.next(), change.cause(), at))
        : raise(now.epoch(), change.next().version(), change);
  }

  private UnitDecision raise(long epoch, long sharedVersion, LogicalUnit.Request command) {
    raising = true;
    return new UnitDecision.RaiseRow(epoch, sharedVersion, command);
  }

  /** Decides about a change for which the ownership row was to be raised. */
  public UnitDecision raised(UnitState state, LogicalUnit.Raised raised, Instant at) {
    raising = false;
    if (raised.failure() != null) {
      return answered(Answer.unavailable("the ownership row could not be asked"));
    }
    if (!state.live()) {
      return answered(unknown());
    }
    Optional<OwnershipRows.Row> moved =
        raised.moved().filter(row -> row.epoch() > state.ownership().epoch());
    if (moved.isPresent() && raised.command() instanceof LogicalUnit.CancelMove) {
      return answered(HANDED_OVER);
    }
    if (moved.isPresent() && moved.get().serving()) {
      return new UnitDecision.Recorded(
          chosen(moved.get(), Optional.empty(), at),
          true,
          Optional.of(Answer.unavailable("%s has taken it over".formatted(moved.get().owner()))));
    }
    long version = state.unit().version();
    if (!raised.only().isEmpty() && !raised.only().contains(version)) {
      return answered(Answer.outdated(version)); // It was changed while the row was raised.
    }
    // Another row of a newer epoch was set by a claim of this entity whose outcome was not learnt.
    // Nobody can take the unit over from that epoch before it is recorded, with this change in it.
    LogicalUnit.Request command = raised.command();
    if (command instanceof LogicalUnit.ChangeShared change) {
      return onChangeShared(state, change, raised.epoch(), at);
    } else if (command instanceof LogicalUnit.CancelMove cancel) {
      return onCancelMove(state, cancel, raised.epoch(), at);
    } else if (command instanceof LogicalUnit.SetReadOnly set) {
      return onSetReadOnly(state, set, raised.epoch(), at);
    } else if (command instanceof LogicalUnit.RollBack wanted) {
      return onRollBack(state, wanted, raised.epoch(), at);
    } else if (command instanceof LogicalUnit.RolledBack ended) {
      return onRolledBack(state, ended, raised.epoch(), at);
    }
    throw new IllegalArgumentException("the row is not raised for " + command);
  }

  private UnitDecision propose(
      UnitState state, OwnershipRows.Row row, String cause, List<Observation> evidence) {
    proposing = true;
    return new UnitDecision.AskRow(
        new Proposal(row, cause, evidence), state.unit().shared().version());
  }

  /**
   * Decides about what the ownership row says.
   *
   * @param said empty when it could not be asked, or says nothing
   * @param proposal what was claimed; empty when the row was only read
   */
  public UnitDecision rowSaid(
      UnitState state, Optional<OwnershipRows.Row> said, Optional<Proposal> proposal, Instant at) {
    if (proposal.isPresent()) {
      proposing = false;
    }
    if (said.isEmpty() || !state.live()) {
      return undecided(proposal, "the ownership row could not be decided");
    }
    OwnershipRows.Row row = said.get();
    Ownership now = state.ownership();
    if (row.epoch() <= now.epoch()) {
      return undecided(proposal, "the ownership row stays behind: " + row);
    }
    if (proposal.isEmpty() && now.phase() != Phase.UNOWNED) {
      // Decided by a proposal whose outcome was never learnt; the present owner may have gone on
      // since and be serving. It is recorded by the next proposal: that one comes only after the
      // owner has released, or failed (rule 3). So is what a gateway has claimed itself: that one,
      // or whoever follows it, proposes until the view shows it, and brings the evidence.
      return NOTHING;
    }
    return step(chosen(row, proposal, at));
  }

  private static LogicalUnit.OwnerChosen chosen(
      OwnershipRows.Row row, Optional<Proposal> proposal, Instant at) {
    Optional<Proposal> decided = proposal.filter(proposed -> proposed.row().sameOwnership(row));
    // Evidence is about the owner before: it holds whoever has brought it.
    Optional<Proposal> judged = row.serving() ? proposal : decided;
    return new LogicalUnit.OwnerChosen(
        row.owner(),
        row.incarnation(),
        row.epoch(),
        decided.map(Proposal::cause).orElse("decided by the ownership row, recorded late"),
        judged.map(Proposal::evidence).orElse(List.of()),
        at,
        row.serving());
  }

  private static UnitDecision undecided(Optional<Proposal> proposal, String reason) {
    return proposal.isPresent() ? new UnitDecision.Undecided(Answer.unavailable(reason)) : NOTHING;
  }

  /** Sets the bound of the transition that is under way, if one is; a former bound is void. */
  public Optional<Bound> bound(UnitState state) {
    bounds++;
    if (!state.live()) {
      return Optional.empty();
    }
    return switch (state.ownership().phase()) {
      case ACQUIRING -> Optional.of(new Bound(bounds, settings.openBound()));
      case RELEASING -> Optional.of(new Bound(bounds, settings.releaseBound()));
      case UNOWNED, SERVING -> Optional.empty();
    };
  }

  /** Decides about a bound that has passed. */
  public UnitDecision boundPassed(UnitState state, long number, Instant at) {
    if (!state.live() || bounds != number || proposing) {
      return NOTHING;
    }
    Ownership now = state.ownership();
    return switch (now.phase()) {
      case ACQUIRING ->
          // It may be opening still: whoever comes next has a greater epoch, and fences it.
          step(
              new LogicalUnit.OwnerGaveUp(
                  now.epoch(),
                  now.owner(),
                  "%s did not open the store within %d ms"
                      .formatted(now.owner(), settings.openBound().toMillis()),
                  at));
      case RELEASING ->
          step(
              new LogicalUnit.ReleaseAbandoned(
                  now.epoch(),
                  "%s did not release within %s: it stays the owner"
                      .formatted(now.owner(), settings.releaseBound()),
                  at));
      case UNOWNED, SERVING -> NOTHING;
    };
  }

  private Answer unknown() {
    return Answer.notFound("id", "there is no logical unit of id " + id);
  }

  private static UnitDecision answered(Answer answer) {
    return new UnitDecision.Answered(answer, false);
  }

  private static UnitDecision step(LogicalUnit.Event event) {
    return new UnitDecision.Recorded(event, true, Optional.empty());
  }

  /** What is no step of a transition. */
  private static UnitDecision aside(LogicalUnit.Event event) {
    return new UnitDecision.Recorded(event, false, Optional.empty());
  }
}
