package io.moongate.cluster.charter;

import java.util.List;
import java.util.Set;

/**
 * The cluster as one process sees it.
 *
 * @param peers the members, this process among them, in the order of their addresses
 * @param gone incarnations that the membership has downed or removed, or that leave
 */
public record Membership(List<Peer> peers, Set<String> gone) {
  public Membership {
    peers = List.copyOf(peers);
    gone = Set.copyOf(gone);
  }

  /**
   * A member.
   *
   * @param up whether it is a full member, neither joining nor leaving, that has been heard: it
   *     would acknowledge
   * @param reachable whether heartbeats are answered, as all that observe it say
   */
  public record Peer(String incarnation, Seat seat, boolean up, boolean reachable) {}
}
