package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.volume.LentBuffer;
import io.moongate.volume.Volume;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** READ (6), (10), (12) and (16) (SBC-3 sections 5.16 to 5.19). */
public final class Read implements CommandHandler.Medium {
  private static final int FUA = 0x08;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks blocks = LogicalBlocks.transfer(server, cdb);
    boolean flush = cdb.length() > 6 && cdb.has(1, FUA) && server.geometry().volatileCache();
    return new Operation(blocks, flush);
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final boolean flush;

    Operation(LogicalBlocks blocks, boolean flush) {
      super(blocks.offset(), blocks.end(), false, blocks.bytes());
      this.blocks = blocks;
      this.flush = flush;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.data(ByteBuffer.allocate(0)));
      }
      if (flush) {
        // FUA: what is read must be on the medium, and not only in a cache before it.
        return execution.volume().flush().thenCompose(flushed -> read(execution));
      }
      return read(execution);
    }

    private CompletionStage<Response> read(Execution execution) {
      Volume volume = execution.volume();
      LentBuffer data = LentBuffer.of((int) blocks.bytes());
      return volume
          .read(blocks.offset(), data.bytes().duplicate())
          .thenApply(read -> Response.data(data));
    }
  }
}
