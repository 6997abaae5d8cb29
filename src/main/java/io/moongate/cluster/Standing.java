package io.moongate.cluster;

import io.moongate.cluster.ClusterStanding.Member;
import io.moongate.cluster.membership.MemberIdentity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.typed.Cluster;

/** Reads the standing of the cluster off this node's membership. */
final class Standing {
  private Standing() {}

  static ClusterStanding of(Cluster cluster, long leaseMarginNanos, String charterWaits) {
    CurrentClusterState state = cluster.state();
    List<Member> members = new ArrayList<>();
    Optional<String> leader = Optional.empty();
    for (org.apache.pekko.cluster.Member member : state.getMembers()) {
      Optional<MemberIdentity> identity = MemberIdentity.of(member);
      if (identity.isPresent()) {
        MemberIdentity peer = identity.get();
        members.add(
            new Member(
                peer.name(),
                peer.incarnation(),
                hostAndPort(peer.address()),
                member.status().toString().toLowerCase(Locale.ROOT),
                !state.getUnreachable().contains(member)));
        if (member.address().equals(state.getLeader())) {
          leader = Optional.of(peer.name());
        }
      }
    }
    members.sort(Comparator.comparing(Member::gateway).thenComparing(Member::incarnation));
    return new ClusterStanding(leader, members, leaseMarginNanos, charterWaits);
  }

  private static String hostAndPort(Address address) {
    return address.getHost().orElse("") + ":" + address.getPort().map(String::valueOf).orElse("");
  }
}
