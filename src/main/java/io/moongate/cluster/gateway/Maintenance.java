package io.moongate.cluster.gateway;

import io.moongate.cluster.view.GatewayEntry;
import java.util.concurrent.CompletionStage;

/**
 * What an operator does with a gateway as a whole. Each is complete when it is on record, and fails
 * with a {@link io.moongate.cluster.Metadata.Refusal}.
 */
public interface Maintenance {

  /**
   * Takes a gateway out of service: what it owns is moved to others, a few units at a time, and
   * nothing is placed on it while there is another one. Hosts keep their paths through it. It stays
   * so, also when it is restarted, until {@link #undrain}. Repeating it is accepted.
   *
   * @param cause why, for the record
   */
  CompletionStage<GatewayEntry> drain(String gateway, String cause);

  /** Takes a gateway back into service; ends a drain that is under way. */
  CompletionStage<GatewayEntry> undrain(String gateway, String cause);

  /**
   * Removes a gateway for good. With that the operator declares its process gone, so that others
   * take over what it owned. Refused with CONFLICT while anything is seen of it: while it is a
   * member of the cluster, or something answers at its address; and with UNAVAILABLE while this
   * gateway has not looked for as long as a lease could last. A process of that name may register
   * as a newcomer later.
   */
  CompletionStage<GatewayEntry> remove(String gateway, String cause);
}
