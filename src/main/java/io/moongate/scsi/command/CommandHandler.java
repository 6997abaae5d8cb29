package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.task.MediumOperation;
import java.util.concurrent.CompletionStage;

/**
 * How one command is executed. The CDB has been checked against the command's usage data before;
 * what is still wrong with it is thrown as a {@link io.moongate.scsi.sense.CheckCondition}.
 */
public sealed interface CommandHandler {

  /** Bytes of data-out that the CDB asks for; 0 when it will be refused. */
  default long dataOutLength(DeviceServer server, Cdb cdb) {
    return 0;
  }

  /** Answered at once, by every gateway, from what it knows itself. */
  non-sealed interface Immediate extends CommandHandler {
    Response answer(DeviceServer server, Command command);
  }

  /** Answered by every gateway from what it knows itself, as soon as that has been looked up. */
  non-sealed interface Query extends CommandHandler {
    CompletionStage<Response> answer(DeviceServer server, Command command);
  }

  /** Goes to the medium: executed by the owner of the unit only. */
  non-sealed interface Medium extends CommandHandler {
    /**
     * Whether it is a command that writes: refused at once while the unit is write protected,
     * whatever else is wrong with it. The owner looks again when its turn has come.
     */
    default boolean writes() {
      return false;
    }

    /** Checks the CDB, and says what is to be done when the command's turn has come. */
    MediumOperation prepare(DeviceServer server, Command command);
  }

  /**
   * Executed by the gateway where it arrived, whoever owns the unit, by commands of its own to this
   * unit and others.
   */
  non-sealed interface ThirdPartyCopy extends CommandHandler {
    /** Checks the CDB and the parameter list, and says what is to be done. */
    MediumOperation prepare(DeviceServer server, Command command);
  }

  /** Concerns the target and not one unit: the task router answers it. */
  non-sealed interface OfTarget extends CommandHandler {}
}
