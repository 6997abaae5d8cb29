package io.moongate.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nothing that is handed to a loop is forgotten. */
class EventLoopTest {
  private static final long BOUND_SECONDS = 30;

  private final EventLoop loop = new EventLoop(task -> new Thread(task, "loop"));

  @AfterEach
  void end() {
    loop.shutdown();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertTrue(
        latch.await(BOUND_SECONDS, TimeUnit.SECONDS), () -> latch.getCount() + " are missing");
  }

  /** Each is handed over when the loop may just be falling asleep: a wake-up lost would show. */
  @Test
  void everyTaskIsDoneThoughTheLoopFallsAsleepBetweenThem() throws InterruptedException {
    for (int i = 0; i < 20_000; i++) {
      CountDownLatch done = new CountDownLatch(1);
      loop.execute(done::countDown);
      await(done);
    }
  }

  @Test
  void itSaysForHowLongItHasBeenAtATask() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    loop.execute(
        () -> {
          begun.countDown();
          try {
            await(goOn);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    await(begun);
    double before = loop.reading().turnSeconds();
    assertTrue(before > 0, "it is at it");
    while (loop.reading().turnSeconds() == before) {
      Thread.onSpinWait();
    }
    assertTrue(LoopReading.all().stream().anyMatch(each -> each.name().equals("loop")));
    goOn.countDown();
    long bound = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
    while (loop.reading().turnSeconds() > 0) {
      assertTrue(System.nanoTime() < bound, "it has nothing to do");
      Thread.onSpinWait();
    }
    assertTrue(loop.reading().busySeconds() >= before);
  }

  @Test
  void tasksOfManyThreadsAreDoneOneAtATime() throws InterruptedException {
    int threads = 8;
    int each = 20_000;
    CountDownLatch done = new CountDownLatch(threads * each);
    AtomicInteger inside = new AtomicInteger();
    List<Thread> started = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int j = 0; j < each; j++) {
                  loop.execute(
                      () -> {
                        if (inside.incrementAndGet() == 1) {
                          done.countDown();
                        }
                        inside.decrementAndGet();
                      });
                }
              });
      thread.start();
      started.add(thread);
    }
    for (Thread thread : started) {
      thread.join();
    }
    await(done);
  }

  @Test
  void aTaskMayHandOverMore() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1000);
    loop.execute(
        new Runnable() {
          @Override
          public void run() {
            done.countDown();
            if (done.getCount() > 0) {
              loop.execute(this);
            }
          }
        });
    await(done);
  }

  @Test
  void aTaskThatFailsEndsNothing() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    loop.execute(
        () -> {
          throw new IllegalStateException("of the test");
        });
    loop.execute(done::countDown);
    await(done);
  }

  @Test
  void whatBecomesReadyIsToldWhileTasksGoOn() throws Exception {
    Pipe pipe = Pipe.open();
    pipe.source().configureBlocking(false);
    CountDownLatch told = new CountDownLatch(1);
    CountDownLatch registered = new CountDownLatch(1);
    loop.execute(
        () -> {
          try {
            loop.register(
                    pipe.source(),
                    operations -> {
                      assertEquals(SelectionKey.OP_READ, operations);
                      told.countDown();
                      // Not read: it is told again and again, and keeps nobody from anything.
                    })
                .interestOps(SelectionKey.OP_READ);
            registered.countDown();
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    await(registered);
    pipe.sink().write(ByteBuffer.allocate(1));
    await(told);
    CountDownLatch task = new CountDownLatch(1);
    loop.execute(task::countDown);
    await(task);
    loop.shutdown();
    assertTrue(loop.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
    assertFalse(pipe.source().isOpen());
  }

  @Test
  void whatWasHandedOverBeforeTheEndIsDone() throws InterruptedException {
    AtomicInteger done = new AtomicInteger();
    for (int i = 0; i < 1000; i++) {
      loop.execute(done::incrementAndGet);
    }
    loop.shutdown();
    assertTrue(loop.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
    assertEquals(1000, done.get());
    assertThrows(RejectedExecutionException.class, () -> loop.execute(() -> {}));
  }

  /** Whoever is not told that the loop has ended can rely on it. */
  @Test
  void whatIsTakenAtTheVeryEndIsDone() throws InterruptedException {
    for (int round = 0; round < 50; round++) {
      EventLoop ending = new EventLoop(task -> new Thread(task, "ending"));
      AtomicInteger taken = new AtomicInteger();
      AtomicInteger done = new AtomicInteger();
      Thread thread =
          new Thread(
              () -> {
                try {
                  while (true) {
                    ending.execute(done::incrementAndGet);
                    taken.incrementAndGet();
                    Thread.onSpinWait();
                  }
                } catch (RejectedExecutionException ended) {
                  // As it must.
                }
              });
      thread.start();
      Thread.sleep(0, 200_000);
      ending.shutdown();
      thread.join();
      assertTrue(ending.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
      assertEquals(taken.get(), done.get());
    }
  }

  @Test
  void anInterruptThatWasLeftIsForgotten() throws Exception {
    loop.execute(() -> Thread.currentThread().interrupt());
    CountDownLatch forgotten = new CountDownLatch(1);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
    while (forgotten.getCount() > 0) {
      assertTrue(System.nanoTime() < until);
      loop.execute(
          () -> {
            if (!Thread.currentThread().isInterrupted()) {
              forgotten.countDown();
            }
          });
      Thread.sleep(1);
    }
  }

  @Test
  void nobodyElseIsOnTheLoop() {
    assertThrows(IllegalStateException.class, EventLoop::current);
  }
}
