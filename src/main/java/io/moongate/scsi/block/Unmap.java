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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** UNMAP (SBC-3 section 5.28). Every range is checked before the first is deallocated. */
public final class Unmap implements CommandHandler.Medium {
  private static final int ANCHOR = 0x01;
  private static final int HEADER = 8;
  private static final int DESCRIPTOR = 16;

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return cdb.u16(7);
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    if (cdb.has(1, ANCHOR)) {
      throw new CheckCondition(Sense.invalidCdb(1, 0));
    }
    int length = cdb.u16(7);
    if (length == 0) {
      return new Operation(List.of(), 0, 0, 0);
    }
    if (length < HEADER || command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] list = new byte[length];
    command.dataOut().duplicate().get(list);
    return operation(server, new Cdb(list), length);
  }

  private static Operation operation(DeviceServer server, Cdb list, int length) {
    int given = list.u16(2);
    if (given > length - HEADER) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    int descriptors = given / DESCRIPTOR;
    if (descriptors > server.settings().maxUnmapDescriptors()) {
      throw new CheckCondition(Sense.invalidParameter(2), length);
    }
    List<LogicalBlocks> ranges = new ArrayList<>(descriptors);
    long left = server.settings().maxUnmap();
    long from = Long.MAX_VALUE;
    long to = 0;
    for (int at = HEADER; at < HEADER + descriptors * DESCRIPTOR; at += DESCRIPTOR) {
      LogicalBlocks range = LogicalBlocks.of(server, list.i64(at), list.u32(at + 8));
      left -= range.bytes();
      if (left < 0) {
        throw new CheckCondition(Sense.invalidParameter(at + 8), length);
      }
      if (range.count() > 0) {
        ranges.add(range);
        from = Math.min(from, range.offset());
        to = Math.max(to, range.end());
      }
    }
    return ranges.isEmpty()
        ? new Operation(ranges, 0, 0, length)
        : new Operation(ranges, from, to, length);
  }

  /** Claims all that lies between its ranges: hosts send few ranges, and those near one another. */
  private static final class Operation extends MediumOperation {
    private final List<LogicalBlocks> ranges;
    private final int wanted;

    Operation(List<LogicalBlocks> ranges, long from, long to, int wanted) {
      super(from, to, true, wanted);
      this.ranges = ranges;
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      CompletionStage<Void> done = CompletableFuture.completedFuture(null);
      for (LogicalBlocks range : ranges) {
        done = done.thenCompose(before -> execution.volume().unmap(range.offset(), range.bytes()));
      }
      return done.thenApply(all -> Response.good(wanted));
    }
  }
}
