package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * WRITE AND VERIFY (10), (12) and (16) (SBC-3 sections 5.36 to 5.38): written to stable storage,
 * then read back, and with BYTCHK 01b compared.
 */
public final class WriteAndVerify implements CommandHandler.Medium {
  private static final int COMPARED = 1;

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
    int byteCheck = cdb.u8(1) >> 1 & 0x03;
    if (byteCheck > COMPARED) {
      throw new CheckCondition(Sense.invalidCdb(1, 2));
    }
    LogicalBlocks asked = LogicalBlocks.transfer(server, cdb);
    ByteBuffer data = DataOut.blocks(command, asked.bytes(), asked.blockSize());
    return new Operation(asked.cutTo(data.remaining()), data, byteCheck == COMPARED, asked.bytes());
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer data;
    private final boolean compared;
    private final long wanted;

    Operation(LogicalBlocks blocks, ByteBuffer data, boolean compared, long wanted) {
      super(blocks.offset(), blocks.end(), true, 2 * blocks.bytes());
      this.blocks = blocks;
      this.data = data;
      this.compared = compared;
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.good(wanted));
      }
      ByteBuffer expected = compared ? data.duplicate() : ByteBuffer.allocate(0);
      return execution
          .volume()
          .write(blocks.offset(), data, true)
          .thenCompose(written -> Verification.verify(execution, blocks, expected))
          .thenApply(equal -> Response.good(wanted));
    }
  }
}
