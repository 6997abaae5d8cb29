package io.moongate.scsi.log;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.log.LogPage.Parameter;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.volume.Volume;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * LOG SENSE (SPC-4 section 6.6). Nothing can be set, reset or saved, so there is no LOG SELECT.
 * Executed by the owner: it alone can ask the store.
 */
public final class LogSense implements CommandHandler.Medium {
  private static final int SUPPORTED_PAGES = 0x00;
  private static final int AND_SUBPAGES = 0xFF;
  private static final int SPF = 0x40;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int code = cdb.u8(2) & 0x3F;
    int subpage = cdb.u8(3);
    int pointer = cdb.u16(5);
    long allocationLength = cdb.u16(7);
    boolean thin = server.geometry().unmap();
    if (code == SUPPORTED_PAGES) {
      if (subpage != 0 && subpage != AND_SUBPAGES) {
        throw new CheckCondition(Sense.invalidCdb(3));
      }
      if (pointer != 0) {
        throw new CheckCondition(Sense.invalidCdb(5));
      }
      byte[] list = subpage == 0 ? supported(thin) : supportedWithSubpages(thin);
      return new Operation(Optional.empty(), 0, page(code, subpage, list), allocationLength);
    }
    LogPage page =
        Arrays.stream(LogPage.values())
            .filter(each -> each.code() == code && isThere(each, thin))
            .findFirst()
            .orElseThrow(() -> new CheckCondition(Sense.invalidCdb(2, 5)));
    if (subpage != 0) {
      throw new CheckCondition(Sense.invalidCdb(3));
    }
    return new Operation(Optional.of(page), pointer, new byte[0], allocationLength);
  }

  private static boolean isThere(LogPage page, boolean thin) {
    return thin || page != LogPage.LOGICAL_BLOCK_PROVISIONING;
  }

  private static byte[] supported(boolean thin) {
    ByteBuffer out = ByteBuffer.allocate(1 + LogPage.values().length).put((byte) SUPPORTED_PAGES);
    for (LogPage page : LogPage.values()) {
      if (isThere(page, thin)) {
        out.put((byte) page.code());
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static byte[] supportedWithSubpages(boolean thin) {
    ByteBuffer out = ByteBuffer.allocate(4 + 2 * LogPage.values().length);
    out.put((byte) SUPPORTED_PAGES).put((byte) 0);
    out.put((byte) SUPPORTED_PAGES).put((byte) AND_SUBPAGES);
    for (LogPage page : LogPage.values()) {
      if (isThere(page, thin)) {
        out.put((byte) page.code()).put((byte) 0);
      }
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  /** A page with its header (SPC-4 section 7.3.2.1). */
  private static byte[] page(int code, int subpage, byte[] body) {
    ByteBuffer out = ByteBuffer.allocate(4 + body.length);
    out.put((byte) (subpage == 0 ? code : SPF | code)).put((byte) subpage);
    return out.putShort((short) body.length).put(body).array();
  }

  /** Asks the store when the page needs that. */
  private static final class Operation extends MediumOperation {
    private final Optional<LogPage> page;
    private final int pointer;
    private final byte[] list;
    private final long allocationLength;

    Operation(Optional<LogPage> page, int pointer, byte[] list, long allocationLength) {
      super(0, 0, false, 0);
      this.page = page;
      this.pointer = pointer;
      this.list = list;
      this.allocationLength = allocationLength;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (page.isEmpty()) {
        return CompletableFuture.completedFuture(DataIn.of(list, allocationLength));
      }
      if (page.get() != LogPage.LOGICAL_BLOCK_PROVISIONING) {
        return CompletableFuture.completedFuture(answer(Volume.Space.UNKNOWN));
      }
      return execution.volume().space().thenApply(this::answer);
    }

    private Response answer(Volume.Space space) {
      LogPage chosen = page.orElseThrow();
      List<Parameter> all = chosen.parameters(space);
      int last = all.isEmpty() ? 0 : all.get(all.size() - 1).code();
      if (pointer > last) {
        throw new CheckCondition(Sense.invalidCdb(5));
      }
      return DataIn.of(page(chosen.code(), 0, LogPage.encode(all, pointer)), allocationLength);
    }
  }
}
