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
 * The commands of one {@link RelayLink}, from being handed over to being answered, and with them
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
  private final Room room;
  private final ConcurrentLinkedQueue<Relayed> waiting = new ConcurrentLinkedQueue<>();
  private final ConcurrentHashMap<Long, Relayed> sent = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /** The number of the connection that is up; 0 when none is. */
  private volatile long live;

  /** When the owner's clock was heard last; or when the connection ended, with none before it. */
  private volatile long tickedNanos = System.nanoTime();

  private volatile boolean ownerDead;
  private volatile boolean closed;

  /**
   * None yet.
   *
   * @param room of all commands to the peer
   */
  Outstanding(RelaySettings settings, RelayCounts counts, Room room) {
    this.settings = settings;
    this.counts = counts;
    this.room = room;
  }

  /** Takes a command over; false when there is no room or no use: then the caller answers it. */
  boolean offer(
      String unitId, long epoch, Command command, long nowNanos, Consumer<Response> reply) {
    long charge = charge(command);
    if (closed || ownerDead || !room.tryAcquire(unitId, charge)) {
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

  private void release(Relayed relayed) {
    room.release(relayed.unitId, relayed.charge);
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

  /** Whether a command of that id was sent and has no reply. */
  boolean isSent(long id) {
    return sent.containsKey(id);
  }

  /** The owner's reply. One to a command that was given up is dropped, and its room is free. */
  void replied(long id, Response response) {
    Relayed relayed = sent.remove(id);
    if (relayed == null) {
      response.used().run();
      return;
    }
    release(relayed);
    if (relayed.settle()) {
      counts.replied(System.nanoTime() - relayed.arrivedNanos);
      relayed.answer(response);
    } else {
      response.used().run();
    }
    checkDrained();
  }

  /**
   * A connection is up.
   *
   * @param begun what the owner's {@link Frame.Welcome} says
   */
  void connected(long connection, long begun) {
    tickedNanos = System.nanoTime();
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
      tickedNanos = System.nanoTime();
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

  /** The owner's clock was heard. */
  void ticked(long nowNanos) {
    tickedNanos = nowNanos;
  }

  /** Whether commands can be sent now: there is a connection, and the owner lives. */
  boolean isUsable(long nowNanos) {
    return live != 0 && nowNanos - tickedNanos < settings.tickBound().toNanos();
  }

  /** Whether they could not for as long as a command waits for that. */
  boolean isLost(long nowNanos) {
    long grace =
        settings.connectWait().toNanos() + (live == 0 ? 0 : settings.tickBound().toNanos());
    return nowNanos - tickedNanos >= grace;
  }
}
