package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.junit.jupiter.api.Test;

/** Members that are no gateways: who takes one out, and when one goes by itself. */
class MetadataMembersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long LATE = PATIENCE.toNanos();
  private static final long SOON = AbsentMetadata.PATIENCE.toNanos();
  private static final long START = Long.MAX_VALUE - LATE; // The clock overflows.

  private final AbsentMetadata absent = new AbsentMetadata();
  private final LostGateways lost = new LostGateways(PATIENCE);
  private final Member first = metadata(8);
  private final Member second = metadata(9);
  private final Member gateway = ClusterNode.joining(1).copy(MemberStatus.up());

  private static Member metadata(int number) {
    return ClusterNode.member(number, MemberIdentity.metadataRoles("m" + number))
        .copy(MemberStatus.up());
  }

  @Test
  void whoIsOutOfSightForLongIsTakenOut() {
    assertEquals(List.of(), absent.look(Set.of(first), true, START));
    assertEquals(List.of(), absent.look(Set.of(first), true, START + SOON - 1));
    assertEquals(List.of(first), absent.look(Set.of(first, second), true, START + SOON));
  }

  @Test
  void whoWasSeenInBetweenIsWaitedForAnew() {
    absent.look(Set.of(first), true, START);
    absent.look(Set.of(), true, START + SOON - 1);
    assertEquals(List.of(), absent.look(Set.of(first), true, START + SOON));
    assertEquals(List.of(first), absent.look(Set.of(first), true, START + 2 * SOON));
  }

  /** Whoever has no lease may be the one that is cut off. */
  @Test
  void withoutALeaseNobodyIsTakenOut() {
    absent.look(Set.of(first), true, START);
    assertEquals(List.of(), absent.look(Set.of(first), false, START + SOON));
    assertEquals(List.of(), absent.look(Set.of(first), true, START + SOON), "counted anew");
    assertEquals(List.of(first), absent.look(Set.of(first), true, START + 2 * SOON));
  }

  @Test
  void gatewaysAndThoseThatGoAreOthersBusiness() {
    Member going = second.copy(MemberStatus.down());
    absent.look(Set.of(gateway, going), true, START);
    assertEquals(List.of(), absent.look(Set.of(gateway, going), true, START + 2 * SOON));
  }

  @Test
  void withoutAGatewayInAMembershipThatIsStuckOneEnds() {
    List<Member> members = List.of(first, second, gateway);
    assertFalse(lost.look(members, Set.of(gateway), START));
    assertFalse(lost.look(members, Set.of(gateway), START + LATE - 1));
    assertTrue(lost.look(members, Set.of(gateway), START + LATE));
  }

  @Test
  void aGatewayThatIsInSightWillSeeToIt() {
    List<Member> members = List.of(first, second, gateway);
    assertFalse(lost.look(members, Set.of(second), START));
    assertFalse(lost.look(members, Set.of(second), START + LATE));
    assertFalse(lost.look(members, Set.of(gateway), START + LATE), "from now on it counts");
    assertFalse(lost.look(members, Set.of(), START + LATE + 1));
    assertFalse(lost.look(members, Set.of(gateway), START + 2 * LATE));
  }

  /** One that only comes to be a member can decide nothing. */
  @Test
  void aGatewayThatWaitsToJoinIsNone() {
    List<Member> members = List.of(first, second, ClusterNode.joining(1));
    assertFalse(lost.look(members, Set.of(second), START));
    assertTrue(lost.look(members, Set.of(second), START + LATE));
  }

  @Test
  void withNobodyMissingGatewaysAreWaitedFor() {
    assertFalse(lost.look(List.of(first, second), Set.of(), START));
    assertFalse(lost.look(List.of(first, second), Set.of(), START + LATE));
  }
}
