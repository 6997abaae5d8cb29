package io.moongate.scsi.shared;

import io.moongate.scsi.Response;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.NotExecuted;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The shared state of one unit on one gateway, and the changes that this gateway makes as the
 * owner. Thread-safe.
 *
 * <p>A change has a <em>turn</em>: it is decided from the state that the change before it has led
 * to, recorded, and taken on here; then the next one's turn has come. After its turn it is told, to
 * the nexuses of this gateway and to the other gateways, and then answered. So changes are recorded
 * one after the other, while nothing that is told, or aborted by what is told, waits for a turn
 * that can't come.
 */
public final class SharedUnit {
  private static final Logger LOG = System.getLogger(SharedUnit.class.getName());

  /** Changes whose record failed and that may have come to pass all the same. */
  private static final int REMEMBERED = 16;

  private final String unit;
  private final UnitPeers peers;
  private final Function<Notice, CompletionStage<Void>> here;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
  private final ArrayDeque<Undecided> undecided = new ArrayDeque<>();
  private volatile SharedState state = SharedState.INITIAL;
  private Turn current;
  private boolean advancing;

  /** A change that waits for its turn, or has it. */
  private record Turn(
      LongSupplier epoch,
      String cause,
      Function<SharedState, Change> decide,
      CompletableFuture<Response> outcome) {

    /** The epoch that it may be made under. */
    boolean isExecutable() {
      try {
        var unused = epoch.getAsLong();
        return true;
      } catch (NotExecuted no) {
        return false;
      }
    }
  }

  /** What a turn has led to: what is to be told, and the newest state then. */
  private record Decided(Change change, SharedState newest, boolean changed) {}

  /** A change that was answered BUSY because nobody knows whether it was recorded. */
  private record Undecided(String name, List<Notice> notices) {}

  /**
   * @param unit id of the unit
   * @param peers the other gateways
   * @param here does what a notice says for the nexuses of this gateway
   */
  public SharedUnit(String unit, UnitPeers peers, Function<Notice, CompletionStage<Void>> here) {
    this.unit = unit;
    this.peers = peers;
    this.here = here;
  }

  /** The newest that is known here. */
  public SharedState state() {
    return state;
  }

  /**
   * Takes a newer state. When a change of this gateway led to it that was given up as unknown, what
   * it was to bring about for the nexuses is done now.
   *
   * @return whether it was newer
   */
  public boolean learn(SharedState newer) {
    Undecided landed = null;
    synchronized (this) {
      if (newer.version() <= state.version()) {
        return false;
      }
      state = newer;
      for (Undecided each : undecided) {
        if (each.name().equals(newer.change())) {
          landed = each;
        }
      }
      // The others were to follow a version that has another successor.
      undecided.clear();
    }
    if (landed != null && !landed.notices().isEmpty()) {
      var unused = tell(landed.notices(), newer);
    }
    return true;
  }

  /** As {@link io.moongate.scsi.command.DeviceServer#change}. */
  public CompletionStage<Response> change(
      Execution execution, String cause, Function<SharedState, Change> decide) {
    return change(execution::epoch, cause, decide);
  }

  /**
   * The same for what is no command.
   *
   * @param epoch the epoch that the change is made under, asked when its turn has come; throws
   *     {@link NotExecuted} when this gateway may not make it
   */
  public CompletionStage<Response> change(
      LongSupplier epoch, String cause, Function<SharedState, Change> decide) {
    Turn turn = new Turn(epoch, cause, decide, new CompletableFuture<>());
    synchronized (this) {
      waiting.add(turn);
    }
    advance();
    return turn.outcome();
  }

  /**
   * Ends the changes that wait for their turn and would be refused when it comes: their commands
   * were aborted, or the ownership is over.
   */
  public void dropAborted() {
    List<Turn> dropped = new ArrayList<>();
    synchronized (this) {
      for (Iterator<Turn> all = waiting.iterator(); all.hasNext(); ) {
        Turn turn = all.next();
        if (!turn.isExecutable()) {
          all.remove();
          dropped.add(turn);
        }
      }
    }
    dropped.forEach(turn -> turn.outcome().completeExceptionally(NotExecuted.INSTANCE));
  }

  /** Gives one after the other its turn: in a loop, for a turn may end at once. */
  private void advance() {
    while (true) {
      Turn turn;
      synchronized (this) {
        if (advancing || current != null) {
          return; // Who is at it, or ends the present turn, goes on.
        }
        turn = waiting.poll();
        if (turn == null) {
          return;
        }
        current = turn;
        advancing = true;
      }
      var unused = take(turn).whenComplete((decided, failure) -> ended(turn, decided, failure));
      synchronized (this) {
        advancing = false;
        if (current != null) {
          return;
        }
      }
    }
  }

  private CompletionStage<Decided> take(Turn turn) {
    try {
      return decide(turn);
    } catch (RuntimeException | Error failure) {
      return CompletableFuture.failedStage(failure);
    }
  }

  private CompletionStage<Decided> decide(Turn turn) {
    SharedState present = state;
    long epoch = turn.epoch().getAsLong();
    Change change = turn.decide().apply(present);
    if (change.next().sameContent(present)) {
      return CompletableFuture.completedStage(new Decided(change, present, false));
    }
    SharedState next = change.next().as(present.version() + 1, UUID.randomUUID().toString());
    return peers
        .record(unit, epoch, next, turn.cause())
        .handle((recorded, failure) -> failure == null || isKnown(next, change.notices()))
        .thenApply(
            recorded -> {
              if (!recorded) {
                throw NotExecuted.INSTANCE;
              }
              learn(next);
              return new Decided(change, next, true);
            });
  }

  /** Whether a change whose record failed has been learnt by the view; else it is remembered. */
  private synchronized boolean isKnown(SharedState next, List<Notice> notices) {
    if (state.change().equals(next.change())) {
      return true;
    }
    if (state.version() < next.version()) {
      if (undecided.size() == REMEMBERED) {
        undecided.poll();
      }
      undecided.add(new Undecided(next.change(), notices));
    }
    return false;
  }

  private void ended(Turn turn, Decided decided, Throwable failure) {
    synchronized (this) {
      current = null;
    }
    if (failure != null) {
      turn.outcome().completeExceptionally(failure);
    } else if (!decided.changed() && decided.change().notices().isEmpty()) {
      turn.outcome().complete(decided.change().response());
    } else {
      var unused =
          tell(decided.change().notices(), decided.newest())
              .thenRun(() -> turn.outcome().complete(decided.change().response()));
    }
    advance();
  }

  /**
   * Has everyone do it, this gateway first. What is recorded is a fact by now: if somebody fails to
   * do his part that is logged, and the answer is what it is.
   *
   * @return completes when everyone has done it, or its bound is over; never fails
   */
  private CompletionStage<Void> tell(List<Notice> notices, SharedState newest) {
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (Notice notice : notices) {
      all.add(guarded(() -> here.apply(notice)));
    }
    // What was aborted must not wait for a turn before it ends.
    dropAborted();
    all.add(guarded(() -> peers.tell(unit, newest, notices)));
    return CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new));
  }

  private CompletableFuture<?> guarded(java.util.function.Supplier<CompletionStage<Void>> part) {
    CompletionStage<Void> stage;
    try {
      stage = part.get();
    } catch (RuntimeException | Error failure) {
      stage = CompletableFuture.failedStage(failure);
    }
    return stage
        .handle(
            (done, failure) -> {
              if (failure != null) {
                LOG.log(Level.WARNING, "unit " + unit + ": not everyone was told", failure);
              }
              return null;
            })
        .toCompletableFuture();
  }
}
