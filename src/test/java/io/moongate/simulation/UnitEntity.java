package io.moongate.simulation;

import io.moongate.cluster.Answer;
import io.moongate.cluster.entity.TermReplay;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.RowRaised;
import io.moongate.cluster.unit.UnitDecider;
import io.moongate.cluster.unit.UnitDecision;
import io.moongate.cluster.unit.UnitState;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.simulation.SimulatedCassandra.Stored;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * An incarnation of a logical unit's entity. What it decides is the product's {@link UnitDecider},
 * what its events make of it {@link UnitState}, which history counts {@link TermReplay}; that it
 * takes a term, replays, adopts, persists one event at a time and does nothing before the term is
 * confirmed is done here as {@code TermedEntity} does it.
 */
final class UnitEntity {
  private static final long CONFIRM_AGAIN = 250 * Scheduler.MS;
  private static final int CONFIRM_ATTEMPTS = 6;
  private static final int WAITING = 200;
  private static final LogicalUnit.Settings SETTINGS =
      new LogicalUnit.Settings(java.time.Duration.ofSeconds(5), java.time.Duration.ofSeconds(5));

  /** Who waits for an answer. */
  interface Asker extends Consumer<Answer> {
    Asker NOBODY = answer -> {};
  }

  private final GatewayLife life;
  private final String id;
  private final UnitDecider decider;
  private final OwnershipRows rows;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private final ArrayDeque<Runnable> unconfirmed = new ArrayDeque<>();
  private boolean confirming;
  private TermReplay<UnitState> history = new TermReplay<>(UnitState.absent(), 0, 0);
  private UnitState state = UnitState.absent();
  private long term;
  private long sequence;
  private boolean busy = true;
  private boolean stopped;

  UnitEntity(GatewayLife life, String id) {
    this.life = life;
    this.id = id;
    this.decider = new UnitDecider(id, SETTINGS);
    this.rows = life.world().cassandra().rows(life);
    cassandra()
        .takeTerm(life.name(), life.process(), id)
        .thenCompose(
            taken -> {
              term = taken;
              return cassandra().replay(life.name(), life.process(), id);
            })
        .whenComplete(
            (events, failure) -> {
              if (failure == null) {
                replay(events);
              } else {
                stop();
              }
            });
  }

  private SimulatedCassandra cassandra() {
    return life.world().cassandra();
  }

  boolean isStopped() {
    return stopped;
  }

  private void stop() {
    stopped = true;
    waiting.clear();
  }

  private void replay(List<Stored> events) {
    for (Stored each : events) {
      state = history.event(each.position(), before -> before.apply(each.event()));
      sequence = Math.max(sequence, each.sequence() + 1); // Its mark's.
    }
    if (state.entry().isEmpty()) {
      busy = false;
      go();
    } else {
      persist(new LogicalUnit.Adopted(Samples.WHEN), this::adopted);
    }
  }

  private void adopted() {
    publish();
    if (state.live()) {
      setBound();
      rows.read(id)
          .whenComplete(
              (row, failure) ->
                  later(
                      () ->
                          carryOut(
                              decider.rowSaid(
                                  state,
                                  failure == null ? row : Optional.empty(),
                                  Optional.empty(),
                                  Samples.WHEN),
                              Asker.NOBODY)));
    }
  }

  /** A command has come. */
  void deliver(LogicalUnit.Command command, Asker asker) {
    if (waiting.size() < WAITING) {
      later(() -> carryOut(decider.decide(state, command, Samples.WHEN), asker));
    }
  }

  private void later(Runnable step) {
    if (!stopped) {
      waiting.add(step);
      go();
    }
  }

  private void go() {
    while (!busy && !stopped && !waiting.isEmpty()) {
      waiting.remove().run();
    }
  }

  private void carryOut(UnitDecision decision, Asker asker) {
    if (decision instanceof UnitDecision.Recorded recorded) {
      persist(
          recorded.event(),
          () -> {
            UnitEntry unit = state.unit();
            if (recorded.step()) {
              setBound();
            }
            whenConfirmed(
                () -> {
                  life.world()
                      .trace(() -> "%s term %d: %s".formatted(life, term, recorded.event()));
                  life.publish(unit);
                  asker.accept(recorded.instead().orElseGet(() -> new Answer.Accepted(unit)));
                });
          });
    } else if (decision instanceof UnitDecision.Answered answered) {
      if (answered.tellAgain()) {
        publish();
      }
      whenConfirmed(() -> asker.accept(answered.answer()));
    } else if (decision instanceof UnitDecision.AskRow ask) {
      UnitDecider.Proposal proposal = ask.proposal();
      whenConfirmed(
          () ->
              claim(proposal, ask.sharedVersion())
                  .whenComplete(
                      (row, failure) ->
                          later(
                              () ->
                                  carryOut(
                                      decider.rowSaid(
                                          state,
                                          Optional.ofNullable(failure == null ? row : null),
                                          Optional.of(proposal),
                                          Samples.WHEN),
                                      asker))));
    } else if (decision instanceof UnitDecision.ReadRow read) {
      rows.read(id)
          .whenComplete(
              (row, failure) ->
                  later(
                      () ->
                          carryOut(
                              decider.rowRead(
                                  state,
                                  failure == null ? row : Optional.empty(),
                                  read.handedOver(),
                                  Samples.WHEN),
                              Asker.NOBODY)));
    } else if (decision instanceof UnitDecision.RaiseRow raise) {
      raise(raise)
          .whenComplete(
              (moved, failure) ->
                  later(
                      () ->
                          carryOut(
                              RowRaised.decide(
                                  decider,
                                  state,
                                  raise,
                                  failure == null ? moved : Optional.empty(),
                                  failure,
                                  Samples.WHEN),
                              asker)));
    } else if (decision instanceof UnitDecision.Undecided undecided) {
      asker.accept(undecided.answer());
      setBound();
    } else if (decision == UnitDecision.TellAgain.ENTRY) {
      publish();
    }
  }

  private CompletionStage<OwnershipRows.Row> claim(
      UnitDecider.Proposal proposal, long sharedVersion) {
    return life.world().lacks(Mutation.NO_TERMS_AND_NO_ROW)
        ? CompletableFuture.completedStage(proposal.row())
        : rows.claim(id, proposal.row(), sharedVersion, proposal.cause());
  }

  private CompletionStage<Optional<OwnershipRows.Row>> raise(UnitDecision.RaiseRow raise) {
    return life.world().lacks(Mutation.CHANGE_WITHOUT_RAISING)
        ? CompletableFuture.completedStage(Optional.empty())
        : rows.raise(id, raise.epoch(), raise.sharedVersion());
  }

  private void publish() {
    UnitState told = state;
    whenConfirmed(() -> told.entry().ifPresent(life::publish));
  }

  private void setBound() {
    decider
        .bound(state)
        .ifPresent(
            bound ->
                life.process()
                    .after(
                        bound.after().toNanos(),
                        () ->
                            later(
                                () ->
                                    carryOut(
                                        decider.boundPassed(state, bound.number(), Samples.WHEN),
                                        Asker.NOBODY))));
  }

  private void persist(LogicalUnit.Event event, Runnable then) {
    busy = true;
    TermReplay.Position position = history.next(term);
    Stored stored = new Stored(sequence + 1, position, event);
    sequence += 2;
    cassandra()
        .append(life.name(), life.process(), id, stored)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                stop(); // As Pekko does: it may or may not be in the journal.
              } else if (!stopped) {
                state = history.event(position, before -> before.apply(event));
                busy = false;
                then.run();
                go();
              }
            });
  }

  private void whenConfirmed(Runnable action) {
    unconfirmed.add(action);
    if (!confirming) {
      confirming = true;
      confirm(unconfirmed.size(), CONFIRM_ATTEMPTS);
    }
  }

  private void confirm(int given, int attempts) {
    cassandra()
        .confirmTerm(life.name(), life.process(), id, term)
        .whenComplete(
            (ours, failure) -> {
              if (stopped) {
                return;
              }
              if (failure != null && attempts > 1) {
                life.process().after(CONFIRM_AGAIN, () -> confirm(given, attempts - 1));
              } else if (failure == null
                  && (ours || life.world().lacks(Mutation.NO_TERMS_AND_NO_ROW))) {
                for (int action = 0; action < given; action++) {
                  unconfirmed.remove().run();
                }
                confirming = !unconfirmed.isEmpty();
                if (confirming) {
                  confirm(unconfirmed.size(), CONFIRM_ATTEMPTS);
                }
              } else {
                stop();
              }
            });
  }
}
