package io.moongate.volume.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FileThreadsTest {
  private static final int MOST = 8;
  private static final long BOUND_SECONDS = 30;

  private final FileThreads threads = new FileThreads("file-threads-test", MOST, 1000);
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void close() throws InterruptedException {
    end.countDown();
    threads.shutdown();
    assertTrue(threads.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
  }

  private void waitForTheEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertTrue(latch.await(BOUND_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void longTasksHaveThreadsOfTheirOwn() throws InterruptedException {
    CyclicBarrier all = new CyclicBarrier(MOST);
    CountDownLatch met = new CountDownLatch(MOST);
    for (int i = 0; i < MOST; i++) {
      threads.execute(
          () -> {
            try {
              all.await();
              met.countDown();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          });
    }
    await(met);
  }

  @Test
  void nothingWaitsForAShortTaskThatTakesLong() throws InterruptedException {
    for (int i = 0; i < MOST - 1; i++) {
      threads.executeShort(this::waitForTheEnd);
    }
    CountDownLatch done = new CountDownLatch(2);
    threads.executeShort(done::countDown);
    threads.execute(done::countDown);
    await(done);
  }

  @Test
  void aBurstOfShortTasksWakesFew() throws InterruptedException {
    FileThreads calm = new FileThreads("file-threads-calm", MOST, 1000, TimeUnit.HOURS.toNanos(1));
    int burst = 2 * FileThreads.SHORT_AT_A_TIME;
    Set<String> names = ConcurrentHashMap.newKeySet();
    CountDownLatch done = new CountDownLatch(burst);
    CountDownLatch all = new CountDownLatch(1);
    for (int i = 0; i < burst; i++) {
      calm.executeShort(
          () -> {
            names.add(Thread.currentThread().getName());
            try {
              all.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            done.countDown();
          });
    }
    all.countDown();
    await(done);
    assertTrue(names.size() <= 3, names.toString());
    calm.shutdown();
    assertTrue(calm.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void asManyAsThereAreThreadsAreTakenWhateverMayWait() throws InterruptedException {
    FileThreads tight = new FileThreads("file-threads-tight", 4, 1);
    CountDownLatch begun = new CountDownLatch(4);
    for (int i = 0; i < 4; i++) {
      tight.executeShort(
          () -> {
            begun.countDown();
            waitForTheEnd();
          });
    }
    await(begun);
    assertThrows(
        RejectedExecutionException.class,
        () -> {
          for (int i = 0; i < 1 + 4 + 1; i++) {
            tight.executeShort(() -> {});
          }
        });
    end.countDown();
    tight.shutdown();
    assertTrue(tight.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void whatIsTooMuchIsRejected() throws InterruptedException {
    FileThreads few = new FileThreads("file-threads-few", 1, 2);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger done = new AtomicInteger();
    few.execute(
        () -> {
          begun.countDown();
          waitForTheEnd();
        });
    await(begun);
    few.execute(done::incrementAndGet);
    few.executeShort(done::incrementAndGet);
    assertThrows(RejectedExecutionException.class, () -> few.execute(done::incrementAndGet));
    few.shutdown();
    assertThrows(RejectedExecutionException.class, () -> few.executeShort(() -> {}));
    assertFalse(few.awaitTermination(1, TimeUnit.MILLISECONDS));
    end.countDown();
    assertTrue(few.awaitTermination(BOUND_SECONDS, TimeUnit.SECONDS));
    assertEquals(2, done.get(), "what waited was done");
  }

  @Test
  void aTaskThatFailsTakesNothingWithIt() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    Semaphore told = new Semaphore(0);
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> told.release());
    try {
      for (int i = 0; i < 2 * MOST; i++) {
        threads.execute(
            () -> {
              throw new IllegalStateException("on purpose");
            });
      }
      assertTrue(told.tryAcquire(2 * MOST, BOUND_SECONDS, TimeUnit.SECONDS));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    threads.executeShort(done::countDown);
    await(done);
  }

  @Test
  void allIsDoneWhateverComesTogether() throws InterruptedException {
    long seed = System.nanoTime();
    System.out.println("FileThreadsTest seed " + seed);
    Random random = new Random(seed);
    int count = 200_000;
    CountDownLatch done = new CountDownLatch(count);
    Semaphore room = new Semaphore(900);
    for (int i = 0; i < count; i++) {
      assertTrue(room.tryAcquire(BOUND_SECONDS, TimeUnit.SECONDS));
      int spin = random.nextInt(100) == 0 ? 20_000 : 20;
      Runnable task =
          () -> {
            for (int k = 0; k < spin; k++) {
              Thread.onSpinWait();
            }
            room.release();
            done.countDown();
          };
      if (random.nextInt(4) == 0) {
        threads.execute(task);
      } else {
        threads.executeShort(task);
      }
      if (random.nextInt(5000) == 0) {
        Thread.sleep(random.nextInt(8));
      }
    }
    await(done);
  }
}
