package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.concurrent.CompletionStage;

/**
 * SYNCHRONIZE CACHE (10) and (16) (SBC-3 sections 5.26 and 5.27). Everything is flushed, whatever
 * the range. With IMMED too the status comes after the flush: a failure is told in it, and not
 * lost. SYNC_NV of former standards asks for less than that, and is accepted.
 */
public final class SynchronizeCache implements CommandHandler.Medium {

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    var unused = LogicalBlocks.addressed(server, new Cdb(command.cdb()));
    return new Operation();
  }

  /** Overlaps nothing: only what has been written before is concerned, not what is under way. */
  private static final class Operation extends MediumOperation {
    Operation() {
      super(0, 0, false, 0);
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return execution.volume().flush().thenApply(flushed -> Response.good(0));
    }
  }
}
