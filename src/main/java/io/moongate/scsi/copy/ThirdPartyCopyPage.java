package io.moongate.scsi.copy;

import io.moongate.scsi.command.DeviceServer;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** The Third-party Copy page (8Fh, SPC-4 section 7.8.17): the same as the operating parameters. */
public final class ThirdPartyCopyPage {
  private static final int SUPPORTED_COMMANDS = 0x0001;
  private static final int PARAMETER_DATA = 0x0004;
  private static final int SUPPORTED_DESCRIPTORS = 0x0008;
  private static final int GENERAL_COPY_OPERATIONS = 0x8001;

  /** EXTENDED COPY, and RECEIVE COPY RESULTS, each with its service actions. */
  private static final byte[] COMMANDS = HexFormat.of().parseHex("830100" + "840400010304");

  private static final byte[] DESCRIPTORS = {
    SegmentDescriptor.BLOCKS,
    SegmentDescriptor.BLOCKS_WITH_OFFSET,
    (byte) CscdDescriptor.IDENTIFICATION
  };

  private ThirdPartyCopyPage() {}

  /** What follows PAGE LENGTH. */
  public static byte[] body(DeviceServer server) {
    CopySettings settings = server.copies().shared().settings();
    ByteBuffer parameters = ByteBuffer.allocate(28);
    parameters.putShort(4, (short) ParameterList.MAX_CSCDS);
    parameters.putShort(6, (short) settings.maxSegments());
    parameters.putInt(8, ParameterList.maxDescriptors(settings));
    ByteBuffer general = ByteBuffer.allocate(32);
    general.putInt(0, settings.maxCopiesPerUnit()).putInt(4, settings.maxCopiesPerUnit());
    general.putInt(8, settings.maxSegmentLength());
    general.put(12, (byte) ReceiveCopyResults.granularity(server));
    ByteBuffer out = ByteBuffer.allocate(256);
    put(out, SUPPORTED_COMMANDS, counted(COMMANDS));
    put(out, PARAMETER_DATA, parameters.array());
    put(out, SUPPORTED_DESCRIPTORS, counted(DESCRIPTORS));
    put(out, GENERAL_COPY_OPERATIONS, general.array());
    byte[] body = new byte[out.position()];
    out.get(0, body);
    return body;
  }

  /** A list behind its length, padded so that the whole descriptor is a multiple of 4. */
  private static byte[] counted(byte[] list) {
    byte[] out = new byte[(1 + list.length + 3) / 4 * 4];
    out[0] = (byte) list.length;
    System.arraycopy(list, 0, out, 1, list.length);
    return out;
  }

  private static void put(ByteBuffer out, int type, byte[] data) {
    out.putShort((short) type).putShort((short) data.length).put(data);
  }
}
