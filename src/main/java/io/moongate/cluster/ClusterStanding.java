package io.moongate.cluster;

import java.util.List;
import java.util.Optional;

/**
 * The cluster as this gateway's membership sees it, and this gateway's lease.
 *
 * @param leader gateway that admits members; empty when none is known
 * @param members by gateway
 * @param leaseMarginNanos nanoseconds until the lease runs out unless it is extended; not positive
 *     when it has
 * @param charterWaits why there is no other charter of leases; empty when none is waited for
 */
public record ClusterStanding(
    Optional<String> leader, List<Member> members, long leaseMarginNanos, String charterWaits) {

  /**
   * A member.
   *
   * @param gateway name
   * @param incarnation of its process
   * @param address {@code host:port}
   * @param status of the membership, in lower case
   * @param reachable whether every member hears it
   */
  public record Member(
      String gateway, String incarnation, String address, String status, boolean reachable) {}
}
