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
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * GET LBA STATUS (SBC-3 section 5.4): which blocks from the given one on are mapped. The medium is
 * looked at in windows that grow, until there is what the allocation length holds, or a bounded
 * number of descriptors; the host asks again from where it ends.
 */
public final class GetLbaStatus implements CommandHandler.Medium {
  /** Bytes of the first window; each one doubles them. */
  private static final long WINDOW = 256L << 20;

  private static final int MOST_DESCRIPTORS = 1024;
  private static final int HEADER = 8;
  private static final int DESCRIPTOR = 16;
  private static final long MOST_BLOCKS = 0xFFFF_FFFFL;
  private static final int MAPPED = 0;
  private static final int DEALLOCATED = 1;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    LogicalBlocks first = LogicalBlocks.of(server, cdb.i64(2), 1);
    long end = Math.max(server.geometry().size(), first.end());
    return new Operation(first, end, cdb.u32(10));
  }

  /** What lies behind the first window is looked at as it is: it is not kept still. */
  private static final class Operation extends MediumOperation {
    private final LogicalBlocks first;
    private final long end;
    private final long allocationLength;
    private final long wanted;
    private final List<Volume.Extent> found = new ArrayList<>();

    Operation(LogicalBlocks first, long end, long allocationLength) {
      super(
          first.offset(),
          first.offset() + Math.min(WINDOW, end - first.offset()),
          false,
          (long) DESCRIPTOR * MOST_DESCRIPTORS);
      this.first = first;
      this.end = end;
      this.allocationLength = allocationLength;
      long room = (allocationLength - HEADER) / DESCRIPTOR;
      this.wanted = Math.max(1, Math.min(room, MOST_DESCRIPTORS));
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return look(execution, first.offset(), WINDOW);
    }

    private CompletionStage<Response> look(Execution execution, long from, long window) {
      long length = Math.min(window, end - from);
      return execution
          .volume()
          .status(from, length)
          .thenCompose(
              extents -> {
                extents.forEach(this::join);
                // The last one may go on: it is whole when another one has begun behind it.
                if (from + length >= end || found.size() > wanted) {
                  return CompletableFuture.completedFuture(DataIn.of(encode(), allocationLength));
                }
                return look(execution, from + length, Math.min(2 * window, Long.MAX_VALUE / 4));
              });
    }

    /** Extents of like kind that adjoin are one. */
    private void join(Volume.Extent next) {
      int last = found.size() - 1;
      if (last >= 0 && found.get(last).mapped() == next.mapped()) {
        Volume.Extent before = found.get(last);
        found.set(
            last,
            new Volume.Extent(before.offset(), before.length() + next.length(), next.mapped()));
      } else {
        found.add(next);
      }
    }

    private byte[] encode() {
      if (found.isEmpty()) {
        throw new CheckCondition(Sense.INTERNAL_TARGET_FAILURE);
      }
      ByteBuffer out = ByteBuffer.allocate(HEADER + DESCRIPTOR * MOST_DESCRIPTORS);
      out.position(HEADER);
      for (Volume.Extent extent : found) {
        long block = extent.offset() / first.blockSize();
        long left = extent.length() / first.blockSize();
        // The field has 32 bits: a long extent takes several descriptors.
        while (left > 0 && out.hasRemaining()) {
          long count = Math.min(left, MOST_BLOCKS);
          out.putLong(block).putInt((int) count);
          out.put((byte) (extent.mapped() ? MAPPED : DEALLOCATED)).put(new byte[3]);
          block += count;
          left -= count;
        }
      }
      out.putInt(0, out.position() - 4);
      return Arrays.copyOf(out.array(), out.position());
    }
  }
}
