package io.moongate.scsi.copy;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DataIn;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;

/**
 * RECEIVE COPY RESULTS: the service actions that ask about EXTENDED COPY (LID1). A list identifier
 * that the nexus has not used, or of which everything was told and discarded, is INVALID FIELD IN
 * CDB.
 */
public final class ReceiveCopyResults {
  private static final int LIST_ID_FIELD = 2;
  private static final int ALLOCATION_LENGTH_FIELD = 10;

  private ReceiveCopyResults() {}

  private static CheckCondition unknown() {
    return new CheckCondition(Sense.invalidCdb(LIST_ID_FIELD));
  }

  private static Response answer(ByteBuffer data, Cdb cdb) {
    data.putInt(0, data.capacity() - 4); // AVAILABLE DATA
    return DataIn.of(data.array(), cdb.u32(ALLOCATION_LENGTH_FIELD));
  }

  /** RECEIVE COPY STATUS (LID1) (SPC-4 section 6.24): how far a copy is. */
  public static final class CopyStatus implements CommandHandler.Immediate {
    private static final int IN_PROGRESS = 0;
    private static final int WITHOUT_ERRORS = 1;
    private static final int WITH_ERRORS = 2;

    @Override
    public Response answer(DeviceServer server, Command command) {
      Cdb cdb = new Cdb(command.cdb());
      CopyState state =
          server
              .copies()
              .status(command.nexus(), cdb.u8(LIST_ID_FIELD))
              .orElseThrow(ReceiveCopyResults::unknown);
      int status =
          state.end().map(end -> end.success() ? WITHOUT_ERRORS : WITH_ERRORS).orElse(IN_PROGRESS);
      long count = state.bytes();
      int units = 0; // bytes, then KiB, MiB and so on
      while (count >>> 32 != 0) {
        count >>>= 10;
        units++;
      }
      ByteBuffer data = ByteBuffer.allocate(12);
      data.put(4, (byte) status).putShort(5, (short) state.segments());
      data.put(7, (byte) units).putInt(8, (int) count);
      return ReceiveCopyResults.answer(data, cdb);
    }
  }

  /** RECEIVE COPY DATA (LID1) (SPC-4 section 6.20): no segment descriptor holds any data. */
  public static final class HeldData implements CommandHandler.Immediate {
    @Override
    public Response answer(DeviceServer server, Command command) {
      Cdb cdb = new Cdb(command.cdb());
      if (!server.copies().hasEnded(command.nexus(), cdb.u8(LIST_ID_FIELD))) {
        throw unknown();
      }
      return ReceiveCopyResults.answer(ByteBuffer.allocate(4), cdb);
    }
  }

  /** RECEIVE COPY FAILURE DETAILS (LID1) (SPC-4 section 6.22): the sense data of a failed copy. */
  public static final class FailureDetails implements CommandHandler.Immediate {
    private static final int STATUS_AT = 56;
    private static final int SENSE_AT = 60;

    @Override
    public Response answer(DeviceServer server, Command command) {
      Cdb cdb = new Cdb(command.cdb());
      CopyState.End end =
          server
              .copies()
              .details(command.nexus(), cdb.u8(LIST_ID_FIELD))
              .orElseThrow(ReceiveCopyResults::unknown);
      if (end.success()) {
        return ReceiveCopyResults.answer(ByteBuffer.allocate(4), cdb);
      }
      boolean descriptors = server.shared().modes().descriptorSense();
      byte[] sense = end.sense().map(each -> each.encode(descriptors)).orElse(new byte[0]);
      ByteBuffer data = ByteBuffer.allocate(SENSE_AT + sense.length);
      data.put(STATUS_AT, (byte) end.status().code());
      data.putShort(STATUS_AT + 2, (short) sense.length).put(SENSE_AT, sense);
      return ReceiveCopyResults.answer(data, cdb);
    }
  }

  /** RECEIVE COPY OPERATING PARAMETERS (SPC-4 section 6.23): what is supported, and how much. */
  public static final class OperatingParameters implements CommandHandler.Immediate {
    private static final int SNLID = 0x01;

    @Override
    public Response answer(DeviceServer server, Command command) {
      CopySettings settings = server.copies().shared().settings();
      byte[] types = {
        SegmentDescriptor.BLOCKS,
        SegmentDescriptor.BLOCKS_WITH_OFFSET,
        (byte) CscdDescriptor.IDENTIFICATION
      };
      ByteBuffer data = ByteBuffer.allocate(44 + types.length);
      data.put(4, (byte) SNLID);
      data.putShort(8, (short) ParameterList.MAX_CSCDS)
          .putShort(10, (short) settings.maxSegments());
      data.putInt(12, ParameterList.maxDescriptors(settings));
      data.putInt(16, settings.maxSegmentLength());
      data.putShort(34, (short) settings.maxCopiesPerUnit());
      data.put(36, (byte) settings.maxCopiesPerUnit());
      data.put(37, (byte) granularity(server));
      data.put(43, (byte) types.length).put(44, types);
      return ReceiveCopyResults.answer(data, new Cdb(command.cdb()));
    }
  }

  /** DATA SEGMENT GRANULARITY: a segment is a multiple of the block, as a power of 2. */
  static int granularity(DeviceServer server) {
    return Integer.numberOfTrailingZeros(server.geometry().blockSize());
  }
}
