package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command that was handed to a {@link RelayClient}. It is WAITING until a connection takes it,
 * SENT from the moment at which its bytes may reach the owner, and ANSWERED once its reply was
 * called.
 */
final class Relayed {
  private static final Logger LOG = LoggerFactory.getLogger(Relayed.class);

  private enum State {
    WAITING,
    SENT,
    ANSWERED
  }

  final String unitId;
  final long epoch;
  final Command command;
  final long charge;
  final long arrivedNanos;
  private final Consumer<Response> reply;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  /** Both are set once, by the connection that sends it, before it is SENT. */
  private long id;

  private long connection;

  Relayed(
      String unitId,
      long epoch,
      Command command,
      long charge,
      long arrivedNanos,
      Consumer<Response> reply) {
    this.unitId = unitId;
    this.epoch = epoch;
    this.command = command;
    this.charge = charge;
    this.arrivedNanos = arrivedNanos;
    this.reply = reply;
  }

  boolean isWaiting() {
    return state.get() == State.WAITING;
  }

  boolean isAnswered() {
    return state.get() == State.ANSWERED;
  }

  /** Meaningful once it is SENT. */
  long id() {
    return id;
  }

  /** Meaningful once it is SENT. */
  long connection() {
    return connection;
  }

  /** False when somebody has answered it meanwhile: then it must not be sent. */
  boolean send(long newId, long onConnection) {
    id = newId;
    connection = onConnection;
    return state.compareAndSet(State.WAITING, State.SENT);
  }

  /** Claims the right to answer a command of which no byte has been sent. */
  boolean withdraw() {
    return state.compareAndSet(State.WAITING, State.ANSWERED);
  }

  /** Claims the right to answer a command that was sent. */
  boolean settle() {
    return state.compareAndSet(State.SENT, State.ANSWERED);
  }

  /** Calls the reply; to be done by whoever claimed the right to. */
  void answer(Response response) {
    try {
      reply.accept(response);
    } catch (Throwable e) {
      // Not the fault of the connection, or the sweep, that everybody shares.
      LOG.error("the receiver of a reply failed", e);
    }
  }
}
