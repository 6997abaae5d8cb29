package io.moongate.session;

import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.IscsiResponse;
import io.moongate.wire.Pdu;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LentDataIn;
import io.moongate.wire.TargetPdu.ScsiResponse;
import java.nio.ByteBuffer;
import org.apache.pekko.util.ByteString;

/**
 * What ends a SCSI command on the wire: Data-In PDUs of at most the initiator's
 * MaxRecvDataSegmentLength in sequences of at most MaxBurstLength, the last with the status when it
 * is GOOD (RFC 7143 section 11.7.3); otherwise a SCSI Response (section 11.4). PDUs are cut when
 * they are sent.
 */
final class CommandResponse implements SendQueue.Item {
  private final ScsiCommand command;
  private final Response response;
  private final ByteBuffer data;
  private final int maxDataSegment;
  private final int maxBurst;
  private final int r2ts;
  private final long residual;
  private final Runnable beforeStatus;

  private int sent;
  private int burst;
  private int dataSn;
  private boolean finished;

  /**
   * @param r2ts R2Ts that the task needed
   * @param beforeStatus run when the status is about to be numbered: the task has ended
   */
  CommandResponse(
      ScsiCommand command,
      Response response,
      OperationalParameters parameters,
      int r2ts,
      Runnable beforeStatus) {
    this.command = command;
    this.response = response;
    this.maxDataSegment = parameters.initiatorMaxRecvDataSegmentLength();
    this.maxBurst = parameters.maxBurstLength();
    this.r2ts = r2ts;
    this.beforeStatus = beforeStatus;
    ByteBuffer dataIn = response.dataIn();
    long expected = command.expectedDataTransferLength();
    int transferred = (int) (command.read() ? Math.min(dataIn.remaining(), expected) : 0);
    this.data = dataIn.slice(dataIn.position(), transferred);
    if (transferred == 0) {
      response.used().run();
    }
    boolean write = command.write() && !command.read();
    long actual = write ? response.dataOutWanted() : dataIn.remaining();
    this.residual = actual - (command.read() || write ? expected : 0);
  }

  @Override
  public TargetPdu next(SendQueue.Numbers numbers) {
    if (sent < data.limit()) {
      return dataIn(numbers);
    }
    finished = true;
    beforeStatus.run();
    return new ScsiResponse(
        false,
        false,
        residual > 0,
        residual < 0,
        IscsiResponse.COMMAND_COMPLETED_AT_TARGET.code(),
        response.status().code(),
        command.initiatorTaskTag(),
        0,
        numbers.takeStatSn(),
        numbers.expCmdSn(),
        numbers.maxCmdSn(),
        r2ts + dataSn,
        0,
        residualCount(),
        sense());
  }

  @Override
  public boolean finished() {
    return finished;
  }

  private TargetPdu dataIn(SendQueue.Numbers numbers) {
    int length = Math.min(Math.min(maxDataSegment, maxBurst - burst), data.limit() - sent);
    int offset = sent;
    sent += length;
    burst += length;
    boolean last = sent == data.limit();
    boolean endOfSequence = last || burst == maxBurst;
    boolean withStatus = last && response.status() == Status.GOOD;
    if (endOfSequence) {
      burst = 0;
    }
    if (withStatus) {
      finished = true;
      beforeStatus.run();
    }
    DataIn pdu =
        new DataIn(
            endOfSequence,
            false,
            withStatus && residual > 0,
            withStatus && residual < 0,
            withStatus,
            withStatus ? response.status().code() : 0,
            0,
            command.initiatorTaskTag(),
            Pdu.RESERVED_TAG,
            withStatus ? numbers.takeStatSn() : 0,
            numbers.expCmdSn(),
            numbers.maxCmdSn(),
            dataSn++,
            offset,
            withStatus ? residualCount() : 0,
            data.isDirect() ? ByteString.emptyByteString() : bytes(offset, length));
    return data.isDirect()
        ? new LentDataIn(pdu, data.slice(offset, length), last ? response.used() : () -> {})
        : pdu;
  }

  private int residualCount() {
    return (int) Math.abs(residual);
  }

  /** SenseLength and sense data (section 11.4.7.2). */
  private ByteString sense() {
    byte[] sense = response.sense();
    if (sense.length == 0) {
      return ByteString.emptyByteString();
    }
    byte[] segment = new byte[2 + sense.length];
    segment[0] = (byte) (sense.length >> 8);
    segment[1] = (byte) sense.length;
    System.arraycopy(sense, 0, segment, 2, sense.length);
    return ByteString.fromArrayUnsafe(segment);
  }

  /** Of a buffer of the heap; not copied unless it must not be written to. */
  private ByteString bytes(int offset, int length) {
    return data.hasArray()
        ? ByteString.fromArrayUnsafe(data.array(), data.arrayOffset() + offset, length)
        : ByteString.fromByteBuffer(data.slice(offset, length));
  }
}
