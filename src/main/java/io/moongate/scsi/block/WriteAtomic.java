package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * WRITE ATOMIC (16) (SBC-4 sections 4.29 and 5): all of it or none, whatever happens meanwhile.
 * Other commands are kept off its range as for every write; the rest is the store's promise ({@link
 * io.moongate.volume.Volume#writeAtomic}). It is always on stable storage when it is answered, so
 * FUA asks for nothing more.
 */
public final class WriteAtomic implements CommandHandler.Medium {
  private static final int LBA_FIELD = 2;
  private static final int LENGTH_FIELD = 12;

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return DataOut.lengthUnlessRefused(() -> blocks(server, cdb).bytes());
  }

  /** Bytes that one may write: what the store promises, within what a command may transfer. */
  public static int longest(ScsiSettings settings, VolumeGeometry geometry) {
    return Math.min(geometry.atomicWrite(), settings.maxTransfer());
  }

  private static LogicalBlocks blocks(DeviceServer server, Cdb cdb) {
    LogicalBlocks blocks = LogicalBlocks.of(server, cdb.i64(LBA_FIELD), cdb.u16(LENGTH_FIELD));
    if (blocks.bytes() > longest(server.settings(), server.geometry())) {
      throw new CheckCondition(Sense.invalidCdb(LENGTH_FIELD));
    }
    int physical = server.geometry().blocksPerPhysical();
    if (blocks.first() % physical != 0) {
      throw new CheckCondition(Sense.invalidCdb(LBA_FIELD));
    }
    if (blocks.count() % physical != 0) {
      throw new CheckCondition(Sense.invalidCdb(LENGTH_FIELD));
    }
    return blocks;
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    LogicalBlocks blocks = blocks(server, new Cdb(command.cdb()));
    return new Operation(blocks, DataOut.exactly(command, blocks.bytes()));
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final ByteBuffer data;

    Operation(LogicalBlocks blocks, ByteBuffer data) {
      super(blocks.offset(), blocks.end(), true, blocks.bytes());
      this.blocks = blocks;
      this.data = data;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (blocks.count() == 0) {
        return CompletableFuture.completedFuture(Response.good(0));
      }
      return execution
          .volume()
          .writeAtomic(blocks.offset(), data)
          .thenApply(written -> Response.good(blocks.bytes()));
    }
  }
}
