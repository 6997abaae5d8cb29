package io.moongate.multinode.workload;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What the tests write: every sector tells the value and the block that it belongs to, and all of
 * its other bytes follow from these, so that a block that was torn, moved or damaged is seen.
 */
public final class BlockPattern {
  /** Bytes of a block as the workloads count them. */
  public static final int BLOCK = 4096;

  static final int SECTOR = 512;
  static final int SECTORS = BLOCK / SECTOR;

  private static final long MAGIC = 0x6D6F_6F6E_6761_7465L;

  private BlockPattern() {}

  /** Blocks that all hold one value. */
  public static byte[] fill(long firstBlock, int blocks, long value) {
    ByteBuffer out = ByteBuffer.allocate(blocks * BLOCK);
    for (int block = 0; block < blocks; block++) {
      for (int sector = 0; sector < SECTORS; sector++) {
        out.put(sector(firstBlock + block, sector, value));
      }
    }
    return out.array();
  }

  /** Gives the value of each block, and what is wrong with it, if anything is. */
  public static List<Content> read(long firstBlock, byte[] data) {
    List<Content> contents = new ArrayList<>();
    for (int at = 0; at < data.length; at += BLOCK) {
      contents.add(content(firstBlock + at / BLOCK, ByteBuffer.wrap(data, at, BLOCK)));
    }
    return contents;
  }

  /**
   * What a block holds.
   *
   * @param value 0 when it was never written
   * @param damage why the value can't be relied on
   */
  public record Content(long value, Optional<String> damage) {}

  private static Content content(long block, ByteBuffer data) {
    byte[] sector = new byte[SECTOR];
    long value = 0;
    for (int index = 0; index < SECTORS; index++) {
      data.get(sector);
      ByteBuffer in = ByteBuffer.wrap(sector);
      long here = in.getLong() == MAGIC ? in.getLong() : 0;
      byte[] expected = here == 0 ? new byte[SECTOR] : sector(block, index, here);
      if (!Arrays.equals(sector, expected)) {
        return damaged(value, "sector %d of block %d holds what nobody wrote there", index, block);
      }
      if (index > 0 && here != value) {
        return damaged(
            value,
            "block %3$d is torn: sector %1$d holds %2$d, before it is %4$d",
            index,
            here,
            block,
            value);
      }
      value = here;
    }
    return new Content(value, Optional.empty());
  }

  private static Content damaged(long value, String format, Object... arguments) {
    return new Content(value, Optional.of(format.formatted(arguments)));
  }

  private static byte[] sector(long block, int index, long value) {
    ByteBuffer out = ByteBuffer.allocate(SECTOR).putLong(MAGIC).putLong(value).putLong(block);
    out.putLong(index);
    long state = value * 0x9E37_79B9_7F4A_7C15L + block * 31 + index;
    while (out.hasRemaining()) {
      // xorshift64; the state is never zero for long.
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      out.putLong(state);
    }
    return out.array();
  }
}
