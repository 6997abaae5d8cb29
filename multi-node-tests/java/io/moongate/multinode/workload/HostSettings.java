package io.moongate.multinode.workload;

import java.time.Duration;

/**
 * How patient a host is. The defaults are those of a Linux host with the settings that the product
 * recommends.
 *
 * @param silence after which a connection on which an answer is owed is given up; not below the
 *     gateways' {@code command-deadline}
 * @param replacement how long commands of a lost connection wait for it to come back before they
 *     are sent through another path (open-iscsi's {@code replacement_timeout})
 * @param reconnect pause between attempts to log in again
 * @param operation within which an operation must be acknowledged, however often it is sent again
 */
public record HostSettings(
    Duration silence, Duration replacement, Duration reconnect, Duration operation) {

  public static final HostSettings LINUX =
      new HostSettings(
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofMillis(500),
          Duration.ofSeconds(45));
}
