package io.moongate.cluster.membership;

import java.time.Duration;
import java.util.Set;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;

/**
 * Whether a member that is no gateway is in a membership that can't go on: somebody is out of
 * sight, so that nobody can join, and no gateway is left that would decide about that. Gateways
 * that come back could only wait, so it has to end as a stranded gateway does (decision 12,
 * "Starting again"): then they form a cluster anew. Not thread-safe.
 */
public final class LostGateways {
  private final long patienceNanos;
  private boolean lost;
  private long sinceNanos;

  /**
   * In a membership that has not been looked at.
   *
   * @param patience how long that may last
   */
  public LostGateways(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  /**
   * Takes in how the membership is now.
   *
   * @param unreachable those of the members that are out of sight
   * @return whether it has been like that for too long
   */
  public boolean look(Iterable<Member> members, Set<Member> unreachable, long nowNanos) {
    boolean served = false;
    for (Member member : members) {
      served |=
          member.hasRole(MemberIdentity.GATEWAY_ROLE)
              && member.status() == MemberStatus.up()
              && !unreachable.contains(member);
    }
    if (served || unreachable.isEmpty()) {
      lost = false;
    } else if (!lost) {
      lost = true;
      sinceNanos = nowNanos;
    }
    return lost && nowNanos - sinceNanos >= patienceNanos;
  }
}
