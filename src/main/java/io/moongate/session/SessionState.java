package io.moongate.session;

import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.Reject;
import org.apache.pekko.util.ByteString;

/**
 * What the parts of a connection in full feature phase share: its session, what was agreed, the
 * send queue, memory, and the time of this turn. Touched only in the session's turn.
 */
final class SessionState {
  final SessionSettings settings;
  final SessionConnections connections;
  final CommandWindow<Sequenced> window;
  final SendQueue out;
  final Ledger ledger;
  final Reentry reentry;
  OperationalParameters parameters;

  /** The time of this turn, {@link System#nanoTime}. */
  long now;

  /** Requests under way, by how they are numbered. */
  private int ordered;

  private int immediates;

  private boolean left;
  private int lastTransferTag;

  SessionState(
      SessionSettings settings,
      SessionConnections connections,
      OperationalParameters parameters,
      SendQueue out,
      Ledger ledger,
      Reentry reentry,
      long now) {
    this.settings = settings;
    this.connections = connections;
    this.window = connections.window();
    this.parameters = parameters;
    this.out = out;
    this.ledger = ledger;
    this.reentry = reentry;
    this.now = now;
  }

  /** Counts an immediate request; false when too many are under way (section 11.17.1). */
  boolean beginImmediate() {
    if (!connections.beginImmediate()) {
      return false;
    }
    immediates++;
    return true;
  }

  /** Counts a request that the command window has handed out. */
  void beginOrdered() {
    ordered++;
  }

  /** A request has ended, answered or not: another may come in its place. */
  void requestEnded(boolean immediate) {
    if (left) {
      return;
    }
    if (immediate) {
      immediates--;
      connections.immediatesEnded(1);
    } else {
      ordered--;
      window.ended();
    }
    openWindow();
  }

  /** The connection leaves a session that goes on: its requests give their places back. */
  void leave() {
    left = true;
    connections.immediatesEnded(immediates);
    for (int i = 0; i < ordered; i++) {
      window.ended();
    }
    connections.fence().left(this);
  }

  /**
   * Queues a response to a SCSI command or a task management function.
   *
   * @param fenced whether its place among the responses of all connections matters
   */
  void respond(SendQueue.Item response, boolean fenced) {
    connections.fence().respond(this, response, fenced);
  }

  /** Lets the initiator send as many requests as have ended, unless it holds too many bytes. */
  void openWindow() {
    if (ledger.roomy()) {
      window.open();
    }
  }

  /** A new Target Transfer Tag. */
  int newTransferTag() {
    lastTransferTag++;
    if (lastTransferTag == Pdu.RESERVED_TAG) {
      lastTransferTag = 1;
    }
    return lastTransferTag;
  }

  /** Whether a Target Transfer Tag was ever given out, as far back as half of all tags. */
  boolean knownTransferTag(int tag) {
    return lastTransferTag - tag >= 0;
  }

  void reject(RejectReason reason, Pdu pdu) {
    reject(reason, PduEncoder.basicHeader(pdu));
  }

  /** Queues a Reject (section 11.17). */
  void reject(RejectReason reason, ByteString header) {
    out.add(n -> new Reject(reason.code(), n.takeStatSn(), n.expCmdSn(), n.maxCmdSn(), 0, header));
  }
}
