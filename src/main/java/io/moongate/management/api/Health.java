package io.moongate.management.api;

import java.util.List;

/**
 * How the gateway is that answers.
 *
 * @param status {@code up}; {@code degraded}: it serves, and something needs to be seen to; {@code
 *     down}: it can't serve
 * @param gateway name of the gateway
 * @param ready whether hosts should be sent to it
 * @param notReady why not; empty when it is
 * @param checks what was looked at
 */
public record Health(
    String status, String gateway, boolean ready, List<String> notReady, List<HealthCheck> checks) {
  public Health {
    notReady = notReady == null ? List.of() : List.copyOf(notReady);
    checks = checks == null ? List.of() : List.copyOf(checks);
  }
}
