package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.charter.Charter;
import io.moongate.cluster.charter.Seat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.junit.jupiter.api.Test;

class ExpulsionsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long PATIENCE_NANOS = PATIENCE.toNanos();
  private static final long START = Long.MAX_VALUE - PATIENCE_NANOS; // The clock overflows.
  private static final long SILENCE = Duration.ofSeconds(10).toNanos();
  private static final Seat SEAT = new Seat("gw", "10.0.0.1:2552");
  private static final Charter ALONE =
      Charter.NONE.next(Map.of("p1", SEAT, "p2", SEAT), 1).next(Map.of("p1", SEAT), 1);

  private final MembershipView membership =
      new MembershipView(
          new ClusterEvent.CurrentClusterState(
              scala.collection.immutable.SortedSet$.MODULE$.empty(Member.ordering()),
              new scala.collection.immutable.HashSet<>(),
              new scala.collection.immutable.HashSet<>(),
              scala.Option.empty(),
              scala.collection.immutable.Map$.MODULE$.empty()));
  private final Expulsions expulsions = new Expulsions("p1", membership, PATIENCE, START);

  private Member up(int number) {
    Member member = ClusterNode.joining(number).copy(MemberStatus.up());
    membership.note(member);
    return member;
  }

  private List<Member> look(Charter charter, long nowNanos) {
    expulsions.look(charter, true, incarnation -> false, nowNanos);
    return expulsions.toDown(charter, nowNanos);
  }

  @Test
  void whoWasLeftOutAndIsOutOfSightIsDownedAtOnce() {
    Member left = up(2);
    membership.reachable(left, false);
    assertEquals(List.of(left), look(ALONE, START));
    membership.note(left.copy(MemberStatus.down()));
    assertEquals(List.of(), look(ALONE, START));
  }

  @Test
  void whoWasLeftOutAndIsThereMayGoByItself() {
    Member left = up(2);
    assertEquals(List.of(), look(ALONE, START));
    assertEquals(List.of(), look(ALONE, START + PATIENCE_NANOS - 1));
    assertEquals(List.of(left), look(ALONE, START + PATIENCE_NANOS));
  }

  @Test
  void whoFellSilentBeforeItWasAGuardianIsDownedAfterAWhile() {
    Member silent = up(3);
    membership.reachable(silent, false);
    assertEquals(List.of(), look(ALONE, START));
    assertEquals(List.of(), look(ALONE, START + SILENCE - 1));
    assertEquals(List.of(silent), look(ALONE, START + SILENCE));
    membership.reachable(silent, true);
    assertEquals(List.of(), look(ALONE, START + SILENCE));
    membership.reachable(silent, false);
    assertEquals(List.of(), look(ALONE, START + SILENCE), "counted anew");
  }

  @Test
  void whoIsHeardIsNotSilentWhateverHeartbeatsSay() {
    membership.reachable(up(3), false);
    look(ALONE, START);
    expulsions.look(ALONE, true, "p3"::equals, START + 1);
    assertEquals(List.of(), look(ALONE, START + PATIENCE_NANOS));
  }

  @Test
  void withoutALeaseNothingIsCounted() {
    membership.reachable(up(3), false);
    look(ALONE, START);
    expulsions.look(ALONE, false, incarnation -> false, START + 1);
    assertEquals(List.of(), look(ALONE, START + PATIENCE_NANOS));
  }

  @Test
  void aGuardianIsDownedByNoClock() {
    membership.reachable(up(3), false);
    Charter both = ALONE.next(Map.of("p1", SEAT, "p3", SEAT), 1);
    look(both, START);
    assertEquals(List.of(), look(both, START + 2 * PATIENCE_NANOS));
  }

  @Test
  void whoIsNoGuardianDownsNobody() {
    membership.reachable(up(2), false);
    assertEquals(List.of(), look(ALONE.next(Map.of("p4", SEAT), 1), START));
  }

  @Test
  void strandedIsWhoIsWithoutAnyGuardianAndCanDoNothingAboutIt() {
    Charter others = ALONE.next(Map.of("p4", SEAT), 1);
    assertFalse(expulsions.stranded(others, false, START + PATIENCE_NANOS), "in no cluster yet");
    up(1);
    long late = START + 2 * PATIENCE_NANOS;
    assertFalse(expulsions.stranded(others, false, late - 1));
    assertTrue(expulsions.stranded(others, false, late));
    assertFalse(expulsions.stranded(others, true, late));
    assertFalse(expulsions.stranded(others, false, late + PATIENCE_NANOS - 1));
    assertTrue(expulsions.stranded(others, false, late + PATIENCE_NANOS));
    up(4);
    assertFalse(expulsions.stranded(others, false, late + PATIENCE_NANOS));
  }
}
