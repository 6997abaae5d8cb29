package io.moongate.management.api;

import java.util.List;

/**
 * The cluster as the gateway that was asked sees it.
 *
 * @param gateway name of the gateway that answers
 * @param leader gateway that admits members; null when none is known
 * @param members its members, by gateway
 * @param lease the right of the gateway that answers to serve
 * @param versions versions of Moongate that gateways run which are up, each once
 */
public record Cluster(
    String gateway, String leader, List<Member> members, Lease lease, List<String> versions) {
  public Cluster {
    members = members == null ? List.of() : List.copyOf(members);
    versions = versions == null ? List.of() : List.copyOf(versions);
  }

  /**
   * A member of the cluster.
   *
   * @param gateway name
   * @param incarnation id of its process
   * @param address {@code host:port} of the cluster's own traffic
   * @param status of the membership: {@code joining}, {@code weaklyup}, {@code up}, {@code
   *     leaving}, {@code exiting}, {@code down} or {@code removed}
   * @param reachable whether every member hears it
   */
  public record Member(
      String gateway, String incarnation, String address, String status, boolean reachable) {}

  /**
   * A lease, by the gateway's own monotonic clock.
   *
   * @param valid whether it covers this moment
   * @param marginMillis milliseconds until it runs out unless it is extended; 0 when it has
   * @param waiting why there is no other charter of leases, when one is waited for; else null
   */
  public record Lease(boolean valid, long marginMillis, String waiting) {}
}
