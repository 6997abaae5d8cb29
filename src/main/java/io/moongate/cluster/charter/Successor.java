package io.moongate.cluster.charter;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which charter a process would propose: its own side's members, as soon as nothing moves any more
 * and its side alone keeps the present charter from making leases. Not thread-safe.
 */
final class Successor {
  private final String self;
  private final long stableNanos;
  private final long leaseNanos;
  private final Map<String, Long> unreachableSince = new HashMap<>();
  private final Set<String> leaving = new HashSet<>();
  private Membership membership = new Membership(List.of(), Set.of());
  private long changedAt;
  private long restlessSince;

  Successor(String self, long stableNanos, long leaseNanos, long nowNanos) {
    this.self = self;
    this.stableNanos = stableNanos;
    this.leaseNanos = leaseNanos;
    this.changedAt = nowNanos;
    this.restlessSince = nowNanos;
  }

  /** Takes in what the membership is, or which charter is present: whoever has changed. */
  void see(Membership now, Charter present, long nowNanos) {
    membership = now;
    Set<String> unseen = new HashSet<>(present.guardians().keySet());
    for (Membership.Peer peer : now.peers()) {
      if (peer.reachable()) {
        unseen.remove(peer.incarnation());
      } else {
        unseen.add(peer.incarnation());
      }
    }
    unseen.remove(self);
    boolean changed = unreachableSince.keySet().retainAll(unseen);
    for (String peer : unseen) {
      changed |= unreachableSince.putIfAbsent(peer, nowNanos) == null;
    }
    if (changed) {
      if (nowNanos - changedAt >= stableNanos) {
        restlessSince = nowNanos;
      }
      changedAt = nowNanos;
    }
  }

  Membership membership() {
    return membership;
  }

  /** The charter that should follow; empty while the present one fits. */
  Optional<Charter> wanted(Charter present, Adoptions adoptions, long nowNanos) {
    SortedMap<String, Seat> next = new TreeMap<>(present.guardians());
    next.keySet().removeIf(guardian -> adoptions.isDead(guardian) || left(guardian));
    // A charter has guardians with leases of one length only: those with another are not members.
    if (stable(nowNanos) || present.leaseNanos() != leaseNanos) {
      next.keySet().removeAll(unreachableSince.keySet());
    }
    for (Membership.Peer peer : membership.peers()) {
      if (peer.up()
          && peer.reachable()
          && !adoptions.isDead(peer.incarnation())
          && !leaving.contains(peer.incarnation())
          && !present.hasLeft(peer.incarnation())) {
        next.put(peer.incarnation(), peer.seat());
      }
    }
    return next.containsKey(self) && !next.keySet().equals(present.guardians().keySet())
        ? Optional.of(present.next(next, leaseNanos))
        : Optional.empty();
  }

  /** A process has said that it is about to stop. */
  void leaves(String incarnation) {
    leaving.add(incarnation);
  }

  private boolean left(String guardian) {
    return membership.gone().contains(guardian) || leaving.contains(guardian);
  }

  /**
   * Whether those that are out of sight have been so for long enough: all of them, so that a cut is
   * seen as a whole, unless it never comes to rest.
   */
  private boolean stable(long nowNanos) {
    return nowNanos - changedAt >= stableNanos || nowNanos - restlessSince >= 4 * stableNanos;
  }

  /** Whether this side, with the dead, leaves the other no majority of the present charter. */
  boolean blocks(Charter present, Adoptions adoptions) {
    int silent = 0;
    for (String guardian : present.guardians().keySet()) {
      if (guardian.equals(self) || adoptions.isDead(guardian) || reachable(guardian)) {
        silent++;
      }
    }
    return silent >= present.blocking();
  }

  private boolean reachable(String guardian) {
    return membership.peers().stream()
        .anyMatch(peer -> peer.incarnation().equals(guardian) && peer.reachable());
  }

  /** This process's turn to propose: 0 is first, the guardians before the others; not the dead. */
  int turn(Charter present, Adoptions adoptions) {
    int before = 0;
    for (Membership.Peer peer : membership.peers()) {
      if (peer.incarnation().equals(self)) {
        continue;
      }
      boolean ahead =
          present.names(peer.incarnation()) != present.names(self)
              ? present.names(peer.incarnation())
              : isBeforeSelf(peer);
      if (ahead && peer.up() && peer.reachable() && !adoptions.isDead(peer.incarnation())) {
        before++;
      }
    }
    return before;
  }

  private boolean isBeforeSelf(Membership.Peer other) {
    for (Membership.Peer peer : membership.peers()) {
      if (peer.incarnation().equals(self)) {
        return false;
      }
      if (peer.equals(other)) {
        return true;
      }
    }
    return false;
  }

  /** Where this process is, once it is a member. */
  Optional<Seat> seat() {
    return membership.peers().stream()
        .filter(peer -> peer.incarnation().equals(self))
        .findFirst()
        .map(Membership.Peer::seat);
  }

  boolean isUp() {
    return membership.peers().stream()
        .anyMatch(peer -> peer.incarnation().equals(self) && peer.up());
  }
}
