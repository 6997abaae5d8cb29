package io.moongate.scsi;

import java.nio.ByteBuffer;

/**
 * A SCSI command as it reaches a logical unit, with all of its data-out buffer.
 *
 * <p>The epoch under which a command may execute is not here: {@link LogicalUnit} stamps it from
 * the path state at the moment of arrival and never executes it under another.
 *
 * @param nexus where it came from
 * @param tag identifies the task within the nexus
 * @param attribute how it is ordered
 * @param cdb 6 to 260 bytes
 * @param dataOut what the initiator sent, from position 0 to its limit; may be shorter than the CDB
 *     asks for when the initiator expected to transfer less
 * @param expectedDataIn bytes that the initiator is ready to receive
 * @param deadlineNanos {@link System#nanoTime} after which the command must not be executed
 */
public record Command(
    Nexus nexus,
    int tag,
    TaskAttribute attribute,
    byte[] cdb,
    ByteBuffer dataOut,
    long expectedDataIn,
    long deadlineNanos) {

  /** The operation code: byte 0 of the CDB. */
  public int operationCode() {
    return cdb[0] & 0xFF;
  }
}
