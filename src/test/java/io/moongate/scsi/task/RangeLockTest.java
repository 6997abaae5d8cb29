package io.moongate.scsi.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RangeLockTest {
  private static final boolean WRITE = true;
  private static final boolean READ = false;

  private final RangeLock lock = new RangeLock();
  private final List<RangeLock.Claim> acquired = new ArrayList<>();

  private static final class Range extends RangeLock.Claim {
    private final long from;
    private final long to;
    private final boolean writes;

    Range(long from, long to, boolean writes, boolean urgent) {
      super(from, to, writes, urgent);
      this.from = from;
      this.to = to;
      this.writes = writes;
    }

    boolean conflicts(Range other) {
      return (writes || other.writes) && from < other.to && other.from < to;
    }
  }

  private static Range range(long from, long to, boolean writes) {
    return new Range(from, to, writes, false);
  }

  private boolean take(Range range) {
    boolean taken = lock.tryAcquire(range);
    if (!taken) {
      lock.await(range);
    }
    return taken;
  }

  @Test
  void readsShareAndWritesExclude() {
    Range read = range(0, 10, READ);
    Range again = range(5, 15, READ);
    Range write = range(9, 10, WRITE);
    assertTrue(take(read));
    assertTrue(take(again));
    assertFalse(take(write));
    assertTrue(take(range(15, 20, WRITE)));

    lock.release(read, acquired::add);
    assertEquals(List.of(), acquired);
    lock.release(again, acquired::add);
    assertEquals(List.of(write), acquired);
  }

  @Test
  void aReadWaitsBehindAWriteThatWaits() {
    Range first = range(0, 10, READ);
    Range write = range(0, 10, WRITE);
    Range second = range(0, 10, READ);
    assertTrue(take(first));
    assertFalse(take(write));
    assertFalse(take(second));

    lock.release(first, acquired::add);
    assertEquals(List.of(write), acquired);
    lock.release(write, acquired::add);
    assertEquals(List.of(write, second), acquired);
  }

  @Test
  void whoWaitsForNobodyElseIsNotHeldUp() {
    Range holder = range(0, 10, WRITE);
    Range wide = range(5, 30, WRITE);
    Range behind = range(20, 30, READ);
    assertTrue(take(holder));
    assertFalse(take(wide));
    assertFalse(take(behind));
    assertEquals(2, lock.waiting());

    lock.cancel(wide, acquired::add);
    assertEquals(List.of(behind), acquired);
    assertEquals(0, lock.waiting());
  }

  @Test
  void anUrgentClaimPassesThoseThatWait() {
    Range holder = range(0, 10, WRITE);
    Range all = range(-1, Long.MAX_VALUE, WRITE);
    assertTrue(take(holder));
    assertFalse(take(all));
    assertFalse(take(range(50, 60, READ)));
    assertTrue(take(new Range(50, 60, READ, true)));
    Range urgent = new Range(0, 10, WRITE, true);
    assertFalse(take(urgent));

    lock.release(holder, acquired::add);
    assertEquals(List.of(urgent), acquired);
  }

  @Test
  void anEmptyRangeConflictsOnlyWithAClaimOnEverything() {
    Range everything = range(-1, Long.MAX_VALUE, WRITE);
    assertTrue(take(range(0, 0, READ)));
    assertTrue(take(range(0, 512, WRITE)));
    assertFalse(take(everything));
  }

  @Test
  void cancellingAllGrantsNothing() {
    Range holder = range(0, 10, WRITE);
    Range first = range(0, 10, WRITE);
    Range second = range(0, 10, READ);
    take(holder);
    take(first);
    take(second);
    assertEquals(List.of(first, second), lock.cancelWaiting());
    lock.release(holder, acquired::add);
    assertEquals(List.of(), acquired);
    assertTrue(take(range(0, 10, WRITE)));
  }

  /**
   * Against the definition: nothing conflicting is held together; a claim waits if and only if a
   * held one, or one that came before it and waits, is in its way; conflicting claims are granted
   * in the order in which they came.
   */
  @Test
  void holdsToItsDefinition() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<Range> held = new ArrayList<>();
    List<Range> waiting = new ArrayList<>();
    for (int step = 0; step < 20_000; step++) {
      String where = "seed " + seed + ", step " + step;
      acquired.clear();
      int choice = random.nextInt(10);
      if (choice < 5 && waiting.size() < 40) {
        long from = random.nextInt(60);
        Range range =
            random.nextInt(50) == 0
                ? range(-1, Long.MAX_VALUE, WRITE)
                : range(from, from + random.nextInt(9), random.nextBoolean());
        boolean free = free(range, held, waiting);
        assertEquals(free, take(range), where);
        (free ? held : waiting).add(range);
      } else if (choice < 9 && !held.isEmpty()) {
        lock.release(held.remove(random.nextInt(held.size())), acquired::add);
      } else if (!waiting.isEmpty()) {
        lock.cancel(waiting.remove(random.nextInt(waiting.size())), acquired::add);
      }
      for (RangeLock.Claim claim : acquired) {
        Range range = (Range) claim;
        int at = waiting.indexOf(range);
        assertTrue(free(range, held, waiting.subList(0, at)), where);
        waiting.remove(at);
        held.add(range);
      }
      for (int i = 0; i < waiting.size(); i++) {
        assertFalse(free(waiting.get(i), held, waiting.subList(0, i)), where);
      }
      assertEquals(waiting.size(), lock.waiting(), where);
    }
  }

  private static boolean free(Range range, List<Range> held, List<Range> before) {
    return held.stream().noneMatch(range::conflicts) && before.stream().noneMatch(range::conflicts);
  }
}
