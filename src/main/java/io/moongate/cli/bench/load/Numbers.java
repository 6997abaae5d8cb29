package io.moongate.cli.bench.load;

import java.nio.ByteBuffer;

/** What a session of one connection counts (RFC 7143 sections 4.2.2.1 and 4.2.2.2). */
final class Numbers {
  int cmdSn = 1;
  int expStatSn;
  private int maxCmdSn;

  /** Whether the window has room for another command. */
  boolean open() {
    return maxCmdSn - cmdSn >= 0;
  }

  /** The target told this; {@code counted}: by a PDU that has a StatSN of its own. */
  void heard(ByteBuffer header, int at, boolean counted) {
    int told = header.getInt(at + Bhs.MAX_CMD_SN);
    if (told - maxCmdSn > 0) {
      maxCmdSn = told;
    }
    if (counted) {
      expStatSn = header.getInt(at + Bhs.STAT_SN) + 1;
    }
  }
}
