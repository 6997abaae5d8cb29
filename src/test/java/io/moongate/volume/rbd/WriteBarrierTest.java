package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WriteBarrierTest {
  private final WriteBarrier barrier = new WriteBarrier();
  private final List<CompletableFuture<Void>> begun = new ArrayList<>();

  private CompletableFuture<Void> write() {
    return barrier
        .pass(
            () -> {
              CompletableFuture<Void> write = new CompletableFuture<>();
              begun.add(write);
              return write;
            })
        .toCompletableFuture();
  }

  @Test
  void writesWaitWhileItIsUp() {
    barrier.raise(Duration.ofSeconds(1));
    CompletableFuture<Void> first = write();
    CompletableFuture<Void> second = write();
    assertEquals(0, begun.size());
    barrier.lower();
    assertEquals(2, begun.size());
    begun.forEach(write -> write.complete(null));
    assertTrue(first.isDone() && second.isDone());
    barrier.raise(Duration.ZERO); // Nothing is under way any more.
    barrier.lower();
  }

  @Test
  void itWaitsForWhatIsUnderWay() throws Exception {
    write();
    write();
    CompletableFuture<Void> raised =
        CompletableFuture.runAsync(() -> barrier.raise(Duration.ofSeconds(60)));
    CompletableFuture<Void> late = write();
    while (begun.size() > 2) { // It was not up yet.
      begun.remove(2).complete(null);
      late = write();
    }
    begun.get(0).complete(null);
    assertFalse(raised.isDone());
    begun.get(1).completeExceptionally(new IllegalStateException("also one that fails"));
    raised.get();
    assertFalse(late.isDone());
    barrier.lower();
    assertEquals(3, begun.size());
  }

  @Test
  void whatHangsKeepsOthersWaitingForItsBoundOnly() {
    write();
    VolumeException failure =
        assertThrows(VolumeException.class, () -> barrier.raise(Duration.ofMillis(10)));
    assertEquals(Reason.UNAVAILABLE, failure.reason());
    write();
    assertEquals(2, begun.size());
  }

  @Test
  void oneThatCannotBeginHasEnded() {
    CompletableFuture<Void> failed =
        barrier
            .<Void>pass(
                () -> {
                  throw new IllegalStateException("no");
                })
            .toCompletableFuture();
    assertTrue(failed.isCompletedExceptionally());
    barrier.raise(Duration.ZERO);
  }
}
