package io.moongate.cluster;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * A gateway as a member of the cluster, at one moment.
 *
 * @param leaseSeconds for how long its lease still covers it; 0 or less when it does not
 * @param leaseExtensions how often the lease was extended
 * @param leaseLosses how often it was lost
 * @param keptSeconds how long ago the lease's keeper was at work last
 * @param viewComplete whether its replica of the view has been complete
 * @param charterWaits why there is no other charter, or no lease; empty when nothing is waited for
 * @param peers the other members
 * @param cassandra what is known of Cassandra
 * @param unreadable why entities can't be read here, by their ids
 */
public record NodeReading(
    double leaseSeconds,
    long leaseExtensions,
    long leaseLosses,
    double keptSeconds,
    boolean viewComplete,
    String charterWaits,
    List<Peer> peers,
    Cassandra cassandra,
    Map<String, String> unreadable) {

  public NodeReading {
    peers = List.copyOf(peers);
    unreadable = Map.copyOf(unreadable);
  }

  /**
   * Another member, as this one sees it.
   *
   * @param reachable whether the membership holds that it is
   * @param phi of its heartbeats, when this gateway monitors them
   */
  public record Peer(String gateway, boolean reachable, OptionalDouble phi) {}

  /**
   * What the driver knows of Cassandra's nodes.
   *
   * @param nodes that are known; 0 before there was any connection
   * @param connected those of them that there is a connection to
   */
  public record Cassandra(int nodes, int connected) {}
}
