package io.moongate.cluster.membership;

import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;

/**
 * Which gateway a cluster member is. Carried in the member's roles, so that it is known wherever
 * the member is known, from the first gossip on.
 *
 * @param name of the gateway
 * @param incarnation of its process
 * @param address of the member
 * @param watchPort TCP port that the process holds open for as long as it lives
 */
public record MemberIdentity(String name, String incarnation, Address address, int watchPort) {
  /** The role of every gateway. */
  public static final String GATEWAY_ROLE = "gateway";

  /** The role of a member that is no gateway, and hosts entities. */
  public static final String METADATA_ROLE = "metadata";

  private static final String NAME = "name:";
  private static final String INCARNATION = "incarnation:";
  private static final String WATCH = "watch:";

  /** The roles that carry an identity. */
  public static List<String> roles(String name, String incarnation, int watchPort) {
    return List.of(GATEWAY_ROLE, NAME + name, INCARNATION + incarnation, WATCH + watchPort);
  }

  /** The roles of a member that is no gateway: its name is for people. */
  public static List<String> metadataRoles(String name) {
    return List.of(METADATA_ROLE, NAME + name);
  }

  /** The identity of a member; empty when it is no gateway. */
  public static Optional<MemberIdentity> of(Member member) {
    if (!member.hasRole(GATEWAY_ROLE)) {
      return Optional.empty();
    }
    String name = "";
    String incarnation = "";
    int watchPort = 0;
    for (String role : member.getRoles()) {
      if (role.startsWith(NAME)) {
        name = role.substring(NAME.length());
      } else if (role.startsWith(INCARNATION)) {
        incarnation = role.substring(INCARNATION.length());
      } else if (role.startsWith(WATCH)) {
        watchPort = Integer.parseInt(role.substring(WATCH.length()));
      }
    }
    return Optional.of(new MemberIdentity(name, incarnation, member.address(), watchPort));
  }

  /** The member that a process is; empty when the membership does not list it. */
  public static Optional<Member> find(CurrentClusterState state, String incarnation) {
    for (Member member : state.getMembers()) {
      if (of(member).filter(peer -> peer.incarnation().equals(incarnation)).isPresent()) {
        return Optional.of(member);
      }
    }
    return Optional.empty();
  }
}
