package io.moongate.scsi;

import io.moongate.volume.LentBuffer;
import java.nio.ByteBuffer;

/**
 * What a command ends with.
 *
 * @param status the SCSI status
 * @param sense sense data in the format the logical unit is set to; empty unless CHECK CONDITION
 * @param dataIn the data-in buffer, from position 0 to its limit: everything that the command
 *     transfers, already truncated to the CDB's allocation length, not to what the initiator
 *     expects
 * @param dataOutWanted bytes of data-out that the CDB asked for, from which the transport computes
 *     its residual; equal to what was sent in the usual case
 * @param used for whoever has made something else of the data-in, or has sent it, and knows that
 *     nobody has it any more: its memory is another's then. Need not be run
 */
public record Response(
    Status status, byte[] sense, ByteBuffer dataIn, long dataOutWanted, Runnable used) {
  private static final byte[] NO_SENSE = new byte[0];
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0).asReadOnlyBuffer();

  /** One whose data-in is nobody's to use again. */
  public Response(Status status, byte[] sense, ByteBuffer dataIn, long dataOutWanted) {
    this(status, sense, dataIn, dataOutWanted, Response::nothing);
  }

  private static void nothing() {}

  /** Success without data-in. */
  public static Response good(long dataOutWanted) {
    return new Response(Status.GOOD, NO_SENSE, NO_DATA, dataOutWanted);
  }

  /** Success with data-in. */
  public static Response data(ByteBuffer dataIn) {
    return new Response(Status.GOOD, NO_SENSE, dataIn, 0);
  }

  /** Success with data-in that is lent. */
  public static Response data(LentBuffer dataIn) {
    return new Response(Status.GOOD, NO_SENSE, dataIn.bytes(), 0, dataIn::giveBack);
  }

  /** A status that carries neither sense nor data. */
  public static Response status(Status status) {
    return new Response(status, NO_SENSE, NO_DATA, 0);
  }

  /** CHECK CONDITION with this sense data. */
  public static Response checkCondition(byte[] sense) {
    return checkCondition(sense, 0);
  }

  /** CHECK CONDITION of a command whose data-out is not what the CDB asked for. */
  public static Response checkCondition(byte[] sense, long dataOutWanted) {
    return new Response(Status.CHECK_CONDITION, sense, NO_DATA, dataOutWanted);
  }
}
