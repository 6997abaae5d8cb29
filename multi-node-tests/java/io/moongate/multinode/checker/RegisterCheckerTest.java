package io.moongate.multinode.checker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Kind;
import io.moongate.multinode.checker.History.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Histories made by hand, and small random ones that are also judged by trying every order. */
class RegisterCheckerTest {
  private final History history = new History();

  private void write(long value, long from, long to) {
    add(Kind.WRITE, value, from, to, Outcome.OK);
  }

  private void unknownWrite(long value, long from, long to) {
    add(Kind.WRITE, value, from, to, Outcome.UNKNOWN);
  }

  private void read(long value, long from, long to) {
    add(Kind.READ, value, from, to, Outcome.OK);
  }

  private void add(Kind kind, long value, long from, long to, Outcome outcome) {
    history.add(new Attempt("c", kind, 7, List.of(value), from, to, "gw1", outcome));
  }

  private void assertLinearizable() {
    assertEquals(List.of(), RegisterChecker.violations(history));
  }

  private void assertViolated() {
    assertFalse(RegisterChecker.violations(history).isEmpty());
  }

  @Test
  void nothingIsLinearizable() {
    assertLinearizable();
  }

  @Test
  void oneAfterAnother() {
    read(0, 1, 2);
    write(1, 3, 4);
    read(1, 5, 6);
    write(2, 7, 8);
    read(2, 9, 10);
    assertLinearizable();
  }

  @Test
  void lostWrite() {
    write(1, 1, 2);
    write(2, 3, 4);
    read(1, 5, 6);
    assertViolated();
  }

  @Test
  void firstWriteLost() {
    write(1, 1, 2);
    read(0, 3, 4);
    assertViolated();
  }

  @Test
  void staleReadAfterANewerOne() {
    write(1, 1, 2);
    write(2, 3, 20);
    read(2, 4, 5);
    read(1, 6, 7);
    assertViolated();
  }

  @Test
  void readsDuringAWriteMaySeeEither() {
    write(1, 1, 2);
    write(2, 3, 20);
    read(1, 4, 5);
    read(2, 6, 7);
    read(2, 8, 9);
    assertLinearizable();
  }

  @Test
  void overlappingReadsMayDisagree() {
    write(1, 1, 2);
    write(2, 3, 20);
    read(2, 4, 10);
    read(1, 5, 11);
    assertLinearizable();
  }

  @Test
  void reorderedConcurrentWrites() {
    // Each was seen after the other, by readers that do not overlap.
    write(1, 1, 10);
    write(2, 1, 10);
    read(1, 11, 12);
    read(2, 13, 14);
    assertViolated();
  }

  @Test
  void concurrentWritesInEitherOrder() {
    write(1, 1, 10);
    write(2, 1, 10);
    read(2, 2, 3);
    read(1, 4, 5);
    read(1, 11, 12);
    assertLinearizable();
  }

  @Test
  void twoReadersSeeTwoWritesInDifferentOrders() {
    write(1, 1, 30);
    write(2, 1, 30);
    read(1, 2, 3);
    read(2, 4, 5);
    read(1, 6, 7);
    assertViolated();
  }

  @Test
  void readFromTheFuture() {
    read(1, 1, 2);
    write(1, 3, 4);
    assertViolated();
  }

  @Test
  void valueThatNobodyWrote() {
    write(1, 1, 2);
    read(5, 3, 4);
    assertViolated();
  }

  @Test
  void unknownWriteMayHaveHappenedOrNot() {
    write(1, 1, 2);
    unknownWrite(2, 3, History.NEVER);
    unknownWrite(3, 3, History.NEVER);
    read(1, 5, 6);
    read(3, 7, 8);
    read(3, 9, 10);
    assertLinearizable();
  }

  @Test
  void unknownWriteThatWasSeenStaysSeen() {
    write(1, 1, 2);
    unknownWrite(2, 3, History.NEVER);
    read(2, 5, 6);
    read(1, 7, 8);
    assertViolated();
  }

  @Test
  void staleWriteAfterFailover() {
    // Value 1 was in the hands of a stopped gateway, sent again as 2 and acknowledged at 10, then
    // followed by 3.
    unknownWrite(1, 1, 10);
    write(2, 6, 10);
    write(3, 11, 12);
    read(1, 13, 14);
    assertViolated();
  }

  @Test
  void attemptThatTookEffectBeforeItWasSentAgain() {
    unknownWrite(1, 1, 10);
    read(1, 3, 4);
    write(2, 6, 10);
    read(2, 11, 12);
    assertLinearizable();
  }

  @Test
  void refusedWriteThatTookEffect() {
    add(Kind.WRITE, 1, 1, 2, Outcome.REFUSED);
    read(1, 3, 4);
    assertViolated();
  }

  @Test
  void refusedWriteThatDidNot() {
    add(Kind.WRITE, 1, 1, 2, Outcome.REFUSED);
    read(0, 3, 4);
    assertLinearizable();
  }

  @Test
  void readsThatFailedSayNothing() {
    write(1, 1, 2);
    add(Kind.READ, 0, 3, 4, Outcome.UNKNOWN);
    read(1, 5, 6);
    assertLinearizable();
  }

  @Test
  void anomaliesAreViolations() {
    history.anomaly("torn");
    assertEquals(List.of("torn"), RegisterChecker.violations(history));
  }

  @Test
  void everyBlockOfAnOperationIsJudged() {
    history.add(Attempt.write("c", 0, 3, 1, 1, 2, "gw1", Outcome.OK));
    history.add(new Attempt("c", Kind.READ, 0, List.of(1L, 1L, 0L), 3, 4, "gw1", Outcome.OK));
    List<String> found = RegisterChecker.violations(history);
    assertEquals(1, found.size());
    assertTrue(found.get(0).startsWith("block 2:"), found.get(0));
  }

  @Test
  void agreesWithTryingEveryOrder() {
    long seed = Long.getLong("moongate.seed", System.nanoTime());
    Random random = new Random(seed);
    int linearizable = 0;
    int rounds = 20_000;
    for (int round = 0; round < rounds; round++) {
      List<Attempt> attempts = randomAttempts(random);
      History small = new History();
      attempts.forEach(small::add);
      boolean expected = anyOrder(attempts);
      linearizable += expected ? 1 : 0;
      List<String> found = RegisterChecker.violations(small);
      assertEquals(
          expected, found.isEmpty(), () -> "seed " + seed + ": " + attempts + " gave " + found);
    }
    // The comparison is worth something only where both answers occur.
    assertTrue(linearizable > rounds / 20 && linearizable < rounds * 19 / 20, "seed " + seed);
  }

  private static List<Attempt> randomAttempts(Random random) {
    int writes = 1 + random.nextInt(3);
    int reads = 1 + random.nextInt(4);
    List<Attempt> attempts = new ArrayList<>();
    for (int i = 1; i <= writes; i++) {
      Outcome outcome = random.nextInt(3) == 0 ? Outcome.UNKNOWN : Outcome.OK;
      attempts.add(random(random, Kind.WRITE, i, outcome));
    }
    for (int i = 0; i < reads; i++) {
      attempts.add(random(random, Kind.READ, random.nextInt(writes + 1), Outcome.OK));
    }
    return attempts;
  }

  private static Attempt random(Random random, Kind kind, long value, Outcome outcome) {
    long from = random.nextInt(20);
    long to =
        outcome == Outcome.UNKNOWN && random.nextBoolean()
            ? History.NEVER
            : from + random.nextInt(12);
    return new Attempt("c", kind, 0, List.of(value), from, to, "gw1", outcome);
  }

  /**
   * Whether some choice of the unknown writes, in some order that respects time, is what a register
   * does.
   */
  private static boolean anyOrder(List<Attempt> attempts) {
    List<Attempt> unknown = attempts.stream().filter(a -> a.outcome() == Outcome.UNKNOWN).toList();
    for (int chosen = 0; chosen < 1 << unknown.size(); chosen++) {
      List<Attempt> taken = new ArrayList<>(attempts);
      for (int i = 0; i < unknown.size(); i++) {
        if ((chosen & 1 << i) == 0) {
          taken.remove(unknown.get(i));
        }
      }
      if (extend(taken, History.UNWRITTEN)) {
        return true;
      }
    }
    return false;
  }

  private static boolean extend(List<Attempt> left, long held) {
    if (left.isEmpty()) {
      return true;
    }
    for (Attempt next : left) {
      boolean mayBeNext = left.stream().noneMatch(other -> other.completed() < next.invoked());
      long value = next.values().get(0);
      if (mayBeNext && (next.kind() == Kind.WRITE || value == held)) {
        List<Attempt> rest = new ArrayList<>(left);
        rest.remove(next);
        if (extend(rest, value)) {
          return true;
        }
      }
    }
    return false;
  }
}
