package io.moongate.cluster.unit;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.AttributedEvent;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.unit.LogicalUnit.Command;
import io.moongate.cluster.unit.LogicalUnit.Event;
import io.moongate.cluster.view.UnitEntry;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;

/** A logical unit as an entity: asks its {@link UnitDecider} and carries out what it says. */
final class LogicalUnitEntity extends TermedEntity<Command, Event, UnitState> {
  private final String id;
  private final OwnershipRows rows;
  private final ActorRef<ViewPublisher.Command> publisher;
  private final UnitDecider decider;
  private final Clock clock;

  private LogicalUnitEntity(
      ActorContext<Command> context,
      String id,
      Terms terms,
      Terms.Term term,
      OwnershipRows rows,
      ActorRef<ViewPublisher.Command> publisher,
      LogicalUnit.Settings settings,
      Clock clock) {
    super(context, LogicalUnit.persistenceId(id), terms, term);
    this.id = id;
    this.rows = rows;
    this.publisher = publisher;
    this.decider = new UnitDecider(id, settings);
    this.clock = clock;
  }

  static Behavior<Command> create(
      String id,
      Terms terms,
      OwnershipRows rows,
      ActorRef<ViewPublisher.Command> publisher,
      LogicalUnit.Settings settings,
      Clock clock) {
    return inTerm(
        terms,
        LogicalUnit.persistenceId(id),
        LogicalUnit.Taken::new,
        context ->
            term ->
                new LogicalUnitEntity(context, id, terms, term, rows, publisher, settings, clock));
  }

  @Override
  public UnitState emptyState() {
    return UnitState.absent();
  }

  @Override
  protected CommandHandlerWithReply<Command, Event, UnitState> commands() {
    return newCommandHandlerWithReplyBuilder()
        .forAnyState()
        .onCommand(LogicalUnit.Confirmed.class, (state, confirmed) -> onConfirmation(confirmed))
        .onCommand(LogicalUnit.RowSaid.class, this::onRowSaid)
        .onCommand(LogicalUnit.RowRead.class, this::onRowRead)
        .onCommand(LogicalUnit.Raised.class, this::onRaised)
        .onCommand(LogicalUnit.BoundPassed.class, this::onBoundPassed)
        .onCommand(LogicalUnit.Taken.class, (state, taken) -> Effect().noReply())
        .onCommand(Command.class, this::onCommand)
        .build();
  }

  private ReplyEffect<Event, UnitState> onCommand(UnitState state, Command command) {
    Optional<ActorRef<Answer>> replyTo =
        command instanceof LogicalUnit.Request request
            ? Optional.of(request.replyTo())
            : Optional.empty();
    return carryOut(state, decider.decide(state, command, clock.instant()), replyTo);
  }

  private ReplyEffect<Event, UnitState> onRowSaid(UnitState state, LogicalUnit.RowSaid said) {
    goOnFor(said.by());
    UnitDecision decision =
        decider.rowSaid(
            state,
            Optional.ofNullable(said.row()),
            Optional.ofNullable(said.proposal()),
            clock.instant());
    return carryOut(state, decision, said.replyTo());
  }

  private ReplyEffect<Event, UnitState> onRowRead(UnitState state, LogicalUnit.RowRead read) {
    UnitDecision decision =
        decider.rowRead(state, Optional.ofNullable(read.row()), read.handedOver(), clock.instant());
    return carryOut(state, decision, Optional.empty());
  }

  private ReplyEffect<Event, UnitState> onRaised(UnitState state, LogicalUnit.Raised raised) {
    goOnFor(raised.by());
    return carryOut(
        state,
        decider.raised(state, raised, clock.instant()),
        Optional.of(raised.command().replyTo()));
  }

  private ReplyEffect<Event, UnitState> onBoundPassed(
      UnitState state, LogicalUnit.BoundPassed bound) {
    return carryOut(
        state, decider.boundPassed(state, bound.number(), clock.instant()), Optional.empty());
  }

  private ReplyEffect<Event, UnitState> carryOut(
      UnitState state, UnitDecision decision, Optional<ActorRef<Answer>> replyTo) {
    if (decision instanceof UnitDecision.Recorded recorded) {
      return record(recorded, replyTo);
    } else if (decision instanceof UnitDecision.Answered answered) {
      if (answered.tellAgain()) {
        publish(state);
      }
      replyTo.ifPresent(asker -> replyWhenConfirmed(asker, answered.answer()));
    } else if (decision instanceof UnitDecision.AskRow ask) {
      claim(ask, replyTo);
    } else if (decision instanceof UnitDecision.ReadRow read) {
      context.pipeToSelf(
          rows.read(id),
          (row, failure) ->
              new LogicalUnit.RowRead(
                  failure == null ? row.orElse(null) : null, read.handedOver()));
    } else if (decision instanceof UnitDecision.RaiseRow raise) {
      raise(raise);
    } else if (decision instanceof UnitDecision.Undecided undecided) {
      replyTo.ifPresent(asker -> asker.tell(undecided.answer()));
      armBound(state);
    } else if (decision == UnitDecision.TellAgain.ENTRY) {
      publish(state);
    }
    return Effect().noReply();
  }

  /** Persists, and after the confirmation tells the replicas and whoever asked. */
  private ReplyEffect<Event, UnitState> record(
      UnitDecision.Recorded recorded, Optional<ActorRef<Answer>> replyTo) {
    return persistInTerm(recorded.event())
        .thenRun(
            state -> {
              UnitEntry unit = state.unit();
              if (recorded.step()) {
                armBound(state);
              }
              whenConfirmed(
                  () -> {
                    log(recorded.event());
                    publisher.tell(new ViewPublisher.Publish(unit));
                    replyTo.ifPresent(
                        asker ->
                            asker.tell(
                                recorded.instead().orElseGet(() -> new Answer.Accepted(unit))));
                  });
            })
        .thenNoReply();
  }

  private void claim(UnitDecision.AskRow ask, Optional<ActorRef<Answer>> replyTo) {
    UnitDecider.Proposal proposal = ask.proposal();
    Origin asker = by();
    // A term that is not ours any more must not even reach the row.
    whenConfirmed(
        () ->
            context.pipeToSelf(
                rows.claim(id, proposal.row(), ask.sharedVersion(), proposal.cause()),
                (row, failure) ->
                    new LogicalUnit.RowSaid(
                        failure == null ? row : null, proposal, replyTo, asker)));
  }

  /** Not confirmed first: a bound that is higher than it need be is safe. */
  private void raise(UnitDecision.RaiseRow raise) {
    Origin asker = by();
    List<Long> only = only();
    context.pipeToSelf(
        rows.raise(id, raise.epoch(), raise.sharedVersion()),
        (moved, failure) ->
            new LogicalUnit.Raised(
                raise.epoch(),
                raise.command(),
                failure == null ? moved : Optional.empty(),
                failure,
                asker,
                only));
  }

  /**
   * Confirmed also when there is nothing to tell: an incarnation whose term is over and that knows
   * of no unit would otherwise take what is said to the unit for ever, and never notice.
   */
  private void publish(UnitState state) {
    whenConfirmed(
        () -> state.entry().ifPresent(unit -> publisher.tell(new ViewPublisher.Publish(unit))));
  }

  private void armBound(UnitState state) {
    decider
        .bound(state)
        .ifPresent(
            bound ->
                context.scheduleOnce(
                    bound.after(), context.getSelf(), new LogicalUnit.BoundPassed(bound.number())));
  }

  @Override
  protected void onAdopted(UnitState state) {
    publish(state);
    if (!state.live()) {
      return;
    }
    armBound(state);
    // An incarnation may have died between the row's decision and the event: record what it
    // decided.
    Origin self = by();
    context.pipeToSelf(
        rows.read(id),
        (row, failure) ->
            new LogicalUnit.RowSaid(
                failure == null ? row.orElse(null) : null, null, Optional.empty(), self));
  }

  private void log(Event event) {
    if (event instanceof LogicalUnit.SharedChanged shared) {
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
  protected UnitState apply(UnitState state, Event event) {
    return state.apply(event);
  }

  @Override
  protected AttributedEvent<Event> attributed(Event event, Origin origin) {
    return new LogicalUnit.Kept(event, origin);
  }

  @Override
  protected Event kept(Object kept) {
    return kept instanceof LogicalUnit.Kept with ? with.event() : (Event) kept;
  }

  @Override
  protected long version(UnitState state) {
    return state.entry().map(UnitEntry::version).orElse(0L);
  }

  @Override
  protected Event adoption() {
    return new LogicalUnit.Adopted(clock.instant());
  }

  @Override
  protected Command begin() {
    return new LogicalUnit.Taken(null, null);
  }

  @Override
  protected Event mark() {
    return new LogicalUnit.Settled(clock.instant());
  }

  @Override
  protected Command confirmation(Boolean ours, Runnable action) {
    return new LogicalUnit.Confirmed(ours, action);
  }

  @Override
  protected Object toSnapshot(UnitState state, long termNumber, String digest) {
    return new LogicalUnit.Snapshot(termNumber, state, digest);
  }

  @Override
  protected String snapshotDigest(Object snapshot) {
    return ((LogicalUnit.Snapshot) snapshot).digest();
  }

  @Override
  protected long snapshotTerm(Object snapshot) {
    return ((LogicalUnit.Snapshot) snapshot).term();
  }

  @Override
  protected UnitState fromSnapshot(Object snapshot) {
    return ((LogicalUnit.Snapshot) snapshot).state();
  }
}
