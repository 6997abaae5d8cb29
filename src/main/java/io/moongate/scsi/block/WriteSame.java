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
 * WRITE SAME (10) and (16) (SBC-3 sections 5.43 and 5.44). With UNMAP, blocks are deallocated when
 * what is to be read back is zeros (LBPRZ), and written otherwise. A length of 0 means all blocks
 * to the end, if they are not more than one command may write.
 */
public final class WriteSame implements CommandHandler.Medium {
  private static final int ANCHOR = 0x10;
  private static final int UNMAP = 0x08;
  private static final int NDOB = 0x01;

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    // A block more than is wanted, so that an initiator which sends too much can be told so.
    return DataOut.lengthUnlessRefused(
        () -> hasData(cdb) ? 2L * blocks(server, cdb).blockSize() : 0);
  }

  private static boolean hasData(Cdb cdb) {
    return cdb.length() == 10 || !cdb.has(1, NDOB);
  }

  private static LogicalBlocks blocks(DeviceServer server, Cdb cdb) {
    if (cdb.has(1, ANCHOR)) {
      throw new CheckCondition(Sense.invalidCdb(1, 4));
    }
    if (cdb.has(1, UNMAP) && !server.geometry().unmap()) {
      throw new CheckCondition(Sense.invalidCdb(1, 3));
    }
    LogicalBlocks blocks = LogicalBlocks.addressed(server, cdb).orToTheEnd(server);
    if (blocks.bytes() > server.settings().maxWriteSame()) {
      throw new CheckCondition(Sense.invalidCdb(LogicalBlocks.lengthField(cdb)));
    }
    return blocks;
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks blocks = blocks(server, cdb);
    long wanted = hasData(cdb) ? blocks.blockSize() : 0;
    ByteBuffer zeros = ByteBuffer.allocate(blocks.blockSize());
    ByteBuffer block = hasData(cdb) ? DataOut.exactly(command, wanted) : zeros;
    boolean deallocate = cdb.has(1, UNMAP) && block.equals(zeros);
    return new Operation(blocks, block, deallocate, server.settings().maxTransfer(), wanted);
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer block;
    private final boolean deallocate;
    private final int step;
    private final long wanted;

    Operation(
        LogicalBlocks blocks, ByteBuffer block, boolean deallocate, int maxTransfer, long wanted) {
      super(blocks.offset(), blocks.end(), true, blocks.blockSize());
      this.blocks = blocks;
      this.block = block;
      this.deallocate = deallocate;
      this.step = maxTransfer / blocks.blockSize() * blocks.blockSize();
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      CompletionStage<Void> done =
          deallocate
              ? execution.volume().unmap(blocks.offset(), blocks.bytes())
              : write(execution, blocks.offset());
      return done.thenApply(all -> Response.good(wanted));
    }

    /** In steps no longer than a transfer, so that the right to go on is checked as often. */
    private CompletionStage<Void> write(Execution execution, long from) {
      CompletionStage<Void> done = CompletableFuture.completedFuture(null);
      for (long at = from; at < blocks.end(); at += step) {
        long offset = at;
        long length = Math.min(step, blocks.end() - at);
        done =
            done.thenCompose(
                before -> execution.volume().writeSame(offset, length, block.duplicate(), false));
      }
      return done;
    }
  }
}
