package io.moongate.cluster.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.UniqueAddress;

/**
 * Members that are no gateways and are out of sight. No charter names them, so nobody else would
 * take them out: what they host could not be hosted elsewhere, and nobody could join. It is no
 * matter of safety, for entities are fenced by their terms. Not thread-safe.
 */
final class AbsentMetadata {
  /** How long one may be out of sight. */
  static final Duration PATIENCE = Duration.ofSeconds(3);

  private Map<UniqueAddress, Long> since = Map.of();

  /**
   * Takes in how the membership is now.
   *
   * @param unreachable those of the members that are out of sight
   * @param leased whether this process holds its lease: without it its own sight may be what fails
   * @return those that are to be downed
   */
  List<Member> look(Set<Member> unreachable, boolean leased, long nowNanos) {
    Map<UniqueAddress, Long> silent = new HashMap<>();
    List<Member> late = new ArrayList<>();
    for (Member member : unreachable) {
      if (leased
          && member.hasRole(MemberIdentity.METADATA_ROLE)
          && MemberIdentity.of(member).isEmpty()
          && !MembershipView.leaves(member.status())) {
        long first = since.getOrDefault(member.uniqueAddress(), nowNanos);
        silent.put(member.uniqueAddress(), first);
        if (nowNanos - first >= PATIENCE.toNanos()) {
          late.add(member);
        }
      }
    }
    since = silent;
    return late;
  }
}
