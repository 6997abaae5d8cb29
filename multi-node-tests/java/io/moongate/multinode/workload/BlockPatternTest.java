package io.moongate.multinode.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.workload.BlockPattern.Content;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BlockPatternTest {
  @Test
  void tellsTheValueOfEachBlock() {
    byte[] data = BlockPattern.fill(5, 3, 42);
    Content whole = new Content(42, Optional.empty());
    assertEquals(List.of(whole, whole, whole), BlockPattern.read(5, data));
  }

  @Test
  void tellsABlockThatWasNeverWritten() {
    assertEquals(
        List.of(new Content(0, Optional.empty())),
        BlockPattern.read(9, new byte[BlockPattern.BLOCK]));
  }

  @Test
  void seesATornBlock() {
    byte[] data = BlockPattern.fill(5, 1, 42);
    byte[] newer = BlockPattern.fill(5, 1, 43);
    System.arraycopy(newer, 0, data, 0, 3 * BlockPattern.SECTOR);
    assertDamaged(5, data);
  }

  @Test
  void seesABlockOfAnotherPlace() {
    assertDamaged(6, BlockPattern.fill(5, 1, 42));
  }

  @Test
  void seesAnyByteThatIsWrong() {
    for (int at = 0; at < BlockPattern.BLOCK; at += 37) {
      byte[] data = BlockPattern.fill(5, 1, 42);
      data[at] ^= 1;
      assertDamaged(5, data);
    }
  }

  private static void assertDamaged(long block, byte[] data) {
    assertTrue(BlockPattern.read(block, data).get(0).damage().isPresent());
  }
}
