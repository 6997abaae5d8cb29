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
import java.util.List;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/**
 * Text in full feature phase (RFC 7143 sections 11.10 and 11.11): SendTargets and
 * MaxRecvDataSegmentLength. One negotiation at a time; an answer that is longer than the
 * initiator's MaxRecvDataSegmentLength is asked for part by part.
 */
final class TextNegotiation {
  private final SessionState session;
  private final TargetDirectory directory;
  private final String initiatorName;
  private final Optional<TargetDevice> target;

  private LogicalTextDataSegment text = new LogicalTextDataSegment();
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

  /** Takes a request that is due. */
  void received(TextRequest request) {
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
      respond(request);
      return;
    }
    text.add(request.data());
    if (!request.continued()) {
      List<TextKeys.Pair> answers = new ArrayList<>();
      for (TextKeys.Pair pair : TextKeys.parse(text.take()).pairs()) {
        answer(pair.key(), pair.value(), answers);
      }
      answer.addAll(
          LogicalTextDataSegment.split(
              new TextKeys(answers).format(),
              session.parameters.initiatorMaxRecvDataSegmentLength()));
    }
    respond(request);
  }

  private void reset() {
    text = new LogicalTextDataSegment();
    answer.clear();
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
          "HeaderDigest",
          "DataDigest",
          "MaxConnections",
          "TargetName",
          "InitiatorName",
          "TargetAlias",
          "TargetAddress",
          "TargetPortalGroupTag",
          "InitialR2T",
          "ImmediateData",
          "MaxBurstLength",
          "FirstBurstLength",
          "DefaultTime2Wait",
          "DefaultTime2Retain",
          "MaxOutstandingR2T",
          "DataPDUInOrder",
          "DataSequenceInOrder",
          "ErrorRecoveryLevel",
          "SessionType",
          "iSCSIProtocolLevel",
          "TaskReporting",
          "IFMarker",
          "OFMarker",
          "IFMarkInt",
          "OFMarkInt" ->
          true;
      default -> false;
    };
  }

  /** Appendix C: All only in a discovery session; nothing means the session's own target. */
  private void sendTargets(String value, List<TextKeys.Pair> answers) {
    boolean all = value.equals("All");
    if ((all && target.isPresent()) || (value.isEmpty() && target.isEmpty())) {
      answers.add(new TextKeys.Pair("SendTargets", Negotiation.REJECT));
      return;
    }
    String wanted = value.isEmpty() ? target.orElseThrow().name() : value;
    for (TargetDirectory.Entry entry : directory.entries(initiatorName)) {
      if (all || entry.targetName().equalsIgnoreCase(wanted)) {
        answers.add(new TextKeys.Pair("TargetName", entry.targetName()));
        for (TargetDirectory.Portal portal : entry.portals()) {
          answers.add(new TextKeys.Pair("TargetAddress", address(portal)));
        }
      }
    }
  }

  /** An IPv6 address stands in brackets (section 13.8). */
  private static String address(TargetDirectory.Portal portal) {
    boolean bare = portal.address().indexOf(':') >= 0 && !portal.address().startsWith("[");
    String host = bare ? "[" + portal.address() + "]" : portal.address();
    return host + ":" + portal.port() + "," + portal.portalGroupTag();
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

  private static ProtocolException violation(String what, Pdu pdu) {
    return ProtocolException.rejected(
        RejectReason.PROTOCOL_ERROR, what, false, PduEncoder.basicHeader(pdu));
  }
}
