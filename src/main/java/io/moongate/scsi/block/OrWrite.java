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

/**
 * ORWRITE (16) (SBC-3 section 5.11): what is on the medium, OR the data-out, and nothing between.
 */
public final class OrWrite implements CommandHandler.Medium {
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
    return new Operation(asked.cutTo(data.remaining()), data, cdb.has(1, FUA), asked.bytes());
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer data;
    private final boolean stable;
    private final long wanted;

    Operation(LogicalBlocks blocks, ByteBuffer data, boolean stable, long wanted) {
      super(blocks.offset(), blocks.end(), true, 2 * blocks.bytes());
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
      ByteBuffer merged = ByteBuffer.allocate((int) blocks.bytes());
      return execution
          .volume()
          .read(blocks.offset(), merged.duplicate())
          .thenCompose(
              read -> {
                for (int i = 0; i < merged.limit(); i++) {
                  merged.put(i, (byte) (merged.get(i) | data.get(i)));
                }
                return execution.volume().write(blocks.offset(), merged, stable);
              })
          .thenApply(written -> Response.good(wanted));
    }
  }
}
