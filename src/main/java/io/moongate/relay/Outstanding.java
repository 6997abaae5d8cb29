package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The commands of one {@link RelayClient}, from being handed over to being answered, and with them
 * the rule that matters: a command of which a byte may have been sent is answered without the
 * owner's reply only once the owner can't begin to execute it any more. See the package's
 * documentation.
 *
 * <p>Time is passed in ({@link System#nanoTime}). Thread-safe and without locks; {@link #take},
 * {@link #connected} and {@link #disconnected} are called by one connection at a time.
 */
final class Outstanding {
  private final RelaySettings settings;
  private final RelayCounts counts;
  private final Budget budget;
  private final ConcurrentLinkedQueue<Relayed> waiting = new ConcurrentLinkedQueue<>();
  private final ConcurrentHashMap<Long, Relayed> sent = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Integer> perUnit = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /** The number of the connection that is up; 0 when none is. */
  private volatile long live;

  private volatile boolean ownerDead;
  private volatile boolean closed;

  Outstanding(RelaySettings settings) {
    this(settings, new RelayCounts());
  }

  /** Those that somebody counts. */
  Outstanding(RelaySettings settings, RelayCounts counts) {
    this.settings = settings;
    this.counts = counts;
    this.budget = new Budget(settings.maxInFlight(), settings.maxInFlightBytes());
  }

  /** Takes a command over; false when there is no room or no use: then the caller answers it. */
  boolean offer(
      String unitId, long epoch, Command command, long nowNanos, Consumer<Response> reply) {
    long charge = charge(command);
    if (closed || ownerDead || !acquire(unitId, charge)) {
      counts.refused();
      return false;
    }
    Relayed relayed = new Relayed(unitId, epoch, command, charge, nowNanos, reply);
    waiting.add(relayed);
    if (closed || ownerDead) {
      // It may have come after the queue was emptied for the last time.
      withdraw(relayed);
    }
    return true;
  }

  private long charge(Command command) {
    return command.dataOut().remaining() + Math.min(command.expectedDataIn(), settings.maxData());
  }

  private boolean acquire(String unitId, long charge) {
    int ofUnit = perUnit.merge(unitId, 1, Integer::sum);
    if (ofUnit <= settings.maxInFlightPerUnit() && budget.tryAcquire(charge)) {
      return true;
    }
    releaseUnit(unitId);
    return false;
  }

  private void release(Relayed relayed) {
    budget.release(relayed.charge);
    releaseUnit(relayed.unitId);
  }

  private void releaseUnit(String unitId) {
    perUnit.computeIfPresent(unitId, (same, count) -> count == 1 ? null : count - 1);
  }

  /** The next command to send, now SENT with an id on this connection; null when there is none. */
  Relayed take(long connection, long nowNanos) {
    for (Relayed next = waiting.poll(); next != null; next = waiting.poll()) {
      if (nowNanos - next.command.deadlineNanos() >= 0) {
        withdraw(next);
        continue;
      }
      long id = ids.incrementAndGet();
      if (next.send(id, connection)) {
        sent.put(id, next);
        if (!ownerDead) {
          return next;
        }
        resolve(next);
      }
    }
    return null;
  }

  /** Answers BUSY to everything that waits, because there is no point in sending it. */
  void refuseWaiting() {
    for (Relayed next = waiting.poll(); next != null; next = waiting.poll()) {
      withdraw(next);
    }
  }

  /** The owner's reply. One to a command that was given up is dropped, and its room is free. */
  void replied(long id, Response response) {
    Relayed relayed = sent.remove(id);
    if (relayed != null) {
      release(relayed);
      if (relayed.settle()) {
        counts.replied(System.nanoTime() - relayed.arrivedNanos);
        relayed.answer(response);
      }
      checkDrained();
    }
  }

  /**
   * A connection is up.
   *
   * @param begun what the owner's {@link Frame.Welcome} says
   */
  void connected(long connection, long begun) {
    live = connection;
    if (begun != Frame.Welcome.UNKNOWN) {
      for (Relayed relayed : sent.values()) {
        if (relayed.connection() < connection && relayed.id() > begun) {
          resolve(relayed);
        }
      }
    }
    checkDrained();
  }

  /** That connection is gone; what was sent over it and has no reply is in doubt. */
  void disconnected(long connection) {
    if (live == connection) {
      live = 0;
    }
  }

  /** Answers what time has settled. */
  void sweep(long nowNanos) {
    boolean connecting = live == 0;
    long connectWait = settings.connectWait().toNanos();
    // What was withdrawn elsewhere is still in the queue: it goes, too.
    waiting.removeIf(
        relayed -> {
          if (nowNanos - relayed.command.deadlineNanos() >= 0
              || (connecting && nowNanos - relayed.arrivedNanos >= connectWait)) {
            withdraw(relayed);
          }
          return !relayed.isWaiting();
        });
    long margin = settings.clockMargin().toNanos();
    long replyBound = settings.replyBound().toNanos();
    for (Relayed relayed : sent.values()) {
      long late = nowNanos - relayed.command.deadlineNanos();
      if (relayed.connection() != live) {
        if (relayed.isAnswered() || late >= margin) {
          resolve(relayed);
        }
      } else if (late >= replyBound && relayed.settle()) {
        // The owner can't begin it any more. It may be executing it: it keeps its room until it
        // replies, lest a store that hangs takes the connection from all others.
        counts.unanswered();
        relayed.answer(Response.status(Status.BUSY));
      }
    }
    checkDrained();
  }

  /** The owner's process is known to be dead: nothing can begin any more. */
  void ownerDead() {
    ownerDead = true;
    refuseWaiting();
    sent.values().forEach(this::resolve);
    checkDrained();
  }

  /** Takes nothing more; completes when everything that was sent is answered. */
  CompletionStage<Void> close() {
    closed = true;
    refuseWaiting();
    checkDrained();
    return drained;
  }

  private void checkDrained() {
    if (closed && sent.values().stream().allMatch(Relayed::isAnswered)) {
      drained.complete(null);
    }
  }

  /** Answers BUSY to a command that was sent, and forgets it. */
  private void resolve(Relayed relayed) {
    if (sent.remove(relayed.id(), relayed)) {
      release(relayed);
      if (relayed.settle()) {
        counts.unanswered();
        relayed.answer(Response.status(Status.BUSY));
      }
    }
  }

  private void withdraw(Relayed relayed) {
    if (relayed.withdraw()) {
      counts.refused();
      release(relayed);
      relayed.answer(Response.status(Status.BUSY));
    }
  }

  /** Whether nothing that was sent is in doubt or under way. */
  boolean isEmpty() {
    return waiting.isEmpty() && sent.isEmpty();
  }

  boolean isConnected() {
    return live != 0;
  }

  /** Commands that take up room: for metrics. */
  int inFlight() {
    return budget.commands();
  }
}
