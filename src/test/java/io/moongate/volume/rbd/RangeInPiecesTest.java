package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RangeInPiecesTest {
  private static void get(RangeInPieces range) {
    range.perform().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Test
  void piecesEndAtMultiplesAndAreDoneOneAfterTheOther() {
    List<String> begun = new ArrayList<>();
    List<CompletableFuture<Long>> pieces = new ArrayList<>();
    CompletableFuture<Void> done =
        new RangeInPieces(
                5,
                20,
                10,
                (offset, length) -> {
                  begun.add(offset + "+" + length);
                  pieces.add(new CompletableFuture<>());
                  return pieces.get(pieces.size() - 1);
                })
            .perform()
            .toCompletableFuture();
    for (int i = 0; i < 3; i++) {
      assertEquals(i + 1, begun.size());
      assertFalse(done.isDone());
      pieces.get(i).complete(0L);
    }
    assertEquals(List.of("5+5", "10+10", "20+5"), begun);
    assertTrue(done.isDone());
  }

  /** However many: none is begun within the end of another. */
  @Test
  void manyThatEndAtOnceNeedNoStack() {
    AtomicInteger begun = new AtomicInteger();
    get(
        new RangeInPieces(
            0,
            1_000_000,
            1,
            (offset, length) -> CompletableFuture.completedStage((long) begun.incrementAndGet())));
    assertEquals(1_000_000, begun.get());
  }

  @Test
  void whatFailsOrThrowsEndsIt() {
    IllegalStateException failure = new IllegalStateException();
    RangeInPieces failing =
        new RangeInPieces(0, 9, 3, (offset, length) -> CompletableFuture.failedStage(failure));
    RangeInPieces throwing =
        new RangeInPieces(
            0,
            9,
            3,
            (offset, length) -> {
              throw failure;
            });
    for (RangeInPieces range : List.of(failing, throwing)) {
      assertEquals(failure, assertThrows(CompletionException.class, () -> get(range)).getCause());
    }
  }
}
