package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/** The data-out buffer of a command against what its CDB asks for. */
final class DataOut {
  private DataOut() {}

  /**
   * The blocks that were sent: as many as the CDB asks for, or fewer when the initiator said that
   * it would send fewer. Refused when a part of a block was sent.
   *
   * @param wanted bytes that the CDB asks for
   */
  static ByteBuffer blocks(Command command, long wanted, int blockSize) {
    int sent = command.dataOut().remaining();
    if (sent < wanted && sent % blockSize != 0) {
      throw new CheckCondition(Sense.INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, wanted);
    }
    return command.dataOut().slice(command.dataOut().position(), (int) Math.min(sent, wanted));
  }

  /** The data of a command that can't be executed in part: exactly what the CDB asks for. */
  static ByteBuffer exactly(Command command, long wanted) {
    if (command.dataOut().remaining() != wanted) {
      throw new CheckCondition(Sense.INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, wanted);
    }
    return command.dataOut().slice();
  }

  /** {@code wanted} of a CDB that will be executed, and 0 of one that will be refused. */
  static long lengthUnlessRefused(LongSupplier wanted) {
    try {
      return wanted.getAsLong();
    } catch (CheckCondition refused) {
      return 0;
    }
  }
}
