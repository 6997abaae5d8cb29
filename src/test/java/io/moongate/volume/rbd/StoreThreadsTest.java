package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StoreThreadsTest {
  private static final int THREADS = 3;

  private final StoreThreads threads = new StoreThreads(THREADS, 100);
  private final CountDownLatch hanging = new CountDownLatch(1);

  private boolean hang() throws InterruptedException {
    return hanging.await(60, TimeUnit.SECONDS);
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
  }

  @Test
  void whatHangsLeavesThreadsForTakingOver() {
    List<CompletionStage<Boolean>> hung = new ArrayList<>();
    for (int i = 0; i < 2 * THREADS; i++) {
      hung.add(threads.writes().run(this::hang));
      hung.add(threads.changes().run(this::hang));
      hung.add(threads.removals().run(this::hang));
      threads.lookUps().tryRun(this::hang).ifPresent(hung::add);
      CompletableFuture<Boolean> closing = new CompletableFuture<>();
      threads.closings().runSurely(() -> closing.completeAsync(this::isHung, Runnable::run));
      hung.add(closing);
    }
    assertEquals(1, get(threads.takeOvers().run(() -> 1)));
    assertFalse(threads.close(Duration.ofMillis(10)));
    hanging.countDown();
    hung.forEach(each -> assertTrue(get(each)));
  }

  private boolean isHung() {
    try {
      return hang();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nobodyWaitsToLookUp() {
    int begun = 0;
    while (threads.lookUps().tryRun(this::hang).isPresent()) {
      begun++;
    }
    assertTrue(begun > 0);
    hanging.countDown();
    assertTrue(threads.close(Duration.ofSeconds(10)));
  }
}
