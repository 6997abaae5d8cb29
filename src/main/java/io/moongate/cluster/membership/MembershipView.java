package io.moongate.cluster.membership;

import io.moongate.cluster.charter.Charter;
import io.moongate.cluster.charter.Membership;
import io.moongate.cluster.charter.Seat;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** Pekko's membership, as leases and charters need it: gateways by their incarnation. */
final class MembershipView {
  private static final Comparator<Member> BY_ADDRESS =
      (one, other) -> Member.addressOrdering().compare(one.address(), other.address());

  private final Map<String, Member> members = new HashMap<>();
  private final Set<String> unreachable = new HashSet<>();
  private final Set<String> gone = new HashSet<>();

  MembershipView(ClusterEvent.CurrentClusterState state) {
    state.getMembers().forEach(this::note);
    state.getUnreachable().forEach(member -> reachable(member, false));
  }

  /** Whether a member of this status acknowledges, and is acknowledged, no more. */
  static boolean leaves(MemberStatus status) {
    return status == MemberStatus.exiting()
        || status == MemberStatus.down()
        || status == MemberStatus.removed();
  }

  void note(Member member) {
    MemberIdentity.of(member)
        .ifPresent(
            identity -> {
              String incarnation = identity.incarnation();
              if (leaves(member.status())) {
                gone.add(incarnation);
              } else {
                gone.remove(incarnation);
              }
              if (member.status() == MemberStatus.removed()) {
                members.remove(incarnation);
                unreachable.remove(incarnation);
              } else {
                members.put(incarnation, member);
              }
            });
  }

  void reachable(Member member, boolean reachable) {
    MemberIdentity.of(member)
        .ifPresent(
            identity -> {
              if (reachable) {
                unreachable.remove(identity.incarnation());
              } else if (members.containsKey(identity.incarnation())) {
                unreachable.add(identity.incarnation());
              }
            });
  }

  /** Of those that went, only who is still spoken of has to be known. */
  void forgetAllBut(Charter charter) {
    gone.removeIf(
        incarnation ->
            !members.containsKey(incarnation)
                && !charter.names(incarnation)
                && !charter.previous().containsKey(incarnation));
  }

  /** Whether a process is a member. */
  boolean lists(String incarnation) {
    return members.containsKey(incarnation);
  }

  Collection<Member> members() {
    return members.values();
  }

  /** Whether the membership lists this very process: its address may be another's by now. */
  static boolean isListed(ActorSystem<?> system, Member member) {
    for (Member listed : Cluster.get(system).state().getMembers()) {
      if (listed.uniqueAddress().equals(member.uniqueAddress())) {
        return true;
      }
    }
    return false;
  }

  /**
   * The membership as it is now. Out of sight is who is unreachable by what any member has
   * observed, a newcomer too, and is not heard here: what one observer's link has lost is no reason
   * for others, who hear both ends of it, to put either out.
   *
   * @param knows whether an incarnation would acknowledge: only then it counts as up
   * @param hears whether one was heard lately
   */
  Membership now(Predicate<String> knows, Predicate<String> hears) {
    List<Member> ordered = new ArrayList<>(members.values());
    ordered.sort(BY_ADDRESS);
    List<Membership.Peer> peers = new ArrayList<>();
    for (Member member : ordered) {
      MemberIdentity identity = MemberIdentity.of(member).orElseThrow();
      peers.add(
          new Membership.Peer(
              identity.incarnation(),
              new Seat(
                  identity.name(),
                  identity.address().getHost().orElse("") + ":" + identity.watchPort()),
              member.status() == MemberStatus.up() && knows.test(identity.incarnation()),
              !leaves(member.status())
                  && (!unreachable.contains(identity.incarnation())
                      || hears.test(identity.incarnation()))));
    }
    return new Membership(peers, gone);
  }
}
