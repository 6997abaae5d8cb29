package io.moongate.scsi.sense;

import io.moongate.scsi.Status;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Where a third-party copy stood when it was aborted (SPC-4 section 5.17): in the COMMAND-SPECIFIC
 * INFORMATION field, and what the copy source or destination reported behind it.
 *
 * @param segment the segment descriptor that was being processed, from 0
 * @param reported what ended it, when that was the answer to a command of the copy manager
 */
public record CopyProgress(int segment, Optional<Reported> reported) {
  private static final int COMMAND_SPECIFIC_AT = 8;
  private static final int COMMAND_SPECIFIC_DESCRIPTOR = 0x01;
  private static final int FORWARDED_DESCRIPTOR = 0x0C;

  /** The ADDITIONAL SENSE LENGTH is at most 244. */
  private static final int MOST_SENSE = 180;

  /**
   * How a command of the copy manager ended.
   *
   * @param bySource whether the copy source reported it, not the destination
   * @param sense its sense data; empty unless CHECK CONDITION
   */
  public record Reported(boolean bySource, Status status, byte[] sense) {
    private int length() {
      return Math.min(sense.length, MOST_SENSE);
    }
  }

  /** Bytes behind the fixed part: status and sense data of the source or the destination. */
  int fixedLength() {
    return reported.map(each -> 1 + each.length()).orElse(0);
  }

  void putFixed(ByteBuffer out, int behind) {
    out.putShort(COMMAND_SPECIFIC_AT + 2, (short) segment);
    reported.ifPresent(
        each -> {
          out.put(COMMAND_SPECIFIC_AT + (each.bySource() ? 0 : 1), (byte) behind);
          out.put(behind, (byte) each.status().code());
          out.put(behind + 1, each.sense(), 0, each.length());
        });
  }

  int descriptorsLength() {
    return 12 + reported.map(each -> 4 + each.length()).orElse(0);
  }

  /** The command specific information and forwarded sense data descriptors. */
  void putDescriptors(ByteBuffer out) {
    out.put((byte) COMMAND_SPECIFIC_DESCRIPTOR).put((byte) 0x0A).putShort((short) 0);
    out.putShort((short) 0).putShort((short) segment).putInt(0);
    reported.ifPresent(
        each -> {
          out.put((byte) FORWARDED_DESCRIPTOR).put((byte) (2 + each.length()));
          boolean cut = each.length() < each.sense().length;
          out.put((byte) ((cut ? 0x80 : 0) | (each.bySource() ? 1 : 2)));
          out.put((byte) each.status().code()).put(each.sense(), 0, each.length());
        });
  }
}
