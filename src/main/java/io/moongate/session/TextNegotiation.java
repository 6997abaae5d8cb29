package io.moongate.session;

import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.LogicalTextDataSegment;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.TextResponse;
import io.moongate.wire.TextKeys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.util.ByteString;

/**
 * Text in full feature phase (RFC 7143 sections 11.10 and 11.11): SendTargets and
 * MaxRecvDataSegmentLength. One negotiation at a time; an answer that is longer than the
 * initiator's MaxRecvDataSegmentLength is asked for part by part, each soon after the one before:
 * what is not fetched is dropped, and its Target Transfer Tag forgotten.
 */
final class TextNegotiation {
  private final SessionState session;
  private final TargetDirectory directory;
  private final String initiatorName;
  private final Optional<TargetDevice> target;

  /** Keys in a negotiation, so that the answers to unknown ones stay short. */
  private static final int MAX_KEYS = 1000;

  private final Set<String> seen = new HashSet<>();
  private LogicalTextDataSegment text = new LogicalTextDataSegment();
  private long heardNanos;
  private final Deque<ByteString> answer = new ArrayDeque<>();
  private int transferTag = Pdu.RESERVED_TAG;
  private int taskTag = Pdu.RESERVED_TAG;

  /**
   * @param target what a normal session is logged in to; empty in a discovery session
   */
  TextNegotiation(
      SessionState session,
      TargetDirectory directory,
      Optional<TargetDevice> target,
      String initiatorName) {
    this.session = session;
    this.directory = directory;
    this.initiatorName = initiatorName;
    this.target = target;
  }

  /** Drops an answer that nobody fetches. */
  void tick() {
    boolean late = session.now - heardNanos >= session.settings.loginTimeout().toNanos();
    if (late && taskTag != Pdu.RESERVED_TAG) {
      reset();
    }
  }

  /**
   * Takes a request that is due.
   *
   * @throws ProtocolException when it breaks a rule; the negotiation is over then
   */
  void received(TextRequest request) {
    heardNanos = session.now;
    try {
      negotiate(request);
    } catch (ProtocolException e) {
      reset();
      throw e;
    }
  }

  private void negotiate(TextRequest request) {
    boolean follows = request.targetTransferTag() != Pdu.RESERVED_TAG;
    if (request.continued() && request.finalBit()) {
      throw violation("F and C bit together", request);
    }
    if (follows) {
      boolean known =
          request.targetTransferTag() == transferTag && request.initiatorTaskTag() == taskTag;
      if (!known) {
        session.reject(RejectReason.INVALID_PDU_FIELD, request);
        session.requestEnded(request.immediate());
        return;
      }
    } else {
      reset();
      taskTag = request.initiatorTaskTag();
    }
    if (!answer.isEmpty()) {
      if (request.continued() || !request.data().isEmpty()) {
        throw recoverable("text while an answer is in parts", request);
      }
      respond(request);
      return;
    }
    text.add(request.data());
    boolean fits =
        request.continued() ? session.ledger.holdText(text.length()) : prepareAnswer(request);
    if (!fits) {
      reset();
      session.reject(RejectReason.LONG_OPERATION_REJECT, request);
      session.requestEnded(request.immediate());
      return;
    }
    respond(request);
  }

  /** False when there is no room for an answer as long as it is; the request's is given back. */
  private boolean prepareAnswer(TextRequest request) {
    List<TextKeys.Pair> answers = new ArrayList<>();
    for (TextKeys.Pair pair : TextKeys.parse(text.take()).pairs()) {
      if (!seen.add(pair.key()) || seen.size() > MAX_KEYS) {
        throw recoverable("a key twice in a negotiation, or too many of them", request);
      }
      answer(pair.key(), pair.value(), answers);
    }
    int segment = session.parameters.initiatorMaxRecvDataSegmentLength();
    ByteString whole = new TextKeys(answers).format();
    if (!session.ledger.holdText(whole.size() > segment ? whole.size() : 0)) {
      return false;
    }
    answer.addAll(LogicalTextDataSegment.split(whole, segment));
    return true;
  }

  private void reset() {
    text = new LogicalTextDataSegment();
    seen.clear();
    answer.clear();
    session.ledger.releaseText();
    transferTag = Pdu.RESERVED_TAG;
    taskTag = Pdu.RESERVED_TAG;
  }

  private void answer(String key, String value, List<TextKeys.Pair> answers) {
    switch (key) {
      case "SendTargets" -> sendTargets(value, answers);
      case "MaxRecvDataSegmentLength" -> {
        int length = Negotiation.parse(value, 512, (1 << 24) - 1);
        if (length < 0) {
          answers.add(new TextKeys.Pair(key, Negotiation.REJECT));
        } else {
          session.parameters = session.parameters.withInitiatorMaxRecvDataSegmentLength(length);
        }
      }
      case "InitiatorAlias" -> {}
      default ->
          answers.add(
              new TextKeys.Pair(
                  key, ofLogin(key) ? Negotiation.REJECT : Negotiation.NOT_UNDERSTOOD));
    }
  }

  /** Keys that are known, but may not be negotiated any more. */
  private static boolean ofLogin(String key) {
    return switch (key) {
      case "AuthMethod",
          "SessionType",
          "TargetName",
          "InitiatorName",
          "TargetAlias",
          "TargetAddress",
          "TargetPortalGroupTag" ->
          true;
      default -> Negotiation.isOperational(key) || Chap.KEYS.contains(key);
    };
  }

  /**
   * Appendix C: All and any name in a discovery session; nothing, which means the session's own
   * target, and its name in a normal one. A normal session is not asked for other targets: it was
   * authenticated for one.
   */
  private void sendTargets(String value, List<TextKeys.Pair> answers) {
    boolean all = value.equals("All");
    boolean own =
        value.isEmpty() || target.filter(t -> t.name().equalsIgnoreCase(value)).isPresent();
    if (own == target.isEmpty()) {
      answers.add(new TextKeys.Pair("SendTargets", Negotiation.REJECT));
      return;
    }
    String wanted = target.map(TargetDevice::name).orElse(value);
    for (TargetDirectory.Entry entry : directory.entries(initiatorName)) {
      if (all || entry.targetName().equalsIgnoreCase(wanted)) {
        answers.add(new TextKeys.Pair("TargetName", entry.targetName()));
        for (TargetDirectory.Portal portal : entry.portals()) {
          answers.add(new TextKeys.Pair("TargetAddress", TargetAddress.listed(portal)));
        }
      }
    }
  }

  private void respond(TextRequest request) {
    ByteString part = answer.isEmpty() ? ByteString.emptyByteString() : answer.poll();
    boolean more = !answer.isEmpty();
    boolean last = !more && request.finalBit();
    if (last) {
      reset();
    } else {
      transferTag = session.newTransferTag();
    }
    int tag = transferTag;
    session.out.add(
        n -> {
          session.requestEnded(request.immediate());
          return new TextResponse(
              last,
              more,
              request.lun(),
              request.initiatorTaskTag(),
              tag,
              n.takeStatSn(),
              n.expCmdSn(),
              n.maxCmdSn(),
              part);
        });
  }

  private static ProtocolException recoverable(String what, Pdu pdu) {
    return ProtocolException.rejected(
        RejectReason.PROTOCOL_ERROR, what, true, PduEncoder.basicHeader(pdu));
  }

  private static ProtocolException violation(String what, Pdu pdu) {
    return ProtocolException.rejected(
        RejectReason.PROTOCOL_ERROR, what, false, PduEncoder.basicHeader(pdu));
  }
}
