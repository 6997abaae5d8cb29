package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.volume.Volume.Extent;
import java.util.List;
import org.junit.jupiter.api.Test;

class AllocationTest {
  private static Extent written(long offset, long length) {
    return new Extent(offset, length, true);
  }

  @Test
  void whatIsNotWrittenIsDeallocated() {
    assertEquals(List.of(), Allocation.covering(512, 0, 512, List.of()));
    assertEquals(
        List.of(new Extent(512, 1024, false)), Allocation.covering(512, 1024, 512, List.of()));
  }

  @Test
  void extentsAreOrderedJoinedAndCutToTheRange() {
    assertEquals(
        List.of(
            new Extent(1024, 1024, true),
            new Extent(2048, 512, false),
            new Extent(2560, 512, true)),
        Allocation.covering(
            1024, 2048, 512, List.of(written(2560, 4096), written(1536, 512), written(0, 1536))));
  }

  @Test
  void aBlockOfWhichAByteIsWrittenIsMapped() {
    assertEquals(
        List.of(
            new Extent(0, 4096, false),
            new Extent(4096, 4096, true),
            new Extent(8192, 4096, false)),
        Allocation.covering(0, 12288, 4096, List.of(written(5000, 10), written(6000, 10))));
  }
}
