package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** WRITE (6), (10), (12) and (16) (SBC-3 sections 5.32 to 5.35). */
public final class Write implements CommandHandler.Medium {
  private static final int FUA = 0x08;

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return DataOut.lengthUnlessRefused(() -> LogicalBlocks.transfer(server, cdb).bytes());
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks asked = LogicalBlocks.transfer(server, cdb);
    ByteBuffer data = DataOut.blocks(command, asked.bytes(), asked.blockSize());
    boolean stable = cdb.length() > 6 && cdb.has(1, FUA);
    return new Operation(asked.cutTo(data.remaining()), data, stable, asked.bytes());
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer data;
    private final boolean stable;
    private final long wanted;

    Operation(LogicalBlocks blocks, ByteBuffer data, boolean stable, long wanted) {
      super(blocks.offset(), blocks.end(), true, blocks.bytes());
      this.blocks = blocks;
      this.data = data;
      this.stable = stable;
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.good(wanted));
      }
      return execution
          .volume()
          .write(blocks.offset(), data, stable)
          .thenApply(written -> Response.good(wanted));
    }
  }
}
