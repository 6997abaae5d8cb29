package io.moongate.volume.file;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.VolumeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
  private final Semaphore begun = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);
  private final AtomicInteger syncs = new AtomicInteger();
  private volatile boolean fails;

  private final GroupCommit commits =
      new GroupCommit(
          () -> {
            syncs.incrementAndGet();
            begun.release();
            allowed.acquireUninterruptibly();
            if (fails) {
              throw new IOException("no");
            }
          });

  private CompletableFuture<Void> commit() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    commits.commit(done);
    return done;
  }

  @Test
  void whoAsksDuringASyncIsCoveredByTheNextOne() throws Exception {
    CompletableFuture<Void> first = new CompletableFuture<>();
    Thread leader = new Thread(() -> commits.commit(first));
    leader.start();
    begun.acquire();
    List<CompletableFuture<Void>> followers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      followers.add(commit());
    }
    allowed.release();
    begun.acquire();
    // The second sync has begun, so the first group has been told.
    assertTrue(first.isDone());
    followers.forEach(follower -> assertFalse(follower.isDone()));
    allowed.release();
    for (CompletableFuture<Void> follower : followers) {
      follower.get(30, SECONDS);
    }
    leader.join(30_000);
    assertEquals(2, syncs.get());
    allowed.release();
    commit().get(30, SECONDS);
    assertEquals(3, syncs.get());
  }

  @Test
  void aFailureIsFinal() throws Exception {
    fails = true;
    allowed.release();
    assertThrows(ExecutionException.class, () -> commit().get(30, SECONDS));
    fails = false;
    allowed.release();
    assertThrows(ExecutionException.class, () -> commit().get(30, SECONDS));
    assertThrows(VolumeException.class, commits::requireIntact);
    assertEquals(1, syncs.get());
  }

  @Test
  void nobodyIsToldBeforeASyncThatBeganAfterHeAsked() {
    long seed = new Random().nextLong();
    System.out.println("GroupCommitTest seed " + seed);
    int writers = 8;
    AtomicIntegerArray written = new AtomicIntegerArray(writers);
    AtomicIntegerArray saved = new AtomicIntegerArray(writers);
    GroupCommit group =
        new GroupCommit(
            () -> {
              int[] begin = IntStream.range(0, writers).map(written::get).toArray();
              Thread.onSpinWait();
              IntStream.range(0, writers).forEach(i -> saved.set(i, begin[i]));
            });
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      int mine = writer;
      all.add(
          CompletableFuture.runAsync(
              () -> {
                Random random = new Random(seed + mine);
                for (int i = 1; i <= 2_000; i++) {
                  written.set(mine, i);
                  CompletableFuture<Void> done = new CompletableFuture<>();
                  group.commit(done);
                  done.join();
                  assertTrue(saved.get(mine) >= i, "seed " + seed);
                  if (random.nextInt(4) == 0) {
                    Thread.onSpinWait();
                  }
                }
              },
              task -> new Thread(task).start()));
    }
    all.forEach(each -> each.orTimeout(60, SECONDS).join());
  }
}
