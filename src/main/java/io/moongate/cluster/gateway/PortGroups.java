package io.moongate.cluster.gateway;

import java.util.concurrent.CompletionStage;

/**
 * Hands out target port group ids. Once a gateway has one it keeps it for ever, and no other ever
 * gets it: hosts key paths by (logical unit, target port group).
 */
public interface PortGroups {

  /** The id of this gateway, assigned by a lightweight transaction when it has none; 1 to 65535. */
  CompletionStage<Integer> of(String gateway);
}
