package io.moongate.session;

import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.Reject;
import org.apache.pekko.util.ByteString;

/**
 * What the parts of a session in full feature phase share: what was agreed, the command window, the
 * send queue, memory, and the time of this turn. Confined to the connection.
 */
final class SessionState {
  final SessionSettings settings;
  final CommandWindow<Sequenced> window;
  final SendQueue out;
  final Ledger ledger;
  final Reentry reentry;
  OperationalParameters parameters;

  /** The time of this turn, {@link System#nanoTime}. */
  long now;

  private int immediates;
  private int lastTransferTag;

  SessionState(
      SessionSettings settings,
      LoginPhase.Granted login,
      SendQueue out,
      Ledger ledger,
      Reentry reentry,
      long now) {
    this.settings = settings;
    this.window = login.window();
    this.parameters = login.parameters();
    this.out = out;
    this.ledger = ledger;
    this.reentry = reentry;
    this.now = now;
  }

  /** Counts an immediate request; false when too many are under way (section 11.17.1). */
  boolean beginImmediate() {
    if (immediates >= settings.maxImmediateCommands()) {
      return false;
    }
    immediates++;
    return true;
  }

  /** A request has ended, answered or not: another may come in its place. */
  void requestEnded(boolean immediate) {
    if (immediate) {
      immediates--;
    } else {
      window.ended();
    }
    openWindow();
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
