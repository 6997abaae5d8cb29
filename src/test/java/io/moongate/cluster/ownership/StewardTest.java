package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StewardTest {

  @Test
  void aProposalIsRepeatedInHasteAtFirstAndThenLessAndLessOften() {
    assertEquals(
        List.of(300L, 300L, 600L, 1200L, 2400L, 3000L, 3000L),
        IntStream.range(10, 17).mapToObj(before -> Steward.patience(before).toMillis()).toList());
    assertEquals(300, Steward.patience(0).toMillis());
    assertEquals(3000, Steward.patience(Integer.MAX_VALUE - 1).toMillis());
  }
}
