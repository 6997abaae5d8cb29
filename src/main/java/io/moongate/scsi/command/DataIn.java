package io.moongate.scsi.command;

import io.moongate.scsi.Response;
import java.nio.ByteBuffer;

/** Parameter data on its way to the initiator. */
public final class DataIn {
  private DataIn() {}

  /** Success with the data, cut to the CDB's allocation length (SPC-4 section 4.3.5.6). */
  public static Response of(byte[] data, long allocationLength) {
    return Response.data(ByteBuffer.wrap(data, 0, (int) Math.min(data.length, allocationLength)));
  }
}
