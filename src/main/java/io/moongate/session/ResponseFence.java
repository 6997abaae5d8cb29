package io.moongate.session;

import io.moongate.scsi.Response;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.SenseKey;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.Pdu;
import io.moongate.wire.SerialNumber;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.NopIn;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.pekko.util.ByteString;

/**
 * Keeps responses in order where a session has several connections and their order matters (RFC
 * 7143 section 4.2.2.3, Response Fence): the response to a task management function that covers
 * several tasks, a unit attention, the response to PREEMPT AND ABORT. What was answered before on
 * the other connections is acknowledged before such a response is sent; whatever comes after it is
 * sent when it was acknowledged itself.
 *
 * <pre>
 *  DOWN ──a fenced response──▶ BEFORE ──others acknowledged──▶ ITSELF ──acknowledged──▶ DOWN
 * </pre>
 *
 * Acknowledgements are asked for by NOP-In. The fence is the session's, not a unit's, which holds
 * back more than it must, for one round trip. In a session of one connection it is never up.
 */
final class ResponseFence {
  private static final int PERSISTENT_RESERVE_OUT = 0x5F;
  private static final int PREEMPT_AND_ABORT = 0x05;

  private final SessionConnections connections;
  private final long timeoutNanos;
  private final Deque<Fenced> held = new ArrayDeque<>();
  private final List<Mark> awaited = new ArrayList<>();
  private Fenced current;
  private boolean itself;
  private long deadlineNanos;

  private record Fenced(SessionState from, SendQueue.Item response, boolean fenced) {}

  /** A question on one connection, sent after all that is to be acknowledged. */
  private static final class Mark implements SendQueue.Item {
    private final SessionState on;
    private final int targetTransferTag;
    private boolean sent;
    private int statSn;

    Mark(SessionState on) {
      this.on = on;
      this.targetTransferTag = on.newTransferTag();
    }

    @Override
    public TargetPdu next(SendQueue.Numbers n) {
      sent = true;
      statSn = n.statSn();
      return new NopIn(
          0,
          Pdu.RESERVED_TAG,
          targetTransferTag,
          statSn,
          n.expCmdSn(),
          n.maxCmdSn(),
          ByteString.emptyByteString());
    }

    boolean answeredBy(int expStatSn) {
      return sent && SerialNumber.lessOrEqual(statSn, expStatSn);
    }
  }

  /**
   * @param timeout for an acknowledgement
   */
  ResponseFence(SessionConnections connections, Duration timeout) {
    this.connections = connections;
    this.timeoutNanos = timeout.toNanos();
  }

  /** Whether the place of a response among those of all connections matters. */
  static boolean concerns(ScsiCommand command, Response response) {
    boolean attention =
        Sense.decode(response.sense())
            .filter(sense -> sense.key() == SenseKey.UNIT_ATTENTION.code())
            .isPresent();
    return attention
        || (command.cdb().apply(0) & 0xFF) == PERSISTENT_RESERVE_OUT
            && (command.cdb().apply(1) & 0x1F) == PREEMPT_AND_ABORT;
  }

  /** Whether responses are held back. */
  boolean isUp() {
    return current != null;
  }

  /** Queues a response on its connection, now or in its turn. */
  void respond(SessionState from, SendQueue.Item response, boolean fenced) {
    if (current != null) {
      held.add(new Fenced(from, response, fenced));
    } else if (!fenced || connections.alone()) {
      from.out.add(response);
    } else {
      raise(new Fenced(from, response, true));
    }
  }

  /** A connection tells what it has received; to be called while the fence is up. */
  void acknowledged(SessionState on, int expStatSn) {
    awaited.removeIf(mark -> mark.on == on && mark.answeredBy(expStatSn));
    advance();
  }

  /** Whether a connection owes an acknowledgement for too long. */
  boolean isOverdue(SessionState on) {
    return current != null
        && on.now - deadlineNanos >= 0
        && awaited.stream().anyMatch(mark -> mark.on == on);
  }

  /** A connection has left the session. */
  void left(SessionState gone) {
    held.removeIf(waits -> waits.from() == gone);
    if (current == null) {
      return;
    }
    awaited.removeIf(mark -> mark.on == gone);
    if (current.from() == gone) {
      awaited.clear();
      itself = true;
    }
    advance();
  }

  /** The session ends: nothing more is answered. */
  void clear() {
    held.clear();
    awaited.clear();
    current = null;
  }

  private void raise(Fenced response) {
    current = response;
    itself = false;
    deadlineNanos = response.from().now + timeoutNanos;
    for (FullFeaturePhase phase : connections.phases()) {
      if (phase.session() != response.from()) {
        ask(phase.session());
      }
    }
    advance();
  }

  private void ask(SessionState on) {
    Mark mark = new Mark(on);
    awaited.add(mark);
    on.out.add(mark);
    on.reentry.wake();
  }

  private void advance() {
    while (current != null && awaited.isEmpty()) {
      SessionState from = current.from();
      if (!itself) {
        itself = true;
        deadlineNanos = from.now + timeoutNanos;
        from.out.add(current.response());
        ask(from);
        return;
      }
      current = null;
      while (current == null && !held.isEmpty()) {
        Fenced next = held.poll();
        respond(next.from(), next.response(), next.fenced());
        next.from().reentry.wake();
      }
    }
  }
}
