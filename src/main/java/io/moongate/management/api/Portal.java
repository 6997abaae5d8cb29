package io.moongate.management.api;

import java.util.List;

/**
 * A portal of a gateway.
 *
 * @param gateway name
 * @param portal {@code address:port}
 * @param tpg target port group id, which is its portal group tag too
 * @param state {@code well}: nothing is said against it; {@code doubted}: a gateway that looks at
 *     it can't connect; {@code lost}: its own gateway says that it has lost the address or the
 *     link; {@code down}: the gateway is not up
 * @param heldBy the gateway whose host has its address meanwhile and refuses connections to it;
 *     null when none has
 * @param observations what is said against it, as the gateway that was asked knows it
 */
public record Portal(
    String gateway,
    String portal,
    int tpg,
    String state,
    String heldBy,
    List<Evidence> observations) {
  public Portal {
    observations = observations == null ? List.of() : List.copyOf(observations);
  }
}
