package io.moongate.scsi.block;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.volume.Volume;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * GET LBA STATUS (SBC-3 section 5.4): which blocks from the given one on are mapped. A bounded part
 * of the medium is looked at; the host asks again from where it ends.
 */
public final class GetLbaStatus implements CommandHandler.Medium {
  private static final long WINDOW = 256L << 20;
  private static final int MOST_DESCRIPTORS = 1024;
  private static final int MAPPED = 0;
  private static final int DEALLOCATED = 1;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    long first = cdb.i64(2);
    LogicalBlocks one = LogicalBlocks.of(server, first, 1);
    long rest = Math.max(server.geometry().size() - one.offset(), one.bytes());
    LogicalBlocks blocks =
        new LogicalBlocks(first, Math.min(WINDOW, rest) / one.blockSize(), one.blockSize());
    return new Operation(blocks, cdb.u32(10));
  }

  private static final class Operation extends MediumOperation {
    private final LogicalBlocks blocks;
    private final long allocationLength;

    Operation(LogicalBlocks blocks, long allocationLength) {
      super(blocks.offset(), blocks.end(), false, 16L * MOST_DESCRIPTORS);
      this.blocks = blocks;
      this.allocationLength = allocationLength;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return execution
          .volume()
          .status(blocks.offset(), blocks.bytes())
          .thenApply(extents -> DataIn.of(encode(joined(extents)), allocationLength));
    }

    /** Extents of like kind that adjoin are one. */
    private static List<Volume.Extent> joined(List<Volume.Extent> extents) {
      List<Volume.Extent> out = new ArrayList<>();
      for (Volume.Extent next : extents) {
        int end = out.size() - 1;
        if (end >= 0 && out.get(end).mapped() == next.mapped()) {
          Volume.Extent last = out.get(end);
          out.set(
              end, new Volume.Extent(last.offset(), last.length() + next.length(), last.mapped()));
        } else {
          out.add(next);
        }
      }
      return out;
    }

    private byte[] encode(List<Volume.Extent> extents) {
      if (extents.isEmpty()) {
        throw new CheckCondition(Sense.INTERNAL_TARGET_FAILURE);
      }
      int count = Math.min(extents.size(), MOST_DESCRIPTORS);
      ByteBuffer out = ByteBuffer.allocate(8 + 16 * count).putInt(4 + 16 * count).putInt(0);
      for (Volume.Extent extent : extents.subList(0, count)) {
        out.putLong(extent.offset() / blocks.blockSize());
        out.putInt((int) (extent.length() / blocks.blockSize()));
        out.put((byte) (extent.mapped() ? MAPPED : DEALLOCATED)).put(new byte[3]);
      }
      return out.array();
    }
  }
}
