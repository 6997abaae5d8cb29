package io.moongate.scsi.block;

import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/** Reading blocks back, to see that they can be read, and that they are what they should be. */
final class Verification {
  private Verification() {}

  /**
   * Reads the blocks and compares them with {@code expected}, over and over when that is shorter;
   * with nothing when it is empty.
   */
  static CompletionStage<Void> verify(
      Execution execution, LogicalBlocks blocks, ByteBuffer expected) {
    ByteBuffer data = ByteBuffer.allocate((int) blocks.bytes());
    return execution
        .volume()
        .read(blocks.offset(), data.duplicate())
        .thenAccept(read -> compare(data, expected));
  }

  private static void compare(ByteBuffer data, ByteBuffer expected) {
    int length = expected.remaining();
    if (length == 0) {
      return;
    }
    for (int at = 0; at < data.limit(); at += length) {
      int difference = data.slice(at, length).mismatch(expected);
      if (difference >= 0) {
        // An offset into the data-out buffer (SBC-3 section 4.18.2), whichever block differs.
        throw new CheckCondition(Sense.miscompare(difference));
      }
    }
  }
}
