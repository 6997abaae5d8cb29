package io.moongate.scsi.copy;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.UnitIdentity;
import io.moongate.volume.VolumeGeometry;
import java.util.function.Consumer;

/** A copy source or copy destination (CSCD): a logical unit as a copy manager reaches it. */
public interface CopyParty {

  /** Who it is. */
  UnitIdentity identity();

  /** Its size and block size, as hosts are told. */
  VolumeGeometry geometry();

  /**
   * Executes a command of a copy manager to the medium, on behalf of the command's nexus, as if
   * that nexus had sent it: under the rules of ownership and of reservations. But its unit
   * attentions are neither reported nor cleared, and {@code reply} is called in any case, with TASK
   * ABORTED when task management of the unit has ended it.
   */
  void execute(Command command, Consumer<Response> reply);
}
