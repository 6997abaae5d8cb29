package io.moongate.session;

import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TextRequest;
import org.apache.pekko.util.ByteString;

/**
 * What is kept of a PDU beyond the turn in which it came. A data segment is a slice of all that was
 * received with it: whoever keeps the slice keeps all of that, and nobody has counted it.
 */
final class Kept {
  private Kept() {}

  /** With a copy of its data. */
  static InitiatorPdu whole(InitiatorPdu pdu) {
    if (pdu.data().isEmpty()) {
      return pdu;
    }
    ByteString data = pdu.data().compact();
    if (pdu instanceof ScsiCommand command) {
      return with(command, data);
    } else if (pdu instanceof NopOut ping) {
      return new NopOut(
          ping.immediate(),
          ping.lun(),
          ping.initiatorTaskTag(),
          ping.targetTransferTag(),
          ping.cmdSn(),
          ping.expStatSn(),
          data);
    } else if (pdu instanceof TextRequest text) {
      return new TextRequest(
          text.immediate(),
          text.finalBit(),
          text.continued(),
          text.lun(),
          text.initiatorTaskTag(),
          text.targetTransferTag(),
          text.cmdSn(),
          text.expStatSn(),
          data);
    } else if (pdu instanceof DataOut out) {
      return whole(out);
    }
    return pdu;
  }

  /** With a copy of its data. */
  static DataOut whole(DataOut pdu) {
    return new DataOut(
        pdu.finalBit(),
        pdu.lun(),
        pdu.initiatorTaskTag(),
        pdu.targetTransferTag(),
        pdu.expStatSn(),
        pdu.dataSn(),
        pdu.bufferOffset(),
        pdu.data().compact());
  }

  /** Without its data. */
  static ScsiCommand withoutData(ScsiCommand command) {
    return command.data().isEmpty() ? command : with(command, ByteString.emptyByteString());
  }

  /** Without its data. */
  static LoginRequest withoutData(LoginRequest login) {
    return new LoginRequest(
        login.transit(),
        login.continued(),
        login.currentStage(),
        login.nextStage(),
        login.versionMax(),
        login.versionMin(),
        login.isid(),
        login.tsih(),
        login.initiatorTaskTag(),
        login.cid(),
        login.cmdSn(),
        login.expStatSn(),
        ByteString.emptyByteString());
  }

  private static ScsiCommand with(ScsiCommand command, ByteString data) {
    return new ScsiCommand(
        command.immediate(),
        command.finalBit(),
        command.read(),
        command.write(),
        command.attribute(),
        command.lun(),
        command.initiatorTaskTag(),
        command.expectedDataTransferLength(),
        command.cmdSn(),
        command.expStatSn(),
        command.cdb(),
        command.bidirectionalReadLength(),
        data);
  }
}
