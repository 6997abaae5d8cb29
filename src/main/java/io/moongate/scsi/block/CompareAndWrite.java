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
 * COMPARE AND WRITE (SBC-3 section 5.3). Atomic through every path: only the owner executes it, and
 * nothing that overlaps it runs meanwhile.
 */
public final class CompareAndWrite implements CommandHandler.Medium {
  private static final int FUA = 0x08;
  private static final int LENGTH_FIELD = 13;

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    // A block more than is wanted, so that an initiator which sends too much can be told so: with a
    // count of blocks that was cut to the field's 8 bits, the wrong ones would be compared.
    return DataOut.lengthUnlessRefused(
        () -> 2 * blocks(server, cdb).bytes() + server.geometry().blockSize());
  }

  private static LogicalBlocks blocks(DeviceServer server, Cdb cdb) {
    int count = cdb.u8(LENGTH_FIELD);
    LogicalBlocks blocks = LogicalBlocks.of(server, cdb.i64(2), count);
    if (count > server.settings().maxCompareAndWrite()) {
      throw new CheckCondition(Sense.invalidCdb(LENGTH_FIELD));
    }
    return blocks;
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks blocks = blocks(server, cdb);
    if (command.dataOut().remaining() > 2 * blocks.bytes()) {
      throw new CheckCondition(Sense.invalidCdb(LENGTH_FIELD), 2 * blocks.bytes());
    }
    ByteBuffer data = DataOut.exactly(command, 2 * blocks.bytes());
    return new Operation(blocks, data, cdb.has(1, FUA));
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer data;
    private final boolean stable;

    Operation(LogicalBlocks blocks, ByteBuffer data, boolean stable) {
      super(blocks.offset(), blocks.end(), true, data.remaining());
      this.blocks = blocks;
      this.data = data;
      this.stable = stable;
    }

    /** Once more, it might meet what itself has written. */
    @Override
    protected boolean repeatable() {
      return false;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      long wanted = 2 * blocks.bytes();
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.good(wanted));
      }
      int half = (int) blocks.bytes();
      ByteBuffer expected = data.slice(0, half);
      ByteBuffer replacement = data.slice(half, half);
      return execution
          .volume()
          .compareAndWrite(blocks.offset(), expected, replacement, stable)
          .thenApply(
              difference -> {
                if (difference >= 0) {
                  throw new CheckCondition(Sense.miscompare(difference), wanted);
                }
                return Response.good(wanted);
              });
    }
  }
}
