package io.moongate.failure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.failure.FailureDecision.Decision;
import io.moongate.failure.FailureDecision.Verdict;
import io.moongate.failure.Observation.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FailureDecisionTest {
  private static final Set<String> ELECTORS = Set.of("gw2", "gw3", "gw4", "gw5");

  private static Observation seen(String observer, Kind kind) {
    return seen(observer, "gw1", "p1", kind);
  }

  private static Observation seen(String observer, String subject, String incarnation, Kind kind) {
    return new Observation(observer, subject, incarnation, kind, Instant.EPOCH, "");
  }

  private static Decision decide(Observation... observations) {
    return FailureDecision.decide("gw1", "p1", List.of(observations), ELECTORS);
  }

  @Test
  void nothingKnownIsHealthy() {
    assertEquals(Verdict.HEALTHY, decide().verdict());
    assertEquals(Verdict.HEALTHY, decide(seen("gw2", Kind.REACHABLE)).verdict());
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"PROCESS_GONE", "SUPERSEDED", "STOPPED", "RECORDED_FAILED"})
  void oneProofSuffices(Kind proof) {
    Decision decision = decide(seen("gw2", proof), seen("gw3", Kind.UNREACHABLE));
    assertTrue(decision.failed());
    assertEquals(
        List.of(seen("gw2", proof), seen("gw3", Kind.UNREACHABLE)),
        decision.evidence(),
        "who missed it is named as well");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whatIsOfAnotherProcessOrGatewayDoesNotCount(Kind kind) {
    assertEquals(
        Verdict.HEALTHY,
        decide(seen("gw2", "gw1", "p0", kind), seen("gw2", "gw9", "p1", kind)).verdict());
  }

  @Test
  void missingHeartbeatsNeverSuffice() {
    assertEquals(Verdict.SUSPECTED, decide(seen("gw2", Kind.UNREACHABLE)).verdict());
    assertEquals(
        Verdict.SUSPECTED,
        decide(seen("gw2", Kind.UNREACHABLE), seen("gw3", Kind.UNREACHABLE)).verdict(),
        "half is no majority");
    Decision all =
        decide(
            seen("gw2", Kind.UNREACHABLE),
            seen("gw3", Kind.UNREACHABLE),
            seen("gw4", Kind.UNREACHABLE),
            seen("gw5", Kind.UNREACHABLE));
    assertEquals(Verdict.SUSPECTED_BY_MAJORITY, all.verdict());
    assertFalse(all.failed());
    assertEquals(Verdict.HEALTHY, decide(seen("gw9", Kind.UNREACHABLE)).verdict(), "no elector");
  }

  @Test
  void removalNeedsTheLeaseToBeOut() {
    assertEquals(Verdict.EXPELLED, decide(seen("gw2", Kind.REMOVED)).verdict());
    assertEquals(Verdict.HEALTHY, decide(seen("gw2", Kind.LEASE_OUT)).verdict());
    Decision decision = decide(seen("gw2", Kind.REMOVED), seen("gw3", Kind.LEASE_OUT));
    assertTrue(decision.failed());
    assertEquals(2, decision.evidence().size());
    assertEquals(
        List.of(
            seen("gw2", Kind.REMOVED),
            seen("gw3", Kind.LEASE_OUT),
            seen("gw3", Kind.UNREACHABLE),
            seen("gw9", Kind.UNREACHABLE)),
        decide(
                seen("gw3", Kind.UNREACHABLE),
                seen("gw3", Kind.LEASE_OUT),
                seen("gw9", Kind.UNREACHABLE),
                seen("gw2", Kind.REMOVED))
            .evidence());
  }

  @Test
  void theOrderDoesNotMatterAndMoreEvidenceNeverAcquits() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> observers = List.of("gw2", "gw3", "gw4", "gw5", "gw9");
    List<Kind> kinds = new ArrayList<>(List.of(Kind.values()));
    kinds.remove(Kind.REACHABLE); // The board takes UNREACHABLE back before it comes here.
    for (int i = 0; i < 5_000; i++) {
      List<Observation> some = new ArrayList<>();
      Verdict before = Verdict.HEALTHY;
      for (int j = random.nextInt(8); j >= 0; j--) {
        some.add(
            seen(
                observers.get(random.nextInt(observers.size())),
                random.nextInt(4) == 0 ? "gw6" : "gw1",
                random.nextInt(4) == 0 ? "p0" : "p1",
                kinds.get(random.nextInt(kinds.size()))));
        Verdict now = FailureDecision.decide("gw1", "p1", some, ELECTORS).verdict();
        assertTrue(now.compareTo(before) >= 0, "seed " + seed + ": " + some);
        before = now;
      }
      Collections.shuffle(some, random);
      assertEquals(
          before,
          FailureDecision.decide("gw1", "p1", some, ELECTORS).verdict(),
          "seed " + seed + ": " + some);
    }
  }

  @Test
  void theBoardTakesUnreachableBackFromTheSameObserverOnly() {
    ObservationBoard board = new ObservationBoard();
    assertTrue(board.note(seen("gw2", Kind.UNREACHABLE)));
    assertFalse(board.note(seen("gw2", Kind.UNREACHABLE)), "nothing new");
    assertTrue(board.note(seen("gw3", Kind.UNREACHABLE)));
    assertFalse(board.note(seen("gw4", Kind.REACHABLE)));
    assertTrue(board.note(seen("gw2", Kind.REACHABLE)));
    assertEquals(List.of(seen("gw3", Kind.UNREACHABLE)), board.about("gw1", "p1"));
  }

  @Test
  void theBoardTakesProofBackFromNobody() {
    ObservationBoard board = new ObservationBoard();
    board.note(seen("gw2", Kind.PROCESS_GONE));
    assertFalse(board.note(seen("gw2", Kind.REACHABLE)));
    assertEquals(1, board.all().size());
    board.note(seen("gw2", "gw1", "p2", Kind.UNREACHABLE));
    board.forgetOthers("gw1", "p2");
    assertEquals(List.of(), board.about("gw1", "p1"));
    assertEquals(1, board.about("gw1", "p2").size());
  }
}
