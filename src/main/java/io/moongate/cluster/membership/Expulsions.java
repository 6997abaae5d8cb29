package io.moongate.cluster.membership;

import io.moongate.cluster.charter.Charter;
import io.moongate.cluster.charter.Membership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.pekko.cluster.Member;

/**
 * Whom the charter takes out of the membership. A downing says nothing of a lease: it makes room
 * for what joins, and moves what is sharded. Not thread-safe.
 */
final class Expulsions {
  /**
   * How long a member that no charter has named yet may be out of sight. Nothing depends on it, and
   * until it is gone nobody else can join, and who has crashed can't be removed.
   */
  private static final Duration UNNAMED = Duration.ofSeconds(10);

  private final String self;
  private final MembershipView membership;
  private final long patienceNanos;
  private final long unnamedNanos;
  private Map<String, Long> silentSince = Map.of();
  private Map<String, Long> lingeringSince = Map.of();
  private long strandedSince;

  /**
   * Makes it.
   *
   * @param patience how long one that was left out may stay, and how long this process stays where
   *     no guardian is
   */
  Expulsions(String self, MembershipView membership, Duration patience, long nowNanos) {
    this.self = self;
    this.membership = membership;
    this.patienceNanos = patience.toNanos();
    this.unnamedNanos = Math.min(patienceNanos, UNNAMED.toNanos());
    this.strandedSince = nowNanos;
  }

  /**
   * Takes in how the membership is now; at each beat, so that nothing is counted that has passed.
   *
   * @param leased whether this process holds its lease: without it its own sight may be what fails
   * @param heard whether a process was heard lately, whatever is said of its heartbeats
   */
  void look(Charter present, boolean leased, Predicate<String> heard, long nowNanos) {
    Map<String, Long> silent = new HashMap<>();
    Map<String, Long> lingering = new HashMap<>();
    for (Membership.Peer peer : membership.now(incarnation -> true, heard).peers()) {
      String incarnation = peer.incarnation();
      boolean counts = leased && !present.names(incarnation);
      if (counts && !peer.reachable()) {
        silent.put(incarnation, silentSince.getOrDefault(incarnation, nowNanos));
      } else if (counts && present.hasLeft(incarnation)) {
        lingering.put(incarnation, lingeringSince.getOrDefault(incarnation, nowNanos));
      }
    }
    silentSince = silent;
    lingeringSince = lingering;
  }

  /**
   * The members to down: whom the charter has left out, at once when they are out of sight, and
   * else when they have not gone by themselves, as who stops in good order does; and those that
   * fell silent before any charter named them. Nobody else would down these, and nobody can join
   * meanwhile.
   *
   * @param inForce a charter that is known to be in force
   */
  List<Member> toDown(Charter inForce, long nowNanos) {
    List<Member> all = new ArrayList<>();
    for (Member member : membership.members()) {
      String incarnation = MemberIdentity.of(member).orElseThrow().incarnation();
      boolean silent = silentSince.containsKey(incarnation);
      boolean out =
          (silent && inForce.hasLeft(incarnation))
              || isLate(silentSince, incarnation, unnamedNanos, nowNanos)
              || isLate(lingeringSince, incarnation, patienceNanos, nowNanos);
      if (inForce.names(self) && out && !MembershipView.leaves(member.status())) {
        all.add(member);
      }
    }
    return all;
  }

  private static boolean isLate(
      Map<String, Long> since, String incarnation, long bound, long nowNanos) {
    return nowNanos - since.getOrDefault(incarnation, nowNanos) >= bound;
  }

  /**
   * Whether this process has been for too long where no guardian of its charter is.
   *
   * @param mayDecide whether it could propose another one all the same
   */
  boolean stranded(Charter charter, boolean mayDecide, long nowNanos) {
    boolean stranded =
        charter.version() > 0
            && !charter.names(self)
            && !mayDecide
            && membership.lists(self)
            && membership.members().stream()
                .noneMatch(
                    member -> charter.names(MemberIdentity.of(member).orElseThrow().incarnation()));
    if (!stranded) {
      strandedSince = nowNanos;
    }
    return stranded && nowNanos - strandedSince >= patienceNanos;
  }
}
