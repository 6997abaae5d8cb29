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
 * VERIFY (10), (12) and (16) (SBC-3 sections 5.27 to 5.29). BYTCHK 00b: the blocks can be read;
 * 01b: they equal the data-out buffer; 11b: each of them equals the one block in it.
 */
public final class Verify implements CommandHandler.Medium {
  private static final int READABLE = 0;
  private static final int EQUAL = 1;
  private static final int EQUAL_TO_ONE = 3;

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return DataOut.lengthUnlessRefused(() -> wanted(LogicalBlocks.transfer(server, cdb), cdb));
  }

  private static long wanted(LogicalBlocks blocks, Cdb cdb) {
    return switch (cdb.u8(1) >> 1 & 0x03) {
      case READABLE -> 0;
      case EQUAL -> blocks.bytes();
      case EQUAL_TO_ONE -> blocks.count() == 0 ? 0 : blocks.blockSize();
      default -> throw new CheckCondition(Sense.invalidCdb(1, 2));
    };
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks asked = LogicalBlocks.transfer(server, cdb);
    long wanted = wanted(asked, cdb);
    ByteBuffer data = DataOut.blocks(command, wanted, asked.blockSize());
    boolean cut = data.remaining() < wanted;
    return new Operation(cut ? asked.cutTo(data.remaining()) : asked, data, wanted);
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer expected;
    private final long wanted;

    Operation(LogicalBlocks blocks, ByteBuffer expected, long wanted) {
      super(blocks.offset(), blocks.end(), false, blocks.bytes() + expected.remaining());
      this.blocks = blocks;
      this.expected = expected;
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.good(wanted));
      }
      return Verification.verify(execution, blocks, expected)
          .thenApply(equal -> Response.good(wanted));
    }
  }
}
